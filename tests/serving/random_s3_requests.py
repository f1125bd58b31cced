"""Random requests to ``/s3/``, and what a reference says of them: objects, listings, signatures and what is none.

Signatures hold for a quarter of an hour, so these requests are made of a seed, a number and the time in steps of five
minutes.
"""

import hmac
import random
import time
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import quote, unquote_to_bytes

from tests.serving.plane import DRAFTED, KEY_ID, SECRET, WITHHELD
from tests.serving.random_case import Case, expected_answer, spell
from tests.serving.random_headers import DECISIVE_NAMES, Headers, random_conditions, random_range
from tests.serving.random_place import CLOSED, FROZEN, HIDDEN, MTIME_S, OPEN


def bucket_of(address: str) -> str:
    return address.replace("@", ".v")


BUCKETS = {bucket_of(address): objects for address, objects in OPEN.items()}
"""What everybody may read, by bucket and key."""
WITH_KEY = {**BUCKETS, "secret": FROZEN, "secret.v1": FROZEN}
"""What the holder of the key may read."""
RETIRED = ("cells.v1", "gone.v1", "gone")
CLOSED_BUCKETS = tuple(name for name in map(bucket_of, CLOSED) if name not in WITH_KEY)

_PARTS = ["", "c", "c/", "c/0/", "odd/", "odd/a b", "odd/%", "deep/deep/", "n", "em/", "em/s1", "é", "..", "../", "/"]
_WILD = ["\0", "\r\n", "\U0010ffff", "x" * 2000, "<&>\"'", "]]>", "\x7f", "%", "+", "sealed/", "../../withheld/"]
_OPERATIONS = ["acl", "policy", "versions", "uploads", "tagging", "partNumber=2", "versionId=x", "location", "cors"]


def s3_case(chance: random.Random, number: str, headers: Headers) -> Case:
    """One of them, with ``headers`` beside what it needs."""
    headers = [pair for pair in headers if pair[0] not in DECISIVE_NAMES and pair[0] != b"Authorization"]
    kind, way = chance.random(), _ways(chance)
    method = b"GET" if chance.random() < 0.8 else chance.choice([b"HEAD", b"HEAD", b"PUT", b"DELETE", b"OPTIONS"])
    query: list[tuple[str, str]] = []
    if kind < 0.45:
        bucket = chance.choice(list(WITH_KEY))
        key = chance.choice([key for key in WITH_KEY[bucket] if key != "smuggled"])
        path = b"/s3/%b/%b" % (bucket.encode(), spell(chance, key))
        if (method in (b"GET", b"HEAD")) and way in ("none", "header", "presigned"):
            content = (WITH_KEY if way != "none" else BUCKETS).get(bucket, {}).get(key)
            return _object_case(chance, number, method, path, headers, way, content)
    elif kind < 0.75:
        bucket = chance.choice(list(WITH_KEY) if chance.random() < 0.7 else CLOSED_BUCKETS)
        path = b"/s3/%b%b" % (bucket.encode(), chance.choice([b"", b"/"]))
        query = _listing(chance)
    elif kind < 0.85:
        path = chance.choice([b"/s3", b"/s3/"])
        if chance.random() < 0.7:
            bucket = chance.choice([*WITH_KEY, *CLOSED_BUCKETS, ""])
            query = [("list-type", "2"), ("delimiter", "/"), ("prefix", f"{bucket}/"[: chance.randrange(1, 99)])]
            query += [("max-keys", chance.choice(["1", "3", "0", "x"]))] if chance.random() < 0.3 else []
    elif kind < 0.93:
        bucket = chance.choice([*CLOSED_BUCKETS, *map(bucket_of, HIDDEN)])
        key = chance.choice(["small", "c/0", "absent", "sealed/deep/object", "..", "a//b", "%00"])
        path = b"/s3/%b/%b" % (bucket.encode(), key.encode())
    else:
        path = b"/s3/" + b"/".join(chance.choices(_SEGMENTS, k=chance.randrange(1, 6)))
        name, _, value = chance.choice(_OPERATIONS).partition("=")
        query = [(name, value)] if chance.random() < 0.5 else []
    return _signed_case(chance, number, method, path, query, headers, way)


def _ways(chance: random.Random) -> str:
    """How a request is signed."""
    return chance.choices(
        ["none", "header", "presigned", "wrong", "unknown", "skewed", "expired", "garbage", "changed"],
        [40, 22, 12, 5, 5, 4, 4, 4, 4],
    )[0]


REFUSALS = {
    "wrong": "SignatureDoesNotMatch",
    "unknown": "InvalidAccessKeyId",
    "skewed": "RequestTimeTooSkewed",
    "expired": "AccessDenied",
    "changed": "SignatureDoesNotMatch",
}
"""What is said to a signature that is none, whatever it is for."""


def _object_case(
    chance: random.Random, number: str, method: bytes, path: bytes, headers: Headers, way: str, content: bytes | None
) -> Case:
    """A request for an object that is there; ``content`` is None where it is not open to whoever asks."""
    asked: tuple[int, int] | int | None = None
    is_known, status, size = content is not None, 200, 11 if content is None else len(content)
    if chance.random() < 0.5:
        value, asked, is_sure = random_range(chance, size)
        headers.append((b"Range", value))
        is_known &= is_sure and bool(content or asked != 416)
    if chance.random() < 0.4:
        verdict, more = random_conditions(chance, b'"%x-%x"' % (MTIME_S, size))
        headers += more
        if verdict is None:
            is_known = False
        elif verdict == "whole":
            asked = None
        elif verdict:
            status = int(verdict)
    expected = None
    if is_known and content is not None:
        expected = expected_answer(status, content, asked if content else None)
    return _signed_case(chance, number, method, path, [], headers, way, expected)


def _listing(chance: random.Random) -> list[tuple[str, str]]:
    def part() -> str:
        return chance.choice(_PARTS if chance.random() < 0.85 else _WILD)

    choices = {
        "list-type": lambda: chance.choice(["2", "2", "2", "1", "3", ""]),
        "prefix": part,
        "delimiter": lambda: chance.choice(["/", "/", "/", "d", "o", "e/", "é", "\0"]),
        "start-after": part,
        "marker": part,
        "continuation-token": lambda: chance.choice(["1Yw", "1b2RkL2E", "1", "2Yw", "1=", "é", "1_-", "1\xff"]),
        "max-keys": lambda: chance.choice(["1", "2", "3", "7", "1000", "0", "-1", "99999999999", "٣", "2147483647"]),
        "encoding-type": lambda: chance.choice(["url", "url", "URL"]),
        "fetch-owner": lambda: "true",
        "x-id": lambda: "ListObjectsV2",
    }
    likely = {"list-type": 0.8, "prefix": 0.6, "delimiter": 0.5, "encoding-type": 0.4, "max-keys": 0.4}
    return [(name, choose()) for name, choose in choices.items() if chance.random() < likely.get(name, 0.15)]


def _signed_case(
    chance: random.Random,
    number: str,
    method: bytes,
    path: bytes,
    query: list[tuple[str, str]],
    headers: Headers,
    way: str,
    expected: tuple[int, bytes] | None = None,
) -> Case:
    chance.shuffle(query)
    host = next(value for name, value in headers if name == b"Host").decode()
    key_id = "CSTNOBODY" if way == "unknown" else KEY_ID
    secret = "another secret" if way == "wrong" else SECRET
    signed_s = time.time() // 300 * 300 - (
        2000 if way == "skewed" else 8 * 24 * 3600 if way == "expired" else chance.randrange(300)
    )
    signed_path = path + b"x" if way == "changed" else path
    sent = list(query)
    if way in ("presigned", "expired"):
        sent = presigned(method.decode(), host, signed_path, query, key_id, secret, signed_s, 7 * 24 * 3600)
    elif way == "garbage":
        headers.insert(0, (b"Authorization", chance.choice(_GARBAGE)))
    elif way != "none":
        headers[:0] = signed_headers(method.decode(), host, signed_path, query, key_id, secret, signed_s)
    text = "&".join(f"{quote(n, safe='')}={quote(v, safe=chance.choice(['', '/']))}" for n, v in sent).encode()
    target = path + (b"?" + text if text else b"")
    is_right = way in ("header", "presigned")
    code = REFUSALS.get(way, "") if method in (b"GET", b"HEAD") else ""
    return Case(number, method, target, tuple(headers), b"", expected, is_right, way != "none", code)


def signed_headers(
    method: str, host: str, path: bytes, query: list[tuple[str, str]], key_id: str, secret: str, signed_s: float
) -> Headers:
    """The headers with a signature, as the specification makes it."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(signed_s))
    names = "host;x-amz-content-sha256;x-amz-date"
    lines = f"host:{host}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\nx-amz-date:{moment}\n"
    scope, signature = _signature(method, path, query, lines, names, secret, moment)
    credential = f"Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return [
        (b"Authorization", f"AWS4-HMAC-SHA256 {credential}".encode()),
        (b"X-Amz-Content-Sha256", b"UNSIGNED-PAYLOAD"),
        (b"X-Amz-Date", moment.encode()),
    ]


def presigned(
    method: str,
    host: str,
    path: bytes,
    query: list[tuple[str, str]],
    key_id: str,
    secret: str,
    signed_s: float,
    expires_s: int,
) -> list[tuple[str, str]]:
    """The query with a signature in it."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(signed_s))
    query = [
        *query,
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", f"{key_id}/{_scope(moment)}"),
        ("X-Amz-Date", moment),
        ("X-Amz-Expires", str(expires_s)),
        ("X-Amz-SignedHeaders", "host"),
    ]
    _, signature = _signature(method, path, query, f"host:{host}\n", "host", secret, moment)
    return [*query, ("X-Amz-Signature", signature)]


def _scope(moment: str) -> str:
    return f"{moment[:8]}/eu-west-9/s3/aws4_request"


def _signature(
    method: str, path: bytes, query: list[tuple[str, str]], lines: str, names: str, secret: str, moment: str
) -> tuple[str, str]:
    pairs = sorted((quote(name, safe="-._~"), quote(value, safe="-._~")) for name, value in query)
    canonical = "\n".join(
        (method, quote(unquote_to_bytes(path), safe="/-._~"), "&".join(f"{n}={v}" for n, v in pairs), lines, names,
         "UNSIGNED-PAYLOAD")
    )  # fmt: skip
    scope = _scope(moment)
    text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return scope, hmac.digest(key, text.encode(), "sha256").hex()


def keys_listed(objects: Mapping[str, bytes], prefix: str, delimiter: str, after: str) -> list[str]:
    """All that a listing shows, objects and common prefixes, in order."""
    found = set()
    for key in objects:
        if key.startswith(prefix):
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            found.add(key if end < 0 else key[: end + len(delimiter)])
    return sorted(key for key in found if key > after)


_GARBAGE = [
    b"AWS4-HMAC-SHA256", b"AWS4-HMAC-SHA256 ", b"AWS4-HMAC-SHA256 Credential=x", b"AWS cisterna-reader:x",
    b"Basic eDp5", b"AWS4-HMAC-SHA256 Credential=/////, SignedHeaders=, Signature=", b"Bearer open-sesame",
    b"\xff" * 50, b"," * 5000,
    b"AWS4-HMAC-SHA256 Credential=reader/20261125/x/s3/aws4_request, SignedHeaders=host, Signature=" + b"0" * 64,
    b"AWS4-HMAC-SHA256 Credential=\xe0\xa5\xa7/\xd9\xa3/x/s3/aws4_request,SignedHeaders=\xff,Signature=" + b"f" * 64,
    b"AWS4-ECDSA-P256-SHA256 Credential=x",
]  # fmt: skip
_SEGMENTS = [
    b"frozen.v1", b"frozen", b"frozen@1", b"frozen.v01", b"frozen.v0", b"FROZEN", b"linked", b"secret", b"cells.v2",
    b"cells.v1", b"%66rozen", b"frozen.v1%00", b"frozen%2esmall", b"frozen.vdraft", b"frozen.v99999999999", b"trouble",
    WITHHELD.encode(), b"%b.v1" % WITHHELD.encode(), DRAFTED.encode(), b"..", b".", b"", b"%2e%2e", b"%2f", b"\\",
    b"%5c", b"%00", b"%zz", b"%", b"%c0%ae", b"%ff", b"small", b"out", b"out-file", b"root", b"circle", b"fifo", b"own",
    b"sealed", b"c", b"0", b"x" * 300, b"~open-sesame", b"%0d%0aX-Injected:%20yes", b"+", b"*", b"<small>", b"odd",
    b"s3", b"data",
]  # fmt: skip
