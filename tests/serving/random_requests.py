"""Random requests to ``/data/`` as bytes, and what a reference, written for this alone, says of them.

Every request is made of a seed and its number and of nothing else: whoever has the two has the request.
"""

import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from tests.serving.plane import DRAFTED, TOKEN, WITHHELD

MTIME_S = 1_700_000_000
DATE, EARLIER, LATER = (
    b"Tue, 14 Nov 2023 22:13:20 GMT",
    b"Mon, 01 Jan 2001 00:00:00 GMT",
    b"Wed, 08 Jul 2037 22:53:52 GMT",
)
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
_HIDDEN = (f"{WITHHELD}@1", WITHHELD, DRAFTED, f"{DRAFTED}@draft", f"{WITHHELD}@draft")
_CLOSED = (*_HIDDEN, "secret@1", "secret", "later@1", "cells@draft", "cells@1", "gone@1", "gone", "unfinished")

ETAG = "%x-%x"


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


@dataclass(frozen=True, slots=True)
class Case:
    """One request that is HTTP, whatever it asks for.

    Args:
        expected: status and bytes where the reference knows them; the bytes are those of the object that are to come.
        shows_token: whether the caller has shown the token.
    """

    number: str
    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""
    expected: tuple[int, bytes] | None = None
    shows_token: bool = False

    @property
    def line(self) -> bytes:
        return b"%b %b HTTP/1.1\r\n" % (self.method, self.target)

    @property
    def rest(self) -> bytes:
        return b"".join(b"%b: %b\r\n" % pair for pair in self.headers) + b"\r\n" + self.body

    @property
    def raw(self) -> bytes:
        return self.line + self.rest


Headers = list[tuple[bytes, bytes]]


def burst(seed: str, number: int, size: int) -> list[Case]:
    """Requests as they come over one connection: many have the same headers but for their range, as a viewer's."""
    chance = random.Random(f"{seed}:{number}")
    usual = _noise(chance)
    if chance.random() < 0.4:
        usual.insert(chance.randrange(len(usual)), chance.choice(_DECISIVE))
    return [
        _case(random.Random(f"{seed}:{number}:{index}"), f"{seed}:{number}:{index}", usual) for index in range(size)
    ]


def _case(chance: random.Random, number: str, usual: Headers) -> Case:
    is_usual = chance.random() < 0.6
    headers = list(usual) if is_usual else _noise(chance)
    if is_usual and chance.random() < 0.15:  # as long as the others, and something else
        place = chance.randrange(len(headers))
        name, value = headers[place]
        headers[place] = (b"X" + name[1:], value) if name != b"Host" else (name, b"X" + value[1:])
    decisive = [name for name, _ in headers if name in _DECISIVE_NAMES]
    method = (
        b"GET" if chance.random() < 0.75 else chance.choice([b"HEAD", b"HEAD", b"HEAD", b"OPTIONS", b"POST", b"PUT"])
    )
    target, address, key = _target(chance)
    content = OPEN[address].get(key) if address in OPEN else None
    asked: tuple[int, int] | int | None = None
    is_known = content is not None and method in (b"GET", b"HEAD") and not decisive
    if chance.random() < 0.6:
        value, asked, is_sure = _range(chance, len(content) if content is not None else 11)
        headers.insert(chance.randrange(len(headers) + 1), (chance.choice([b"Range", b"range", b"RANGE"]), value))
        is_known &= is_sure and bool(content or asked != 416)  # an empty object has it refused or not counted, too
        if not is_usual and chance.random() < 0.1:
            headers.append((b"Range", _range(chance, 11)[0]))
            is_known = False
    status = 200
    if not is_usual and chance.random() < 0.5:
        etag = b'"%x-%x"' % (MTIME_S, len(content) if content is not None else 11)
        verdict, more = _conditions(chance, etag)
        headers += more
        if verdict is None:
            is_known = False
        elif verdict == "whole":
            asked = None
        elif verdict:
            status = int(verdict)
    body = b""
    if not is_usual and chance.random() < 0.06:
        body = b"GET /data/frozen@1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"[: chance.randrange(60)]
        headers.append((b"Content-Length", b"%d" % len(body)))
    elif is_usual and b"Content-Length" in decisive:
        body = b"GET /"
    tokens = [value for name, value in headers if name.lower() == b"authorization"]
    shows_token = target.startswith(b"/data/~%b/" % TOKEN) or b"Bearer " + TOKEN in tokens
    expected = None
    if is_known and content is not None:
        expected = _expected(status, content, asked if content else None)
    return Case(number, method, target, tuple(headers), body, expected, shows_token)


def _expected(status: int, content: bytes, asked: tuple[int, int] | int | None) -> tuple[int, bytes]:
    if status != 200:
        return status, b""
    if isinstance(asked, int):
        return asked, b""
    return (206, content[slice(*asked)]) if asked else (200, content)


_origin = re.compile(rb"[a-z]+://[^/]*").match


def _path_of(case: Case) -> tuple[str, str]:
    """The address and the key that it names, decoded."""
    path = case.target.partition(b"#")[0].partition(b"?")[0]
    if origin := _origin(path):
        path = path[origin.end() :]
    path = path.removeprefix(b"/data/")
    if path.startswith(b"~"):
        path = path.partition(b"/")[2]
    address, _, key = path.partition(b"/")
    return unquote_to_bytes(address).decode("utf-8", "replace"), unquote_to_bytes(key).decode("utf-8", "replace")


def reference(case: Case) -> dict[str, bytes] | None:
    """The objects of the dataset that a request leads into, by key, by the shortest way of reading its path."""
    return (WITH_TOKEN if case.shows_token else OPEN).get(_path_of(case)[0])


def key_of(case: Case) -> str:
    return _path_of(case)[1]


def _target(chance: random.Random) -> tuple[bytes, str, str]:
    """A target; with the address and key that it surely names, or "" where nobody says."""
    kind = chance.random()
    if kind < 0.5:
        address = chance.choice(list(OPEN))
        key = chance.choice([key for key in OPEN[address] if key != "smuggled"])
        return b"/data/%b/%b" % (_spell_address(chance, address), _spell(chance, key)), address, key
    if kind < 0.6:
        address = chance.choice([*OPEN, *_CLOSED])
        folder = chance.choice(["", "c/", "odd/", "em/", "linked/", "absent/", "deep/deep/"])
        query = chance.choice([b"", b"", b"?after=c", b"?after=%00", b"?after=../..", b"?x", b"?list-type=2"])
        return b"/data/%b/%b%b" % (_spell_address(chance, address), folder.encode(), query), "", ""
    if kind < 0.75:
        address = chance.choice(_HIDDEN if chance.random() < 0.7 else _CLOSED)
        key = chance.choice(["small", "c/0", "absent", "sealed/deep/object", "zarr.json", "", "..", "a//b", "%00"])
        token = chance.choice([b"", b"", b"", b"~%b/" % TOKEN, b"~guessed/", b"~/", b"~~/", b"~a%2fb/", b"~last-year/"])
        return b"/data/%b%b/%b" % (token, _spell_address(chance, address), key.encode()), "", ""
    if kind < 0.8:
        address = chance.choice([*OPEN, *_CLOSED])
        token = chance.choice([TOKEN, b"guessed", b"last-year", b"x" * 5000, b"%00", b""])
        return b"/data/~%b/%b/small" % (token, address.encode()), "", ""
    if kind < 0.97:
        return b"/data/" + b"/".join(chance.choices(_SEGMENTS, k=chance.randrange(1, 7))), "", ""
    return chance.choice(_OTHER_TARGETS), "", ""


_SEGMENTS = [
    b"frozen@1", b"linked@1", b"frozen", b"cells", b"cells@2", b"secret", WITHHELD.encode(), DRAFTED.encode(), b"small",
    b"..", b".", b"", b"...", b"%2e%2e", b"%2E.", b"..%2f", b"%2f", b"%5c", b"\\", b"..\\", b"%00", b"small%00", b"%zz",
    b"%", b"%%32%65", b"%c0%ae%c0%ae", b"%e0%80%ae", b"%ff", b"%ed%a0%80", b"out", b"out-file", b"out-absolute", b"own",
    b"sealed", b"root", b"circle", b"dangling", b"fifo", b"inside", b"object", b"beside", b"outside", b"withheld", b"1",
    b"1-more", b"drafted", b"draft", b"etc", b"passwd", b";", b"..;", b"small;v=1", b"~open-sesame", b"~", b"@", b"@1",
    b"c", b"0", b"%40", b"frozen%401", b"FROZEN@1", b"frozen@01", b"frozen@-1", b"frozen@99999999999999999999",
    b"x" * 300, b"y" * 1100, b"published", b"immutable", b"guarded", b"%0d%0aX-Injected:%20yes", b"small%20", b"+",
    b"*", b"small#x", b"small|", b"<small>", b'"', b"{", b"^", b"`",
]  # fmt: skip
_OTHER_TARGETS = [
    b"/", b"/data", b"/data/", b"//data/frozen@1/small", b"/data//frozen@1/small", b"/./data/frozen@1/small",
    b"/data/../data/frozen@1/small", b"/published/guarded/%b@1/small" % WITHHELD.encode(), b"/access/data/frozen@1/",
    b"/published/immutable/frozen@1/small", b"/.access", b"/malformed", b"/%64ata/frozen@1/small", b"/DATA/frozen@1/",
    b"/access/data/%b@1/small" % WITHHELD.encode(), b"/data%2ffrozen@1/small", b"/data\\frozen@1\\small",
    b"/data/frozen@1/../../beside", b"/data/frozen@1/%2e%2e/beside", b"/published/../published/guarded/", b"/data/~",
    b"http://elsewhere.example/data/frozen@1/small", b"http://x/data/%b/small" % WITHHELD.encode(), b"http://x/../beside",
    b"http://user:word@x:1/data/frozen@1/small?x=http://y/", b"https://x/data/frozen@1/c/../../beside", b"http://x",
]  # fmt: skip


def _spell_address(chance: random.Random, address: str) -> bytes:
    return address.encode().replace(b"@", chance.choice([b"@", b"@", b"%40"]))


_PLAIN = "/~!$&'()*+,;=:@"


def _spell(chance: random.Random, key: str) -> bytes:
    """One of the ways to write a key."""
    plain = quote(key, safe=_PLAIN).encode()
    if chance.random() < 0.7:
        return plain
    return b"".join(
        b"%%%02X" % letter
        if letter != ord("/") and chance.random() < 0.2
        else quote(bytes([letter]), safe=_PLAIN).encode()
        for letter in key.encode()
    )


def _range(chance: random.Random, size: int) -> tuple[bytes, tuple[int, int] | int | None, bool]:
    """A ``Range``; the slice it means, or 416, or None for the whole; and whether that is sure."""

    def position() -> int:
        return chance.choice(
            [0, 1, size // 2, max(size - 1, 0), size, size + 1, chance.randrange(size + 2), 2**40, 10**30]
        )

    def within(start: int, stop: int) -> tuple[int, int] | int | None:
        return (start, min(stop, size)) if start < size else 416

    kind = chance.random()
    if kind < 0.35:
        first, last = position(), position()
        # What ends before it begins may be refused or not counted (RFC 9110, 14.2).
        return b"bytes=%d-%d" % (first, last), (within(first, last + 1) if last >= first else None), last >= first
    if kind < 0.5:
        first = position()
        return b"bytes=%d-" % first, within(first, size), True
    if kind < 0.65:
        length = position()
        return b"bytes=-%d" % length, ((max(size - length, 0), size) if length else 416), True
    if kind < 0.75:
        return (
            b"bytes=" + b",".join(b"%d-%d" % (n, n + chance.randrange(3)) for n in range(chance.randrange(2, 300))),
            None,
            False,
        )
    return chance.choice(_ODD_RANGES), None, False


_ODD_RANGES = [
    b"", b"bytes", b"bytes=", b"bytes=-", b"bytes=--1", b"bytes=a-b", b"bytes= 0-1 ", b"bytes=0 -1", b"BYTES=0-1",
    b"bytes=0-1,", b"bytes=,0-1", b"items=0-1", b"bytes=0x1-0x2", b"bytes=+1-2", b"bytes=1-2-3", b"bytes=5-3",
    b"bytes=" + b"9" * 3000 + b"-", b"bytes=0-" + b"9" * 3000, b"bytes=-" + b"9" * 3000, b"bytes=18446744073709551615-",
    b"bytes=9223372036854775807-9223372036854775808", b"bytes=-9223372036854775808", b"bytes=0-18446744073709551616",
    b"bytes=\xd9\xa0-\xd9\xa1", b"bytes=0-0, -1", b"bytes=\t0-1", b"bytes 0-1", b"bytes:0-1", b"0-1", b"\xff\xfe",
    b"bytes=00000000000000000000000-00000000000000000000001", b"bytes=1-0,0-1", b"bytes=-0",
]  # fmt: skip


def _conditions(chance: random.Random, etag: bytes) -> tuple[str | None, Headers]:
    """Conditions in the order of RFC 9110, 13.2.2, for an object of ``MTIME_S``: what becomes of the request by them
    (a status, "whole": without its range, "": nothing; None: nobody says), and the headers."""
    tags: dict[bytes, tuple[bool, bool] | None] = {  # whether it matches strongly and weakly
        etag: (True, True),
        b"W/" + etag: (False, True),
        b'"other"': (False, False),
        b'"a", ' + etag + b', "b"': (True, True),
        b"*": (True, True),
        b"garbage": None,
        b'"': None,
        b"": None,
        etag.strip(b'"'): None,
        b'"a\xff", W/"",,': None,
        b'"x",' * 500: (False, False),
    }
    dates: dict[bytes, int | None] = {  # the date's order to the object's
        DATE: 0,
        EARLIER: -1,
        LATER: 1,
        b"nonsense": None,
        b"Mon, 99 Foo 2001 99:99:99 GMT": None,
        b"": None,
        b"0": None,
        b"Sun Nov  6 08:49:37 99999999999": None,
    }
    headers: Headers = []
    verdict: str | None = ""
    given = {name: chance.random() < 0.3 for name in ("match", "unmodified", "none", "modified", "range")}
    tag = {name: chance.choice(list(tags)) for name in ("match", "none", "range")}
    date = {name: chance.choice(list(dates)) for name in ("unmodified", "modified")}
    if given["match"]:
        headers.append((b"If-Match", tag["match"]))
    if given["unmodified"]:
        headers.append((b"If-Unmodified-Since", date["unmodified"]))
    if given["none"]:
        headers.append((b"If-None-Match", tag["none"]))
    if given["modified"]:
        headers.append((b"If-Modified-Since", date["modified"]))
    values = [tags[tag[name]] for name in ("match", "none") if given[name]]
    days = [dates[date[name]] for name in ("unmodified", "modified") if given[name]]
    matches = tags[tag["match"]] or (False, False)
    others = tags[tag["none"]] or (False, False)
    if None in values or None in days:
        verdict = None
    elif (given["match"] and not matches[0]) or (
        given["unmodified"] and not given["match"] and (dates[date["unmodified"]] or 0) < 0
    ):
        verdict = "412"
    elif given["none"] and others[1] and given["modified"] and (dates[date["modified"]] or 0) < 0:
        verdict = None  # nginx looks at the date as well, and sends the object once more
    elif (given["none"] and others[1]) or (
        given["modified"] and not given["none"] and (dates[date["modified"]] or 0) >= 0
    ):
        verdict = "304"
    if given["range"]:
        value = chance.choice([etag, etag, b"W/" + etag, b'"other"', DATE, EARLIER, LATER, b"nonsense", b'"'])
        headers.append((b"If-Range", value))
        if verdict == "" and value not in (etag, DATE):
            verdict = "whole"
    chance.shuffle(headers)
    return verdict, headers


def _noise(chance: random.Random) -> Headers:
    """Headers that go along with anything and change nothing of what is public."""
    headers: Headers = [(b"Host", chance.choice([b"here", b"here:80", b"127.0.0.1", b"[::1]"]))]
    for likely, make in _NOISE:
        if chance.random() < likely:
            headers.append(make(chance))
    chance.shuffle(headers)
    return headers


# What a request is answered, or where it ends, by headers that others of a burst may have too.
_DECISIVE = [(b"If-None-Match", b"*"), (b"If-Match", b'"other"'), (b"If-Range", b'"other"'), (b"Content-Length", b"5")]
_DECISIVE_NAMES = {name for name, _ in _DECISIVE}


def _one_of(name: bytes, *values: bytes) -> Callable[[random.Random], tuple[bytes, bytes]]:
    return lambda chance: (name, chance.choice(values))


_NOISE = [
    (0.3, _one_of(b"Accept", b"*/*", b"application/json", b"text/html", b"", b"," * 200, b"\xff")),
    (0.2, _one_of(b"Accept-Encoding", b"gzip, deflate, br, zstd", b"identity;q=0", b"*;q=0")),
    (0.2, _one_of(b"User-Agent", b"Mozilla/5.0", b"", b"\xe2\x98\x83", b"x" * 2000)),
    (0.2, _one_of(b"Origin", b"http://here", b"https://elsewhere.example", b"null", b"\xff", b"://")),
    (0.2, _one_of(b"Sec-Fetch-Site", b"same-origin", b"cross-site", b"none", b"same-site", b"", b"\x80")),
    (0.2, _one_of(b"Cookie", b"sessionid=1", b"=", b";;;", b"a" * 4000, b"sessionid=\xff", b"a=b; a=c", b'a="')),
    (0.2, _one_of(b"Authorization", b"Bearer " + TOKEN, b"Bearer guessed", b"Bearer", b"Basic eDp5", b"\xff",
                  b"Bearer  ", b"Bearer last-year", b"AWS4-HMAC-SHA256 Credential=x")),
    (0.05, _one_of(b"X-Forwarded-For", b"10.0.0.1, 10.0.0.2", b"unknown", b"\xff", b"," * 100)),
    (0.05, _one_of(b"Connection", b"keep-alive", b"close", b"Keep-Alive, TE", b"x-odd", b"")),
    (0.03, _one_of(b"TE", b"trailers", b"gzip;q=1")),
    (0.03, _one_of(b"X-Original-URL", b"/data/%b/small" % WITHHELD.encode(), b"/published/guarded/")),
    (0.03, _one_of(b"X-Accel-Redirect", b"/published/guarded/%b@1/small" % WITHHELD.encode())),
    (0.03, _one_of(b"Access-Control-Request-Private-Network", b"true", b"")),
    (0.03, _one_of(b"X-Odd", b"", b"\t", b"a\tb", b"\x80\xff", b"x" * 7000, b'"\\"', b":")),
    (0.02, _one_of(b"Expect", b"100-continue", b"200-ok")),
]  # fmt: skip
