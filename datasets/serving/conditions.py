"""Conditional requests (RFC 9110, section 13), in the order of its section 13.2.2."""

import enum
import re
from calendar import timegm
from collections.abc import Mapping
from email.utils import formatdate, parsedate
from functools import lru_cache

_next_tag = re.compile(rb'[\s,]*(\*|(?:W/)?"[\x21\x23-\x7e\x80-\xff]*")').match


CONDITIONS = frozenset({b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since"})
"""The headers that :func:`judge` reads."""


class Verdict(enum.Enum):
    PROCEED = enum.auto()
    NOT_MODIFIED = enum.auto()
    FAILED = enum.auto()


def judge(headers: Mapping[bytes, bytes], etag: bytes, mtime_s: int) -> Verdict:
    """What the conditions of a GET or HEAD say of an object that exists.

    Args:
        headers: the request's, by lower-case name.
        etag: the object's strong tag.
        mtime_s: when it was modified, seconds since the epoch.
    """
    if (if_match := headers.get(b"if-match")) is not None:
        if not _matches_strongly(if_match, etag):
            return Verdict.FAILED
    elif (date_s := _date_s(headers.get(b"if-unmodified-since"))) is not None and mtime_s > date_s:
        return Verdict.FAILED
    if (if_none_match := headers.get(b"if-none-match")) is not None:
        if _matches_weakly(if_none_match, etag):
            return Verdict.NOT_MODIFIED
    elif (date_s := _date_s(headers.get(b"if-modified-since"))) is not None and mtime_s <= date_s:
        return Verdict.NOT_MODIFIED
    return Verdict.PROCEED


def range_applies(headers: Mapping[bytes, bytes], etag: bytes, mtime_s: int) -> bool:
    """Whether ``If-Range`` (none: yes) lets the ``Range`` count: the same strong tag, or the very same date."""
    validator = headers.get(b"if-range")
    if validator is None:
        return True
    return validator.strip() == etag or _date_s(validator) == mtime_s


@lru_cache(maxsize=4096)
def http_date(mtime_s: int) -> bytes:
    """``Last-Modified``'s form of a time."""
    return formatdate(mtime_s, usegmt=True).encode()


def _tags(header: bytes) -> list[bytes]:
    """The tags of a list, up to the first thing that is none."""
    tags = []
    position = 0
    while match := _next_tag(header, position):
        tags.append(match[1])
        position = match.end()
    return tags


def _matches_strongly(header: bytes, etag: bytes) -> bool:
    tags = _tags(header)
    return b"*" in tags or etag in tags


def _matches_weakly(header: bytes, etag: bytes) -> bool:
    return any(tag == b"*" or tag.removeprefix(b"W/") == etag for tag in _tags(header))


def _date_s(header: bytes | None) -> int | None:
    """A date's seconds since the epoch; None where there is none or it is no date (then the header does not count)."""
    if header is None:
        return None
    try:
        fields = parsedate(header.decode("ascii"))
        return None if fields is None else timegm(fields)
    except (ValueError, OverflowError):
        return None
