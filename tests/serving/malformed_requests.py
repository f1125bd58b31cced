"""Requests that are no HTTP, or that two readers of HTTP might read in two ways, as bytes."""

import random
from dataclasses import dataclass

from tests.serving.plane import DRAFTED, TOKEN, WITHHELD
from tests.serving.random_requests import burst

HIDDEN_REQUEST = b"GET /data/frozen@1/smuggled HTTP/1.1\r\nHost: here\r\n\r\n"
"""What must not be answered where it stands in a body."""


@dataclass(frozen=True, slots=True)
class Distorted:
    """Bytes for a connection of their own.

    Args:
        packets: what is sent, piece by piece.
        hides: ``HIDDEN_REQUEST`` stands in it where, by RFC 9112, no request begins.
        is_old: nobody can tell what form the answer has: a request line without a version has a bare one.
    """

    number: str
    packets: tuple[bytes, ...]
    hides: bool = False
    is_old: bool = False

    @property
    def raw(self) -> bytes:
        return b"".join(self.packets)


def distorted(seed: str, number: int) -> Distorted:
    """One of them, made of these two alone."""
    chance = random.Random(f"{seed}:malformed:{number}")
    name = f"{seed}:malformed:{number}"
    kind = chance.random()
    hides = is_old = False
    if kind < 0.3:
        raw, hides = _framed(chance)
    elif kind < 0.5:
        line = chance.choice(_LINES)
        is_old = b" HTTP/" not in line
        raw = line + b"\r\nHost: here\r\n\r\n"
    elif kind < 0.7:
        raw = b"GET %b HTTP/1.1\r\nHost: here\r\n%b\r\n\r\n" % (chance.choice(_PATHS), chance.choice(_FIELDS))
    else:
        # Only GETs: whoever reads the answers must know which of them have a body.
        cases = [case for case in burst(f"{seed}:of", number, 4) if case.method == b"GET"]
        raw = _mutilated(chance, b"".join(case.raw for case in cases) or b"GET / HTTP/1.1\r\n\r\n")
        is_old = True
    if chance.random() < 0.1:
        raw = raw[: chance.randrange(len(raw) + 1)]
    elif chance.random() < 0.7:
        raw += b"GET /data/frozen@1/sentinel HTTP/1.1\r\nHost: here\r\n\r\n"
    cuts = sorted(chance.randrange(len(raw) + 1) for _ in range(chance.choice([0, 0, 1, 3])))
    packets = tuple(raw[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(raw)], strict=True))
    return Distorted(name, tuple(filter(None, packets)) or (b"\r\n",), hides, is_old)


def _framed(chance: random.Random) -> tuple[bytes, bool]:
    """Disagreement about where a body ends; and whether a hidden request is surely in a body."""
    method = chance.choice([b"GET", b"GET", b"POST"])
    head = b"%b %b HTTP/1.1\r\nHost: here\r\n" % (method, chance.choice(_PATHS))
    hidden, size = HIDDEN_REQUEST, len(HIDDEN_REQUEST)
    whole = b"%x\r\n%b\r\n0\r\n\r\n" % (size, hidden)
    lengths = [
        (b"Content-Length: %d\r\n" % size, hidden, True),
        (b"Content-Length: %d\r\nContent-Length: %d\r\n" % (size, size), hidden, True),
        (b"Content-Length: 0\r\nContent-Length: %d\r\n" % size, hidden, False),
        (b"Content-Length: %d, %d\r\n" % (size, size), hidden, True),
        (b"Content-Length: +%d\r\n" % size, hidden, False),
        (b"Content-Length: -%d\r\n" % size, hidden, False),
        (b"Content-Length: 0x%x\r\n" % size, hidden, False),
        (b"Content-Length: %d abc\r\n" % size, hidden, False),
        (b"Content-Length: \r\n", hidden, False),
        (b"Content-Length : %d\r\n" % size, hidden, False),
        (b"Content-Length:\t%d\r\n" % size, hidden, True),
        (b"Content-Length\x00: %d\r\n" % size, hidden, False),
        (b" Content-Length: %d\r\n" % size, hidden, False),
        (b"X: y\r\n Content-Length: 0\r\nContent-Length: %d\r\n" % size, hidden, True),
        (b"Content-Length: 99999999999999999999999\r\n", hidden, True),
        (b"Content-Length: 18446744073709551616\r\n", hidden, False),
        (b"Content-Length: 4294967296\r\n", hidden, True),
        (b"Content-Length: 10000000\r\n", hidden, True),
        (b"Transfer-Encoding: chunked\r\n", whole, True),
        (b"transfer-encoding: CHUNKED\r\n", whole, True),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", whole, True),
        (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", whole, True),
        (b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % (5 + size), b"0\r\n\r\n" + hidden, False),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", whole, False),
        (b"Transfer-Encoding: identity\r\n", hidden, False),
        (b"Transfer-Encoding: xchunked\r\n", whole, False),
        (b"Transfer-Encoding: gzip, chunked\r\n", whole, True),
        (b"Transfer-Encoding: chunked, gzip\r\n", whole, False),
        (b"Transfer-Encoding:\x0bchunked\r\n", whole, False),
        (b"Transfer-Encoding : chunked\r\n", whole, False),
        (b"Transfer-Encoding:\n chunked\r\n", whole, False),
        (b"Transfer-Encoding: chunked\r\n", b"%x;x=y\r\n%b\r\n0\r\nX-Trailer: 1\r\n\r\n" % (size, hidden), True),
        (b"Transfer-Encoding: chunked\r\n", b"-1\r\n" + hidden, False),
        (b"Transfer-Encoding: chunked\r\n", b"ffffffffffffffffff\r\n" + hidden, False),
        (b"Transfer-Encoding: chunked\r\n", b"fffffffffffffff\r\n" + hidden, True),
        (b"Transfer-Encoding: chunked\r\n", b"0x10\r\n" + hidden, False),
        (b"Transfer-Encoding: chunked\r\n", b"%x\n%b\n0\n\n" % (size, hidden), False),
        (b"Transfer-Encoding: chunked\r\n", b"%x\r\n%bxx0\r\n\r\n" % (size, hidden), False),
        (b"Transfer-Encoding: chunked\r\n", b"\r\n" + whole, False),
        (b"Content-Length: %d\r\nExpect: 100-continue\r\n" % size, hidden, True),
        (b"Content-Length: %d\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n" % size, hidden, False),
        (b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n", hidden, False),
        (b"Connection: close\r\n", hidden, True),
    ]  # fmt: skip
    fields, body, hides = chance.choice(lengths)
    return head + fields + b"\r\n" + body, hides


_PATHS = [
    b"/data/frozen@1/small",
    b"/data/frozen@1/shard/c/0",
    b"/data/frozen@1/absent",
    b"/data/frozen@1/odd/",
    b"/data/%b@1/small" % WITHHELD.encode(),
    b"/data/%b/small" % DRAFTED.encode(),
    b"/data/~%b/secret/small" % TOKEN,
    b"/elsewhere",
]

_LINES = [
    b"GET /data/frozen@1/small", b"GET /data/%b@1/small" % WITHHELD.encode(), b"GET", b"GET ", b"GET  ", b"", b" ",
    b"\r\n", b"GET /data/frozen@1/small HTTP/0.9", b"GET /data/frozen@1/small HTTP/1.0",
    b"GET /data/frozen@1/small HTTP/1.2", b"GET /data/frozen@1/small HTTP/2.0", b"GET /data/frozen@1/small HTTP/9.9",
    b"GET /data/frozen@1/small HTTP/11", b"GET /data/frozen@1/small HTTP/1.1 ", b"GET /data/frozen@1/small http/1.1",
    b"GET /data/frozen@1/small HTTP/1.", b"GET  /data/frozen@1/small HTTP/1.1", b"GET /data/frozen@1/small  HTTP/1.1",
    b"GET\t/data/frozen@1/small\tHTTP/1.1", b"GET /data/frozen@1/odd/a b HTTP/1.1",
    b"GET /data/%b@1/small x HTTP/1.1" % WITHHELD.encode(), b"GET /\x00 HTTP/1.1",
    b"GET /data/frozen@1/small\x00 HTTP/1.1", b"GET /data/frozen@1/\xc3\xa9 HTTP/1.1",
    b"GET /data/frozen@1/\x7f HTTP/1.1", b"GET /data/frozen@1/small\xff HTTP/1.1",
    b"GET /data/\xc0\xae\xc0\xae/beside HTTP/1.1", b"GET data/frozen@1/small HTTP/1.1", b"GET ../beside HTTP/1.1",
    b"GET * HTTP/1.1", b"OPTIONS * HTTP/1.1", b"GET ? HTTP/1.1", b"GET # HTTP/1.1",
    b"get /data/frozen@1/small HTTP/1.1", b"GETT /data/frozen@1/small HTTP/1.1", b"BREW /data/frozen@1/small HTTP/1.1",
    b"TRACE /data/frozen@1/small HTTP/1.1", b"PROPFIND /data/frozen@1/ HTTP/1.1",
    b"PURGE /data/frozen@1/small HTTP/1.1", b"PRI * HTTP/2.0", b"CONNECT frozen:443 HTTP/1.1",
    b"CONNECT /data/frozen@1/small HTTP/1.1", b"X" * 5000 + b" / HTTP/1.1", b"GET http:///data/frozen@1/small HTTP/1.1",
    b"GET http://[::1/data/ HTTP/1.1", b"GET http://x:99999/ HTTP/1.1", b"GET ftp://x/data/frozen@1/small HTTP/1.1",
    b"GET //elsewhere.example/data HTTP/1.1", b"GET /data/frozen@1/%b HTTP/1.1" % (b"x" * 70_000),
    b"GET /data/frozen@1/%b HTTP/1.1" % (b"a/" * 5000), b"GET /data/frozen@1/%b HTTP/1.1" % (b"%2e%2e/" * 3000),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 100, b"\xff" * 100, b"HTTP/1.1 200 OK",
    b"\r\n\r\n\nGET / HTTP/1.1",
]  # fmt: skip

_FIELDS = [
    b"Host: here", b"Host: a\r\nHost: b", b"Host:", b"Host: a b", b"Host: ../..", b": empty", b"no colon",
    b"Range : bytes=0-1", b" leading: space", b"Range: bytes=0-\r\n 1", b"Range: bytes=0-1\r\n\tbytes=2-3",
    b"X-Folded: a\r\n b\r\n\tc", b"X: a\rb", b"X: a\nRange: bytes=0-1", b"X: a\n\n" + HIDDEN_REQUEST, b"X: \x00",
    b"X\x00: y", b"Range: bytes=0-1\x00", b"X: \x01\x02\x7f", b"X\xff: y", b"(x): y", b"X y: z",
    b"Range: bytes=0-1\r\nRange: bytes=2-3", b"Range: bytes=0-1\r\nrange:", b"X: " + b"y" * 60_000,
    b"X: " + b"y" * 66_000, b"X: " + b"y" * 300_000, b"\r\n".join(b"X-%d: y" % n for n in range(3000)),
    b"\r\n".join([b"X: y"] * 500), b"Authorization: Bearer a\r\nAuthorization: Bearer " + TOKEN,
    b"Cookie: a\r\nCookie: b", b"If-Match: a\r\nIf-Match: *", b"If-None-Match: " + b'"x", ' * 10_000, b"Origin: \x00",
    b"Connection: close, close, keep-alive", b"Connection: Range\r\nRange: bytes=0-1",
    b"Expect: 100-continue\r\nExpect: x", b"X-Forwarded-For: " + b"1," * 5000,
    b"X-Accel-Redirect: /published/guarded/%b@1/small" % WITHHELD.encode(),
    b"Upgrade: websocket\r\nConnection: upgrade",
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nConnection: Upgrade, HTTP2-Settings",
    b"X-HTTP-Method-Override: DELETE", b"Range: bytes=" + b"0-1," * 15_000, b"Keep-Alive: timeout=-1",
    b"Proxy-Connection: close",
]  # fmt: skip


def _mutilated(chance: random.Random, raw: bytes) -> bytes:
    """Some bytes changed, left out, said twice or put in."""
    changed = bytearray(raw)
    for _ in range(chance.choice([1, 1, 2, 3, 8])):
        position = chance.randrange(len(changed) + 1)
        match chance.randrange(6):
            case 0:
                changed[position : position + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[position : position + chance.choice([1, 2, 30])]
            case 2:
                changed[position:position] = changed[position : position + chance.randrange(100)]
            case 3:
                changed[position:position] = chance.choice(
                    [b"\r", b"\n", b"\r\n", b"\x00", b" ", b"\t", b":", b"\r\n\r\n", b"\x80"]
                )
            case 4:
                changed = bytearray(bytes(changed).replace(b"\r\n", b"\n"))
            case _:
                changed[position:position] = chance.randbytes(chance.randrange(20))
    return bytes(changed)
