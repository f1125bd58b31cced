"""Byte ranges (RFC 9110, section 14)."""

import enum
import re

_one_range = re.compile(rb"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.IGNORECASE | re.ASCII).fullmatch
_MAX_DIGITS = 18  # more than any file has, and int() refuses some thousands


class Unsatisfiable(enum.Enum):
    """The one value that says: well formed, and no byte of the object is in it."""

    UNSATISFIABLE = enum.auto()


UNSATISFIABLE = Unsatisfiable.UNSATISFIABLE


def read_range(header: bytes) -> tuple[int, int | None] | Unsatisfiable | None:
    """What a ``Range`` header asks for, before the object's size is known.

    Args:
        header: its value: ``bytes=a-b``, ``bytes=a-`` or ``bytes=-n``.

    Returns:
        ``(start, stop)`` as Python slices: half open, no stop for the end, a negative start counts from there;
        ``UNSATISFIABLE`` (416) for the last zero bytes; None when the whole is to be sent as if nothing had been asked:
        other units, several ranges, malformed.
    """
    match = _one_range(header)
    if match is None:
        return None
    first, last = match[1], match[2]
    if not first:
        if not last:
            return None
        length = _number(last)
        return (-length, None) if length else UNSATISFIABLE
    start = _number(first)
    if not last:
        return start, None
    end = _number(last)
    return (start, end + 1) if end >= start else None


def parse_range(header: bytes, size_bytes: int) -> tuple[int, int] | Unsatisfiable | None:
    """The bytes of an object of ``size_bytes`` that a ``Range`` header asks for.

    Returns:
        ``(start, stop)``, half open, within the object and not empty; ``UNSATISFIABLE`` (416) when there is no such
        byte; None for the whole, as :func:`read_range`.
    """
    asked = read_range(header)
    if asked is None or isinstance(asked, Unsatisfiable):
        return asked
    start, stop = asked
    if start < 0:
        start = max(size_bytes + start, 0)
    return (start, size_bytes if stop is None else min(stop, size_bytes)) if start < size_bytes else UNSATISFIABLE


def _number(digits: bytes) -> int:
    digits = digits.lstrip(b"0")
    return int(digits or b"0") if len(digits) <= _MAX_DIGITS else 10**_MAX_DIGITS
