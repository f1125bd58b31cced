"""A random request, and the ways to write what it asks for."""

import random
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Case:
    """One request that is HTTP, whatever it asks for.

    Args:
        expected: status and bytes where the reference knows them; the bytes are those of the object that are to come.
        shows_token: whether the caller has shown the token; of S3, a signature made with the secret.
        is_signed: whether it counts for its own method and path alone.
        code: the error of S3 that is to come, where the reference knows it.
    """

    number: str
    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""
    expected: tuple[int, bytes] | None = None
    shows_token: bool = False
    is_signed: bool = False
    code: str = ""

    @property
    def line(self) -> bytes:
        return b"%b %b HTTP/1.1\r\n" % (self.method, self.target)

    @property
    def rest(self) -> bytes:
        return b"".join(b"%b: %b\r\n" % pair for pair in self.headers) + b"\r\n" + self.body

    @property
    def raw(self) -> bytes:
        return self.line + self.rest

    @property
    def speaks_s3(self) -> bool:
        return self.target.startswith(b"/s3/") or self.target.partition(b"?")[0] == b"/s3"


def expected_answer(status: int, content: bytes, asked: tuple[int, int] | int | None) -> tuple[int, bytes]:
    """Status and bytes for an object: of its conditions came ``status``, of its range ``asked``."""
    if status != 200:
        return status, b""
    if isinstance(asked, int):
        return asked, b""
    return (206, content[slice(*asked)]) if asked else (200, content)


_PLAIN = "/~!$&'()*+,;=:@"


def spell(chance: random.Random, key: str) -> bytes:
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
