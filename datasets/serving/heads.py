"""Heads of requests that repeat: a viewer sends the same headers with every chunk, but for the range.

What is judged here is only whether a head is, byte for byte, one that the parser has read before on its connection,
with another path and another range in it. Paths and ranges are taken for such only in their plainest form; everything
else is the parser's, so there is one reader of HTTP and not two.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

_line_of = re.compile(rb"GET (/data/[A-Za-z0-9_.~!$&'()*+,;=:@%/-]+) HTTP/1\.1(?=\r\n)").match
_range_in = re.compile(rb"\r\nrange: (bytes=[0-9]*-[0-9]*)(?=\r\n)", re.IGNORECASE).search
END = b"\r\n\r\n"

_NOT_TO_REPEAT = frozenset({b"content-length", b"transfer-encoding", b"upgrade", b"expect"})
"""What has one of these may have a body, or is not only a request."""


class Head(NamedTuple):
    """A head taken apart: the path, the range (None: none), and the other headers as they were sent."""

    target: bytes
    range: bytes | None
    rest: bytes


def take_apart(data: bytes) -> Head | None:
    """The head that ``data`` is, from its first byte to its last; None where it is not of the plainest form."""
    line = _line_of(data)
    if line is None or data.find(END) != len(data) - len(END):
        return None
    rest = data[line.end() :]
    span = _range_in(rest)
    if span is None:
        return Head(line[1], None, rest)
    return Head(line[1], span[1], rest[: span.start()] + rest[span.end() :])


def may_repeat(head: Head, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the next head may be known by this one, which the parser read as ``headers``, names in lower case."""
    names = [name for name, _ in headers]
    return _NOT_TO_REPEAT.isdisjoint(names) and names.count(b"range") == (head.range is not None)
