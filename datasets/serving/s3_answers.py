"""S3's own answers: XML documents and errors."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from datasets.serving.answers import COMMON_HEADERS, Answer, Header
from datasets.storage.errors import ObjectAbsent
from datasets.storage.keys import InvalidKey
from datasets.volumes.errors import CisternaError

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_no_text = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").search

_CODES = {
    "precondition-failed": "PreconditionFailed",
    "range-not-satisfiable": "InvalidRange",
    "read-only": "MethodNotAllowed",
}
_OF_A_DOCUMENT = frozenset({b"content-type", b"content-length", b"cache-control", b"retry-after"}) | {
    name for name, _ in COMMON_HEADERS
}


class S3Error(Exception):
    """An error that S3 has a code for."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message


def no_such_bucket() -> S3Error:
    """For what is absent and for what one may not know of: nobody can tell the two apart."""
    return S3Error(
        "NoSuchBucket",
        404,
        "There is no dataset of this name, or it is not open to you. A bucket is <dataset> or <dataset>.v<version>",
    )


def as_s3_error(error: CisternaError) -> S3Error:
    """What S3 calls ``error``."""
    if isinstance(error, ObjectAbsent):
        return S3Error("NoSuchKey", 404, "There is no object with this key")
    if isinstance(error, InvalidKey):
        return S3Error("InvalidArgument", 400, f"{error.what}. {error.fix}".strip())
    if error.status == 503:
        return S3Error("ServiceUnavailable", 503, f"{error.title}. Try again later")
    message = ". ".join(part for part in (error.what, error.fix) if part)
    return S3Error(_CODES.get(error.slug, "InternalError"), error.status, message)


def error_answer(error: S3Error, *, cause: CisternaError | None = None, headers: Iterable[Header] = ()) -> Answer:
    """The XML answer to ``error``; ``cause`` is what the log is told."""
    if cause is not None and cause.retry_after_s is not None:
        headers = (*headers, (b"retry-after", b"%d" % cause.retry_after_s))
    answer = xml_answer(document("Error", elements(Code=error.code, Message=error.message), namespace=""))
    return Answer(error.status, (*answer.headers, *headers), answer.body, cause)


def translated(answer: Answer, *, head: bool = False) -> Answer:
    """An answer of the data plane as S3 gives it: what is an error becomes S3's, with the headers it came with."""
    if answer.error is None:
        return answer
    kept = [(n, v) for n, v in answer.headers if n not in _OF_A_DOCUMENT]
    result = error_answer(as_s3_error(answer.error), cause=answer.error, headers=kept)
    if head:
        result.body = b""
    return result


def xml_answer(body: bytes, *, caching: bytes = b"no-store") -> Answer:
    return Answer(
        200,
        (
            (b"content-type", b"application/xml"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", caching),
            *COMMON_HEADERS,
        ),
        body,
    )


def document(name: str, content: str, *, namespace: str = NAMESPACE) -> bytes:
    attribute = f' xmlns="{namespace}"' if namespace else ""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}{attribute}>{content}</{name}>'.encode()


def element(name: str, **fields: str | None) -> str:
    return f"<{name}>{elements(**fields)}</{name}>"


def elements(**fields: str | None) -> str:
    """One element for each field that is not None."""
    return "".join(
        f"<{name}>{escape(text, {'"': '&quot;', '\r': '&#13;'})}</{name}>"
        for name, text in fields.items()
        if text is not None
    )


def is_text(text: str) -> bool:
    """Whether XML can hold it."""
    return _no_text(text) is None


def time_text(time_s: float) -> str:
    """Whole seconds, as ``Last-Modified`` has them too."""
    return datetime.fromtimestamp(int(time_s), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
