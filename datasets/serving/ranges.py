"""Byte ranges (RFC 9110, section 14)."""

import enum
import re

_one_range = re.compile(rb"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.IGNORECASE | re.ASCII).fullmatch
_MAX_DIGITS = 18  # more than any file has, and int() refuses some thousands


class Unsatisfiable(enum.Enum):
    """The one value that says: well formed, and no byte of the object is in it."""

    UNSATISFIABLE = enum.auto()


UNSATISFIABLE = Unsatisfiable.UNSATISFIABLE


def parse_range(header: bytes, size_bytes: int) -> tuple[int, int] | Unsatisfiable | None:
    """The bytes that a ``Range`` header asks for.

    Args:
        header: its value: ``bytes=a-b``, ``bytes=a-`` or ``bytes=-n``.
        size_bytes: the size of the object.

    Returns:
        ``(start, stop)``, half open, within the object and not empty; ``UNSATISFIABLE`` (416) when there is no such
        byte; None when the whole is to be sent as if nothing had been asked: other units, several ranges, malformed.
    """
    match = _one_range(header)
    if match is None:
        return None
    first, last = match[1], match[2]
    if not first:
        if not last:
            return None
        length = min(_number(last), size_bytes)
        return (size_bytes - length, size_bytes) if length else UNSATISFIABLE
    start = _number(first)
    stop = size_bytes
    if last:
        end = _number(last)
        if end < start:
            return None
        stop = min(end + 1, size_bytes)
    return (start, stop) if start < size_bytes else UNSATISFIABLE


def _number(digits: bytes) -> int:
    digits = digits.lstrip(b"0")
    return int(digits or b"0") if len(digits) <= _MAX_DIGITS else 10**_MAX_DIGITS
