"""Random headers of requests, and what the reference says of them (RFC 9110)."""

import random
from collections.abc import Callable

from tests.serving.plane import TOKEN, WITHHELD

type Headers = list[tuple[bytes, bytes]]

DATE, EARLIER, LATER = (
    b"Tue, 14 Nov 2023 22:13:20 GMT",  # MTIME_S
    b"Mon, 01 Jan 2001 00:00:00 GMT",
    b"Wed, 08 Jul 2037 22:53:52 GMT",
)


def random_range(chance: random.Random, size: int) -> tuple[bytes, tuple[int, int] | int | None, bool]:
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


def random_conditions(chance: random.Random, etag: bytes) -> tuple[str | None, Headers]:
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


def random_headers(chance: random.Random) -> Headers:
    """Headers that go along with anything and change nothing of what is public."""
    headers: Headers = [(b"Host", chance.choice([b"here", b"here:80", b"127.0.0.1", b"[::1]"]))]
    for likely, make in _NOISE:
        if chance.random() < likely:
            headers.append(make(chance))
    chance.shuffle(headers)
    return headers


# What a request is answered, or where it ends, by headers that others of a burst may have too.
DECISIVE = [(b"If-None-Match", b"*"), (b"If-Match", b'"other"'), (b"If-Range", b'"other"'), (b"Content-Length", b"5")]
DECISIVE_NAMES = {name for name, _ in DECISIVE}


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
