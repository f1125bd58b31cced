"""What a GET or HEAD of an object that exists is answered, wherever its bytes lie: conditions and ranges."""

from collections.abc import Mapping
from typing import NamedTuple

from datasets.serving.answers import Answer, Header, problem_answer
from datasets.serving.conditions import CONDITIONS, Verdict, http_date, judge, range_applies
from datasets.serving.ranges import UNSATISFIABLE, parse_range
from datasets.volumes.errors import CisternaError

WHOLE_BYTES = 1 << 20
"""Bodies up to this size are read before the status is chosen: a read that fails is then a 503, not a broken 200."""


class PreconditionFailed(CisternaError):
    """The object is another than the caller's condition demands."""

    slug = "precondition-failed"
    status = 412
    title = "The object has changed"


class RangeNotSatisfiable(CisternaError):
    """No byte of the object lies in the range."""

    slug = "range-not-satisfiable"
    status = 416
    title = "The range lies outside the object"


class Delivery(NamedTuple):
    """A 200 or 206: its headers, and the bytes that are its body (half open; a HEAD leaves them out)."""

    status: int
    headers: tuple[Header, ...]
    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start


def deliver(
    headers: Mapping[bytes, bytes], size: int, etag: bytes, mtime_s: int, shared_headers: tuple[Header, ...]
) -> Delivery | Answer:
    """What to send of an object.

    Args:
        headers: the request's, by lower-case name.
        size: the object's, in bytes.
        etag: its strong tag.
        mtime_s: when it was modified, seconds since the epoch.
        shared_headers: those of all objects of its kind, ``Content-Type`` first.

    Returns:
        What to send; or the whole answer where that is no part of the object (304, 412, 416).
    """
    validators = ((b"etag", etag), (b"last-modified", http_date(mtime_s)))
    verdict = Verdict.PROCEED if CONDITIONS.isdisjoint(headers) else judge(headers, etag, mtime_s)
    if verdict is Verdict.FAILED:
        return problem_answer(
            PreconditionFailed("The object is not the one that the condition names", fix="Read it again"),
            headers=validators,
        )
    if verdict is Verdict.NOT_MODIFIED:
        return Answer(304, (*shared_headers[1:], *validators))
    start, stop, status = 0, size, 200
    content_range: tuple[Header, ...] = ()
    # An empty object has no ranges; clients that ask for one of everything get it whole, as from nginx.
    if size and (range_header := headers.get(b"range")) is not None and range_applies(headers, etag, mtime_s):
        span = parse_range(range_header, size)
        if span is UNSATISFIABLE:
            return problem_answer(
                RangeNotSatisfiable(f"The object has {size} bytes", fix="Ask for bytes within it"),
                headers=((b"content-range", b"bytes */%d" % size), *validators),
            )
        if span is not None:
            start, stop = span
            status = 206
            content_range = ((b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, size)),)
    all_headers = (*shared_headers, *validators, (b"content-length", b"%d" % (stop - start)), *content_range)
    return Delivery(status, all_headers, start, stop)
