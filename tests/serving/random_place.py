"""What random requests are asked about: a place of files and links, and who may read what of it.

It has two roots as plane.py serves them, and beside every folder that is served one that is not.
"""

import os
import random
from pathlib import Path

from tests.serving.plane import DRAFTED, WITHHELD

MTIME_S = 1_700_000_000
# What must never leave. Each stands in every file of its kind, over and over: a part of one is recognised as well.
WITHHELD_BYTES = b"withheld!sealed!" * 300
DRAFTED_BYTES = b"unfinished!draft" * 300
OUTSIDE_BYTES = b"out-of-bounds!!!" * 300
SMUGGLED = b"this was never asked for"

_LARGE = random.Random(1).randbytes(1_300_001)  # more than is sent in one piece
FROZEN = {
    "small": b"0123456789A",
    "empty": b"",
    "one": b"1",
    "zarr.json": b'{"zarr_format": 3}',
    "c/0/0/1": random.Random(2).randbytes(20_000),
    "shard/c/0": _LARGE,
    "block": _LARGE[: 1 << 20],
    "page.html": b"<script>alert(1)</script>",
    "odd/a b#c?d%é.txt": b"odd",
    "odd/x:y;v=1,2/z~": b"colon",
    "odd/100%": b"percent",
    "odd/%2e%2e": b"not two dots",
    "odd/~token": b"tilde",
    "odd/...": b"three dots",
    "/".join(["deep"] * 60 + ["end"]): b"deep",
    "n" * 200: b"a long name",
    "sentinel": b"sentinel",
    "smuggled": SMUGGLED,
}
UNION = {"notes.txt": b"notes", "em/s0/c/0": b"given", "em/s1/c/0": b"derived", "em/zarr.json": b"{}"}
LINKED = {"small": b"linked", "inside": b"linked", "folder/object": b"in a folder"}

OPEN = {
    **dict.fromkeys(("frozen@1", "frozen", "opened@1", "opened"), FROZEN),
    **dict.fromkeys(("cells@2", "cells"), UNION),
    **dict.fromkeys(("linked@1", "linked"), LINKED),
}
"""What everybody may read, by address and key."""

WITH_TOKEN = {**OPEN, "secret": FROZEN, "secret@1": FROZEN, "cells@draft": {"small": b"draft"}}
"""What the holder of the token may read."""

NOBODY = "nobody-000000"
assert len(NOBODY) == len(WITHHELD) == len(DRAFTED)
HIDDEN = (f"{WITHHELD}@1", WITHHELD, DRAFTED, f"{DRAFTED}@draft", f"{WITHHELD}@draft")
CLOSED = (*HIDDEN, "secret@1", "secret", "later@1", "cells@draft", "cells@1", "gone@1", "gone", "unfinished")


def write_place(folder: Path) -> None:
    """The place that these requests are for (see plane.py), in an empty folder."""
    files = {f"own/cells/1/{key}": content for key, content in FROZEN.items()}
    files |= {f"own/withheld/1/{key}": WITHHELD_BYTES for key in ("small", "c/0", "sealed/deep/object")}
    files |= {f"own/drafted/draft/{key}": DRAFTED_BYTES for key in ("small", "c/0")}
    files |= {f"foreign/linked/{key}": content for key, content in LINKED.items() if key != "inside"}
    files |= {
        "own/cells/draft/small": b"draft",
        "own/derived/s1/c/0": b"derived",
        "own/overlays/zarr.json": b"{}",
        "own/overlays/table.csv": b"a,b\n",
        "foreign/cells/em/s0/c/0": b"given",
        "foreign/cells/em/s1/c/0": OUTSIDE_BYTES,  # hidden by a mount
        "foreign/cells/notes.txt": b"notes",
    }
    beside = ("beside", "outside/object", "own/beside", "own/cells/beside", "own/cells/1-more/object", "foreign/beside")
    files |= dict.fromkeys(beside, OUTSIDE_BYTES)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (MTIME_S, MTIME_S))
    links = folder / "foreign/linked"
    for name, target in {
        "inside": "small",
        "out": "../../outside",
        "out-file": "../../beside",
        "out-absolute": str(folder / "beside"),
        "own": str(folder / "own"),
        "sealed": "../../own/withheld/1",
        "circle": "circle",
        "dangling": "nowhere",
        "root": "/",
    }.items():
        (links / name).symlink_to(target)
    os.mkfifo(links / "fifo")
