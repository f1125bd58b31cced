"""Objects of an S3 root, through s3fs: for pages, inspection and arrays. Blocking; the data plane has its own reading.

Keys are canonical and relative to the root, and joined to its prefix here: no key leads out of it. s3fs is imported at
the first request, not when a server starts.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.storage.bucket_errors import name_refusal, refusal_of
from datasets.storage.entries import Entry
from datasets.storage.errors import AbsenceHidden, ObjectAbsent, StorageError, StorageForbidden, StorageUnavailable
from datasets.storage.files import stat_etag
from datasets.storage.keys import MAX_KEY_BYTES, is_segment, join_key
from datasets.storage.redirects import Elsewhere, find_elsewhere
from datasets.storage.roots import Root

if TYPE_CHECKING:
    from s3fs import S3FileSystem

    from datasets.storage.streams import BucketStreams

CONNECT_S = 2
ANSWER_S = 4
"""How long a connection, and each read, may take. A dead endpoint is known after twice that: one retry."""

UNLIKELY_KEY = ".cisterna/there-is-no-such-object"
PAGE_KEYS = 1000
"""The most names S3 lists in one answer."""

_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of an object, and how many the whole has."""

    content: bytes
    size_bytes: int


class Bucket:
    """The objects of one S3 root."""

    def __init__(self, root: Root) -> None:
        self.root = root

    def __repr__(self) -> str:
        return f"Bucket({self.root.url!r})"

    def full_key(self, key: str) -> str:
        """The key in the bucket.

        Raises:
            ObjectAbsent: S3 has no keys that long.
        """
        full = join_key(self.root.prefix, key)
        if len(full.encode()) > MAX_KEY_BYTES:
            raise ObjectAbsent("There is no object at this key", where=key)
        return full

    def find_elsewhere(self, key: str, method: str, now_s: float, private: bool) -> Elsewhere | None:
        """As :func:`datasets.storage.redirects.find_elsewhere`, of a key of this root."""
        return find_elsewhere(self.root, self.full_key(key), method, now_s, private=private)

    def read(self, key: str) -> bytes:
        """The whole object, in one request."""
        return self._get(key, None).content

    def read_range(self, key: str, start: int, end: int | None) -> bytes:
        """The bytes from ``start`` to before ``end`` (``None``: to the end), as many as there are, in one request."""
        if end is not None and end <= start:
            self.stat(key)
            return b""
        return self._get(key, f"bytes={start}-{'' if end is None else end - 1}").content

    def read_suffix(self, key: str, size_bytes: int) -> bytes:
        """The last ``size_bytes`` bytes, or the whole where it is shorter, in one request."""
        if not size_bytes:
            self.stat(key)
            return b""
        return self._get(key, f"bytes=-{size_bytes}").content

    def stat(self, key: str) -> int:
        """The size in bytes."""
        try:
            return int(self._call("head_object", key, Key=self.full_key(key))["ContentLength"])
        except StorageError as error:
            if not refusal_of(error.__cause__).is_unexplained:
                raise
        return self._get(key, "bytes=0-0").size_bytes  # an answer to HEAD does not say what is wrong; this one does

    def list_names(self, key: str, *, after: str = "", limit: int, within: str = "") -> list[str]:
        """The first ``limit`` names right below ``key`` behind ``after``, by bytes; those of folders end in ``/``.

        A request for each 1000 of them, whatever else the bucket holds. What is no segment of a key is left out.

        Raises:
            ObjectAbsent: nothing lies below ``key``, but something below ``within``.
            StorageUnavailable: nothing lies below ``within`` either (a mount's target), or the server failed.
        """
        entries, _, is_there = self._below(key, "", after, limit, deep=False)
        if not (is_there or after) and key:
            self._require_mounted(key, within)
            raise ObjectAbsent("There is nothing below this key", where=self.root.url_of(key))
        return [entry.key for entry in entries]

    def list_entries(
        self, key: str, *, prefix: str = "", after: str = "", limit: int, deep: bool, within: str = ""
    ) -> tuple[list[Entry], bool]:
        """As :func:`datasets.storage.walks.list_entries`: a request for each 1000, and the bucket's own facts."""
        entries, is_truncated, is_there = self._below(key, prefix, after, limit, deep=deep)
        if not is_there:
            self._require_mounted(key if not (prefix or after) else "", within)
        return entries, is_truncated

    def _require_mounted(self, absent: str, within: str) -> None:
        """That something lies below ``within`` (a mount's target), as nothing does below ``absent``.

        Raises:
            StorageUnavailable: nothing does.
        """
        if within and (absent == within or not self._has_below(within)):
            raise StorageUnavailable("What the catalogue mounts here is missing", where=self.root.url_of(within))

    def _below(self, key: str, prefix: str, after: str, limit: int, *, deep: bool) -> tuple[list[Entry], bool, bool]:
        """Entries, whether more follow, and whether there was anything, even what cannot be asked for."""
        folder = self.full_key(key)
        top = f"{folder}/" if folder else ""
        entries: list[Entry] = []
        behind, is_truncated, is_there = after, True, False
        while is_truncated and len(entries) < limit:
            page = self._list(
                key,
                Prefix=top + prefix,
                MaxKeys=min(PAGE_KEYS, limit - len(entries)),
                StartAfter=top + (behind if deep else _last_of(behind)) if behind else "",
                **({} if deep else {"Delimiter": "/"}),
            )
            found = sorted(
                [Entry(item["Prefix"][len(top) :]) for item in page.get("CommonPrefixes", ())]
                + [_entry_of(item, len(top)) for item in page.get("Contents", ())],
                key=lambda entry: entry.key,
            )
            is_there, is_truncated = is_there or bool(found), bool(page.get("IsTruncated")) and bool(found)
            entries += [entry for entry in found if entry.key > behind and _can_be_asked_for(entry.key, deep)]
            if found:
                behind = max(behind, found[-1].key)
        return entries, is_truncated, is_there

    def require_below(self, key: str) -> None:
        """That anything lies below ``key``, as far as the bucket lets one look.

        Raises:
            StorageUnavailable: nothing does.
        """
        try:
            if not self._has_below(key):
                raise StorageUnavailable("What the catalogue mounts here is missing", where=self.root.url_of(key))
        except StorageForbidden as error:
            if type(error) is not StorageForbidden:
                raise

    def _has_below(self, key: str) -> bool:
        page = self._list(key, Prefix=f"{self.full_key(key)}/", MaxKeys=1)
        return bool(page.get("Contents"))

    def write(self, key: str, content: bytes) -> None:
        """Write the object whole: it appears, or takes the former one's place, in one step."""
        self._call("put_object", key, Key=self.full_key(key), Body=content)

    def put_file(self, key: str, file: Path) -> None:
        """As :meth:`write`, of what a file holds: in parts where it is large, of which none is seen before the last."""
        self._run(self._files._put_file(str(file), f"{self.root.bucket}/{self.full_key(key)}"), key)

    def remove_below(self, key: str) -> None:
        """Remove all objects below ``key``, a request for each 1000 of them."""
        while entries := self._below(key, "", "", PAGE_KEYS, deep=True)[0]:
            keys = [{"Key": self.full_key(join_key(key, entry.key))} for entry in entries]
            self._call("delete_objects", key, Delete={"Objects": keys, "Quiet": True})

    def check(self, key: str) -> None:
        """That the bucket answers and, below ``key``, tells absent from forbidden: one request for what is not there.

        Raises:
            AbsenceHidden: it does not tell, and the operator has not declared that it does not.
            StorageError: whatever else is wrong.
        """
        try:
            self._get(join_key(key, UNLIKELY_KEY), None)
        except ObjectAbsent:
            return
        except StorageForbidden as error:
            if type(error) is not StorageForbidden:
                raise
            variable = f"CISTERNA_ROOT_{self.root.name.upper()}"
            raise AbsenceHidden(
                "The bucket answers 403 for objects that do not exist: a chunk that was never written cannot be told "
                "from one that may not be read",
                where=self.root.url,
                fix=f"Grant the portal s3:ListBucket (and s3:GetObject). If only listing is withheld, set "
                f"{variable}_FORBIDDEN_MEANS_ABSENT=1",
            ) from error

    def _get(self, key: str, byte_range: str | None) -> Part:
        options = {"Range": byte_range} if byte_range else {}
        try:
            return self._run(_get_object(self._files, Bucket=self.root.bucket, Key=self.full_key(key), **options), key)
        except StorageError as error:
            if byte_range and refusal_of(error.__cause__).is_outside:
                return Part(b"", 0)
            raise

    def _list(self, key: str, **parameters: Any) -> dict[str, Any]:
        return self._call("list_objects_v2", key, listing=True, **parameters)

    def _call(self, operation: str, key: str, *, listing: bool = False, **parameters: Any) -> dict[str, Any]:
        call = self._files._call_s3(operation, Bucket=self.root.bucket, **parameters)
        answer: dict[str, Any] = self._run(call, key, listing)
        return answer

    def _run[Result](self, call: Coroutine[Any, Any, Result], key: str, listing: bool = False) -> Result:
        """Run ``call`` on fsspec's own event loop, and name what fails."""
        from fsspec.asyn import sync

        try:
            result: Result = sync(self._files.loop, lambda: call)
        except Exception as error:
            raise name_refusal(refusal_of(error), self.root, key, listing=listing) from error
        return result

    @cached_property
    def streams(self) -> BucketStreams:
        """The same bucket for the data plane."""
        from datasets.storage.streams import BucketStreams

        return BucketStreams(self)

    @cached_property
    def _files(self) -> S3FileSystem:
        from s3fs import S3FileSystem

        root = self.root
        files = S3FileSystem(
            anon=root.anonymous,
            key=root.key or None,
            secret=root.secret or None,
            endpoint_url=root.endpoint or None,
            client_kwargs={"region_name": root.region} if root.region else {},
            config_kwargs={
                "connect_timeout": CONNECT_S,
                "read_timeout": ANSWER_S,
                "retries": {"total_max_attempts": 2},
                # Servers other than Amazon's have no host name for each bucket, and not all know its checksums.
                "s3": {"addressing_style": "path"} if root.endpoint else {},
                "request_checksum_calculation": "when_required",
                "response_checksum_validation": "when_required",
            },
            use_listings_cache=False,
            skip_instance_cache=True,
        )
        files.retries = 1  # botocore's are enough
        return files


@cache
def bucket_of(root: Root) -> Bucket:
    """The one :class:`Bucket` of ``root`` in this process."""
    return Bucket(root)


def _entry_of(item: dict[str, Any], start: int) -> Entry:
    mtime_s, size_bytes = int(item["LastModified"].timestamp()), int(item["Size"])
    return Entry(item["Key"][start:], size_bytes, mtime_s, item.get("ETag") or stat_etag(mtime_s, size_bytes).decode())


def _can_be_asked_for(key: str, deep: bool) -> bool:
    return all(map(is_segment, key.split("/"))) if deep else is_segment(key.removesuffix("/"))


def _last_of(name: str) -> str:
    """The last key that counts as ``name``: a folder's comes after all that it holds."""
    return name + _LAST_CHARACTER if name.endswith("/") else name


async def _get_object(files: S3FileSystem, **parameters: Any) -> Part:
    response = await files._call_s3("get_object", **parameters)
    async with response["Body"] as body:
        content: bytes = await body.read()
    _, _, total = response.get("ContentRange", "").partition("/")
    return Part(content, int(total) if total.isdigit() else len(content))
