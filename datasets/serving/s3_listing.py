"""S3's listings: what a query asks for, a page of it, and its XML."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from datasets.serving.s3_answers import S3Error, document, element, elements, is_text, time_text
from datasets.storage.mounts import Mounts
from datasets.storage.union import KeyPage, list_keys

MAX_KEYS = 1000


def read_query(query: bytes) -> dict[str, str]:
    """The parameters of a query, decoded; of a name that stands twice the first counts.

    Raises:
        S3Error: one is not UTF-8.
    """
    found: dict[str, str] = {}
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if part:
            found.setdefault(_decoded(name), _decoded(value))
    return found


def _decoded(text: bytes) -> str:
    try:
        return unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise S3Error("InvalidArgument", 400, "A parameter is not UTF-8") from None


@dataclass(frozen=True, slots=True)
class ListingRequest:
    """What ListObjects (``version`` 1) or ListObjectsV2 (2) asks for."""

    version: int
    prefix: str
    delimiter: str
    after: str
    max_keys: int
    is_encoded: bool
    token: str | None
    start_after: str

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "ListingRequest":
        """From the parameters.

        Raises:
            S3Error: one of them is invalid.
        """
        kind = query.get("list-type", "1")
        if kind not in ("1", "2"):
            raise S3Error("InvalidArgument", 400, "list-type is 2, or is left out")
        encoding = query.get("encoding-type", "")
        if encoding not in ("", "url"):
            raise S3Error("InvalidArgument", 400, "The encoding-type is url, or is left out")
        token = query.get("continuation-token") if kind == "2" else None
        start_after = query.get("start-after" if kind == "2" else "marker", "")
        found = cls(
            int(kind),
            query.get("prefix", ""),
            query.get("delimiter", ""),
            _read_token(token) if token else start_after,
            _read_max_keys(query.get("max-keys", "")),
            bool(encoding),
            token,
            start_after,
        )
        if not found.is_encoded and not all(map(is_text, (found.prefix, found.delimiter, found.start_after))):
            raise S3Error("InvalidArgument", 400, "XML cannot show what was sent: add encoding-type=url")
        return found


def _read_max_keys(text: str) -> int:
    if not text:
        return MAX_KEYS
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise S3Error("InvalidArgument", 400, "max-keys is a number from 0 to 2147483647")
    return min(int(text), MAX_KEYS)


def write_token(key: str) -> str:
    """A continuation token: the last key of a page, and nothing else."""
    return "1" + base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _read_token(token: str) -> str:
    try:
        padded = token[1:].encode("ascii") + b"=" * (-len(token[1:]) % 4)
        if token[:1] == "1":
            return base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, UnicodeError):
        pass
    raise S3Error("InvalidArgument", 400, "The continuation token provided is incorrect")


def read_page(version: Mounts, asked: ListingRequest) -> KeyPage:
    """What a listing shows.

    Raises:
        StorageBackendNotServed, StorageError: something on the way cannot be read.
    """
    if not asked.max_keys:
        return KeyPage([], is_truncated=False)
    return list_keys(version, prefix=asked.prefix, delimiter=asked.delimiter, after=asked.after, limit=asked.max_keys)


def render(bucket: str, asked: ListingRequest, page: KeyPage) -> bytes:
    """The XML of a page."""

    def encoded(text: str) -> str:
        return quote(text, safe="/") if asked.is_encoded else text

    last = page.entries[-1].key if page.is_truncated and page.entries else ""
    fields: dict[str, str | None] = {"Name": bucket, "Prefix": encoded(asked.prefix)}
    if asked.version == 1:
        fields |= {"Marker": encoded(asked.start_after), "NextMarker": encoded(last) or None}
    else:
        fields |= {
            "StartAfter": encoded(asked.start_after) or None,
            "ContinuationToken": asked.token,
            "NextContinuationToken": write_token(last) if last else None,
            "KeyCount": str(len(page.entries)),
        }
    fields |= {
        "MaxKeys": str(asked.max_keys),
        "Delimiter": encoded(asked.delimiter) or None,
        "IsTruncated": str(page.is_truncated).lower(),
        "EncodingType": "url" if asked.is_encoded else None,
    }
    objects, prefixes = [], []
    for entry in page.entries:
        if asked.delimiter and entry.key.find(asked.delimiter, len(asked.prefix)) >= 0:
            prefixes.append(element("CommonPrefixes", Prefix=encoded(entry.key)))
        else:
            objects.append(
                element(
                    "Contents",
                    Key=encoded(entry.key),
                    LastModified=time_text(entry.mtime_s),
                    ETag=entry.etag,
                    Size=str(entry.size_bytes),
                    StorageClass="STANDARD",
                )
            )
    return document("ListBucketResult", elements(**fields) + "".join(objects) + "".join(prefixes))
