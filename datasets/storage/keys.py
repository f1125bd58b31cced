"""Canonical keys: the one form in which an object is named, judged on the raw percent-encoded path.

A server that decodes first cannot tell ``a%2Fb`` from ``a/b`` or see ``%2e%2e``; whoever reads a path from the outside
therefore hands its undecoded bytes to :func:`canonical_key` and works with the result from there on.
"""

import re

from datasets.storage.errors import StorageError

MAX_KEY_BYTES = 1024
"""The longest key, in bytes of UTF-8: S3's limit."""

# Nearly every key of a Zarr is made of these; one match is a tenth of the work of judging segment by segment.
_PLAIN_SEGMENT = rb"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.~!$&'()*+,;=:@-]+"
_plain_key = re.compile(_PLAIN_SEGMENT + rb"(?:/" + _PLAIN_SEGMENT + rb")*").fullmatch
_percent_escape = re.compile(rb"%([0-9A-Fa-f]{2})?")
_control_character = re.compile("[\x00-\x1f\x7f-\x9f]").search
_no_segment = re.compile("[/\\\\\x00-\x1f\x7f-\x9f\ud800-\udfff]|\\A\\.{0,2}\\Z").search


class InvalidKey(StorageError):
    """The path is no canonical key, or leads out of its root."""

    slug = "invalid-key"
    status = 400
    title = "The path is not a valid key"


def canonical_key(raw: bytes) -> str:
    """The key that a raw percent-encoded path names.

    Args:
        raw: the path below the dataset or root, percent-encoded, without a leading or trailing slash.

    Returns:
        Segments joined by ``/``, decoded once; none is empty, ``.`` or ``..``; no backslash or control character;
        at most :data:`MAX_KEY_BYTES` bytes of UTF-8. Two different results never name the same object.

    Raises:
        InvalidKey: the path breaks one of these rules, also under an escape (``%2F``, ``%2e%2e``, ``%5C``, ``%00``), or
            is not UTF-8.
    """
    if len(raw) <= MAX_KEY_BYTES and _plain_key(raw):
        return raw.decode("ascii")
    if len(raw) > 3 * MAX_KEY_BYTES:
        raise _invalid(raw, f"The key is longer than {MAX_KEY_BYTES} bytes")
    for escape in _percent_escape.finditer(raw):
        if escape[1] is None:
            raise _invalid(raw, "A percent sign is not followed by two hexadecimal digits")
        if escape[1].upper() == b"2F":
            raise _invalid(raw, "A slash is percent-encoded")
    decoded = _percent_escape.sub(lambda escape: bytes.fromhex(escape[1].decode("ascii")), raw)
    if len(decoded) > MAX_KEY_BYTES:
        raise _invalid(raw, f"The key is longer than {MAX_KEY_BYTES} bytes")
    try:
        key = decoded.decode("utf-8")
    except UnicodeDecodeError:
        raise _invalid(raw, "The key is not UTF-8") from None
    if "\\" in key:
        raise _invalid(raw, "The key has a backslash")
    if _control_character(key):
        raise _invalid(raw, "The key has a control character")
    for segment in key.split("/"):
        if segment in ("", ".", ".."):
            raise _invalid(raw, f"The key has the segment {segment!r}" if segment else "The key has an empty segment")
    return key


def join_key(*parts: str) -> str:
    """Canonical keys joined into one; an empty part is a root's or dataset's top folder and adds nothing."""
    return "/".join(part for part in parts if part)


def is_segment(name: str) -> bool:
    """Whether a file's name can stand in a key between two slashes."""
    return _no_segment(name) is None


def is_below(key: str, folder: str) -> bool:
    """Whether ``key`` is ``folder`` itself or lies in it; the empty folder holds every key."""
    return not folder or key == folder or key.startswith(f"{folder}/")


def _invalid(raw: bytes, what: str) -> InvalidKey:
    return InvalidKey(
        what,
        where=raw[:200].decode("ascii", "backslashreplace"),
        fix="Write the path with single slashes, without '.', '..' or '\\' segments, as percent-encoded UTF-8",
    )
