"""Answers: status, headers and body, and what every answer of the data plane carries."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from datasets.storage.errors import StorageError
from datasets.storage.files import LocalFolder, OpenFile
from datasets.storage.streams import OpenObject
from datasets.volumes.errors import CisternaError

type Header = tuple[bytes, bytes]

COMMON_HEADERS: tuple[Header, ...] = (
    # "*" also for data that is not public: browsers then refuse to send cookies along, so it opens nothing.
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Content-Range, ETag, Content-Length"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
)

NO_STORE = b"private, no-store"
NO_CACHE = b"no-cache"
_CONTENT_TYPES = {
    **dict.fromkeys(("json", "zarray", "zattrs", "zgroup", "zmetadata", "info", "geojson"), b"application/json"),
    # Whatever a browser would run is shown as what it is: text.
    **dict.fromkeys(
        ("txt", "md", "log", "toml", "yaml", "yml", "html", "htm", "xhtml", "svg", "js", "mjs", "css"),
        b"text/plain; charset=utf-8",
    ),
    "csv": b"text/csv; charset=utf-8",
    "tsv": b"text/tab-separated-values; charset=utf-8",
    "xml": b"application/xml",
    "pdf": b"application/pdf",
    "png": b"image/png",
    "jpg": b"image/jpeg",
    "jpeg": b"image/jpeg",
    "webp": b"image/webp",
    "tif": b"image/tiff",
    "tiff": b"image/tiff",
    "zip": b"application/zip",
    "gz": b"application/gzip",
    "parquet": b"application/vnd.apache.parquet",
}


def content_type(key: str) -> bytes:
    """The media type of an object by its name; never one that a browser runs."""
    name = key[key.rfind("/") + 1 :]
    return _CONTENT_TYPES.get(name[name.rfind(".") + 1 :].lower(), b"application/octet-stream")


@dataclass(slots=True)
class FileSlice:
    """A body that is read while it is sent: the bytes ``start`` to ``stop`` (half open) of an open file. Close it."""

    file: OpenFile
    start: int
    stop: int

    @property
    def length(self) -> int:
        return self.stop - self.start

    def close(self) -> None:
        self.file.close()

    def __del__(self) -> None:
        self.close()  # an answer that a thread finished after its caller had gone


class Keepable(NamedTuple):
    """Where an object lies that may be kept at hand (:mod:`datasets.serving.kept`), and what all of its kind share."""

    folder: LocalFolder
    key: str
    within: str
    shared_headers: tuple[Header, ...]
    dataset: str


@dataclass(slots=True)
class Answer:
    """A whole answer. The body of a HEAD is empty, its headers are the GET's. ``kind`` is for counting; ``lines``
    are the headers as they are sent, where somebody has them."""

    status: int
    headers: tuple[Header, ...]
    body: bytes | FileSlice | OpenObject = b""
    error: CisternaError | None = None
    kind: str = "object"
    lines: bytes = b""
    keepable: Keepable | None = None


def header_lines(headers: Iterable[Header]) -> bytes:
    """Headers as they are sent."""
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])


@lru_cache(maxsize=1024)
def object_headers(media_type: bytes, caching: bytes) -> tuple[Header, ...]:
    """The headers that all objects of one kind share."""
    return (
        (b"content-type", media_type),
        (b"cache-control", caching),
        (b"accept-ranges", b"bytes"),
        *COMMON_HEADERS,
    )


def problem_answer(error: CisternaError, *, where: str = "", headers: Iterable[Header] = ()) -> Answer:
    """The RFC 9457 answer to ``error``.

    Args:
        where: the place in the dataset, put in the place of what the error says (that may be a place in the storage).
        headers: further headers.
    """
    problem = error.problem()
    problem.pop("where", None)
    if where:
        problem["where"] = where
    if isinstance(error, StorageError) and error.status == 503:
        problem.pop("fix", None)  # the operator's to mend, and of the configuration: the log has it
    if error.retry_after_s is not None:
        headers = (*headers, (b"retry-after", b"%d" % error.retry_after_s))
    body = json.dumps(problem, ensure_ascii=False).encode()
    return Answer(
        error.status,
        (
            (b"content-type", b"application/problem+json"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            *COMMON_HEADERS,
            *headers,
        ),
        body,
        error,
    )
