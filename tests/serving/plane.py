"""A data plane over a folder, without a database: what the conformance suite and the benchmark ask.

Run by granian as ``tests/serving/plane.py:application``; the folder is in ``CISTERNA_TEST_PLANE``.
"""

import os
from pathlib import Path
from typing import Any

from datasets.serving.asgi import DataPlane
from datasets.serving.core import Credentials, CredentialsRefused
from datasets.serving.snapshot import Dataset, Mount, Snapshot, Snapshots, Version, Visibility
from datasets.storage.files import local_folder

EMBARGO_END_S = 4_000_000_000.0
TOKEN = b"open-sesame"


async def know_token(credentials: Credentials) -> frozenset[str]:
    """One token, which opens ``secret`` and the draft of ``cells``."""
    shown = credentials.share_token or credentials.authorization.removeprefix(b"Bearer ")
    if not shown:
        return frozenset()
    if shown != TOKEN:
        raise CredentialsRefused("The token is unknown")
    return frozenset({"secret", "cells"})


def snapshot_of(folder: Path) -> Snapshot:
    """Datasets over ``folder``: its ``own`` is the portal's own root, its ``foreign`` is somebody else's."""
    own, foreign = local_folder(folder / "own"), local_folder(folder / "foreign")
    missing = local_folder(folder / "unmounted")
    first = Version(1, (Mount("", own, "cells/1", immutable=True),), retired=True, successor="cells@2")
    second = Version(
        2,
        (
            Mount("", foreign, "cells"),
            Mount("em/s1", own, "derived/s1", immutable=True),
            Mount("em/zarr.json", own, "overlays/zarr.json", single=True, immutable=True),
            Mount("extra/deep/table.csv", own, "overlays/table.csv", single=True, immutable=True),
            Mount("lost", foreign, "lost"),
            Mount("bucket", None, "prefix"),
        ),
    )
    draft = Version(None, (Mount("", own, "cells/draft"),))
    own_version = Version(1, (Mount("", own, "cells/1", immutable=True),))
    return Snapshot.of(
        [
            Dataset("cells", Visibility.PUBLIC, (first, second, draft)),
            Dataset("frozen", Visibility.PUBLIC, (own_version,)),
            Dataset("secret", Visibility.PRIVATE, (own_version,)),
            Dataset("later", Visibility.EMBARGOED, (own_version,), EMBARGO_END_S),
            Dataset("opened", Visibility.EMBARGOED, (own_version,), 1.0),
            Dataset("unfinished", Visibility.PUBLIC, (draft,)),
            Dataset("gone", Visibility.PUBLIC, (Version(1, (), retired=True),)),
            Dataset("trouble", Visibility.PUBLIC, (Version(1, (Mount("", missing, ""),)),)),
        ]
    )


async def behind(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind the data plane."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"behind"})


def data_plane(folder: Path) -> DataPlane:
    snapshot = snapshot_of(folder)
    return DataPlane(behind, Snapshots(lambda: snapshot, lambda: 1), know_token)


if "CISTERNA_TEST_PLANE" in os.environ:
    application = data_plane(Path(os.environ["CISTERNA_TEST_PLANE"]))
