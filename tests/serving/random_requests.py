"""Random requests to ``/data/`` and ``/s3/`` as bytes, and what a reference, written for this alone, says of them.

Every request is made of a seed and its number and of nothing else: whoever has the two has the request.
"""

import random
import re
from urllib.parse import unquote_to_bytes

from tests.serving.plane import DRAFTED, TOKEN, WITHHELD
from tests.serving.random_case import Case, expected_answer, spell
from tests.serving.random_headers import (
    DECISIVE,
    DECISIVE_NAMES,
    Headers,
    random_conditions,
    random_headers,
    random_range,
)
from tests.serving.random_place import CLOSED, HIDDEN, MTIME_S, OPEN, WITH_TOKEN
from tests.serving.random_s3_requests import s3_case


def burst(seed: str, number: int, size: int) -> list[Case]:
    """Requests as they come over one connection: many have the same headers but for their range, as a viewer's."""
    chance = random.Random(f"{seed}:{number}")
    usual = random_headers(chance)
    if chance.random() < 0.4:
        usual.insert(chance.randrange(len(usual)), chance.choice(DECISIVE))
    return [
        _case(random.Random(f"{seed}:{number}:{index}"), f"{seed}:{number}:{index}", usual) for index in range(size)
    ]


def _case(chance: random.Random, number: str, usual: Headers) -> Case:
    is_usual = chance.random() < 0.6
    headers = list(usual) if is_usual else random_headers(chance)
    if chance.random() < 0.25:
        return s3_case(chance, number, headers)
    if is_usual and chance.random() < 0.15:  # as long as the others, and something else
        place = chance.randrange(len(headers))
        name, value = headers[place]
        headers[place] = (b"X" + name[1:], value) if name != b"Host" else (name, b"X" + value[1:])
    decisive = [name for name, _ in headers if name in DECISIVE_NAMES]
    method = (
        b"GET" if chance.random() < 0.75 else chance.choice([b"HEAD", b"HEAD", b"HEAD", b"OPTIONS", b"POST", b"PUT"])
    )
    target, address, key = _target(chance)
    content = OPEN[address].get(key) if address in OPEN else None
    asked: tuple[int, int] | int | None = None
    is_known = content is not None and method in (b"GET", b"HEAD") and not decisive
    if chance.random() < 0.6:
        value, asked, is_sure = random_range(chance, len(content) if content is not None else 11)
        headers.insert(chance.randrange(len(headers) + 1), (chance.choice([b"Range", b"range", b"RANGE"]), value))
        is_known &= is_sure and bool(content or asked != 416)  # an empty object has it refused or not counted, too
        if not is_usual and chance.random() < 0.1:
            headers.append((b"Range", random_range(chance, 11)[0]))
            is_known = False
    status = 200
    if not is_usual and chance.random() < 0.5:
        etag = b'"%x-%x"' % (MTIME_S, len(content) if content is not None else 11)
        verdict, more = random_conditions(chance, etag)
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
        expected = expected_answer(status, content, asked if content else None)
    return Case(number, method, target, tuple(headers), body, expected, shows_token)


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
        return b"/data/%b/%b" % (_spell_address(chance, address), spell(chance, key)), address, key
    if kind < 0.6:
        address = chance.choice([*OPEN, *CLOSED])
        folder = chance.choice(["", "c/", "odd/", "em/", "linked/", "absent/", "deep/deep/"])
        query = chance.choice([b"", b"", b"?after=c", b"?after=%00", b"?after=../..", b"?x", b"?list-type=2"])
        return b"/data/%b/%b%b" % (_spell_address(chance, address), folder.encode(), query), "", ""
    if kind < 0.75:
        address = chance.choice(HIDDEN if chance.random() < 0.7 else CLOSED)
        key = chance.choice(["small", "c/0", "absent", "sealed/deep/object", "zarr.json", "", "..", "a//b", "%00"])
        token = chance.choice([b"", b"", b"", b"~%b/" % TOKEN, b"~guessed/", b"~/", b"~~/", b"~a%2fb/", b"~last-year/"])
        return b"/data/%b%b/%b" % (token, _spell_address(chance, address), key.encode()), "", ""
    if kind < 0.8:
        address = chance.choice([*OPEN, *CLOSED])
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
