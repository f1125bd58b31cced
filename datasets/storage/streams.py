"""Objects of an S3 root for the data plane: asked for without blocking and passed on as they come, through obstore.

obstore (imported at the first request) needs a quarter of the processor time of s3fs for the same bytes. It asks again
by itself where a connection breaks, also in the middle of a body, for the rest of the very same object.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from datasets.storage.bucket_errors import Refusal, name_refusal, refusal_of
from datasets.storage.buckets import ANSWER_S, CONNECT_S, Bucket
from datasets.storage.errors import ObjectAbsent, StorageError, StorageUnavailable
from datasets.storage.files import stat_etag

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import S3Store

type Span = tuple[int, int | None]
"""A part of an object as Python slices it: from start to before stop (None: to the end); a negative start counts from
the end."""

BELIEVED_S = 5.0
"""How long it counts that a mount's target was there; until then an absent object is absent without another look."""


class RangeOutside(Exception):
    """The object is there, and no byte of it lies in the span."""


@dataclass(frozen=True, slots=True)
class RemoteFacts:
    """What a bucket says of an object: its size, when it was modified, and its tag (empty where it is none of use)."""

    size_bytes: int
    mtime_s: int
    tag: str

    @property
    def etag(self) -> bytes:
        """The bucket's own strong tag, with its quotes; made of time and size where there is none."""
        return self.tag.encode() if self.tag else stat_etag(self.mtime_s, self.size_bytes)


class OpenObject:
    """A part of an object on its way: read it once, whole or in blocks. Letting go of it ends the transfer."""

    def __init__(self, result: GetResult, bucket: Bucket, key: str) -> None:
        self._result = result
        self._bucket = bucket
        self._key = key
        self.facts = _facts_of(result)
        self.start, self.stop = result.range

    @property
    def length(self) -> int:
        return self.stop - self.start

    async def read(self) -> bytes:
        """All of it.

        Raises:
            StorageUnavailable: it did not come whole.
        """
        try:
            content = bytes(await self._result.bytes_async())
        except Exception as error:
            raise self._broken(error) from error
        if len(content) != self.length:
            raise self._broken(None)
        return content

    async def blocks(self, size_bytes: int) -> AsyncIterator[bytes]:
        """It in blocks of about ``size_bytes``; the next is fetched when it is asked for.

        Raises:
            StorageUnavailable: it did not come whole.
        """
        left = self.length
        try:
            async for block in self._result.stream(min_chunk_size=size_bytes):
                left -= len(block)
                yield bytes(block)
        except Exception as error:
            raise self._broken(error) from error
        if left:
            raise self._broken(None)

    def _broken(self, error: BaseException | None) -> StorageError:
        named = name_refusal(refusal_of(error), self._bucket.root, self._key)
        # Whatever is said in the middle of a body, that the object is absent was not meant.
        return StorageUnavailable("The object broke off", where=self._key) if isinstance(named, ObjectAbsent) else named


class BucketStreams:
    """One bucket, for the data plane."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._there_until: dict[str, float] = {}

    async def look(self, key: str, *, within: str = "") -> RemoteFacts:
        """What is known of the object without its bytes.

        Args:
            within: a folder of this root that must hold something for an answer "absent" to be believed.

        Raises:
            ObjectAbsent, StorageError: as every call here.
        """
        return _facts_of(await self._get(key, within, head=True))

    async def open(
        self, key: str, span: Span | None = None, *, expected: RemoteFacts | None = None, within: str = ""
    ) -> OpenObject:
        """Begin to read the object, or a part of it, in one request.

        Args:
            span: the part; the whole where it is None.
            expected: what is known of it; another object is then an error.

        Raises:
            RangeOutside: no byte lies in the span.
            StorageUnavailable: it is not the object that was expected.
        """
        options: dict[str, Any] = {}
        if span is not None:
            start, stop = span
            options["range"] = {"suffix": -start} if start < 0 else {"offset": start} if stop is None else (start, stop)
        if expected is not None and expected.tag:
            options["if_match"] = expected.tag
        return OpenObject(await self._get(key, within, **options), self._bucket, key)

    async def _get(self, key: str, within: str, **options: Any) -> GetResult:
        from obstore import get_async

        full = self._bucket.full_key(key)
        try:
            return await get_async(self._store, full, options=options)  # type: ignore[arg-type]  # a TypedDict
        except Exception as error:
            refusal = refusal_of(error)
            failure = error
        if refusal.is_unexplained and options.get("head"):
            refusal, failure = await self._explain(full, failure)
        if refusal.is_outside:
            raise RangeOutside from failure
        if refusal.is_precondition:
            raise StorageUnavailable("The object changed while it was read", where=key) from failure
        named = name_refusal(refusal, self._bucket.root, key)
        if isinstance(named, ObjectAbsent):
            await self._believe(key, within)
        raise named from failure

    async def _explain(self, full_key: str, failure: Exception) -> tuple[Refusal, Exception]:
        """Why a HEAD failed: its answer has no body, that of a GET has."""
        from obstore import get_async

        try:
            await get_async(self._store, full_key, options={"range": (0, 1)})
        except Exception as error:
            return refusal_of(error), error
        return Refusal(), failure

    async def _believe(self, key: str, within: str) -> None:
        """That an absent object is absent: what the catalogue mounts is there."""
        if not within or time.monotonic() < self._there_until.get(within, 0.0):
            return
        await asyncio.to_thread(self._bucket.require_below, within)
        self._there_until[within] = time.monotonic() + BELIEVED_S

    @cached_property
    def _store(self) -> S3Store:
        from obstore.store import S3Store

        root = self._bucket.root
        given = {
            "endpoint": root.endpoint,
            "region": root.region,
            "access_key_id": root.key,
            "secret_access_key": root.secret,
        }
        return S3Store(
            root.bucket,
            config={name: value for name, value in given.items() if value},  # type: ignore[arg-type]  # a TypedDict
            skip_signature=root.anonymous,
            virtual_hosted_style_request=not root.endpoint,
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=CONNECT_S),
                "read_timeout": timedelta(seconds=ANSWER_S),
                "timeout": timedelta(days=1),  # of the whole transfer: a slow reader is no failure
                "user_agent": "cisterna",
            },
            retry_config={
                "max_retries": 2,
                "retry_timeout": timedelta(seconds=ANSWER_S),
                "backoff": {"init_backoff": timedelta(milliseconds=50), "max_backoff": timedelta(milliseconds=500)},
            },
        )


def _facts_of(result: GetResult) -> RemoteFacts:
    meta = result.meta
    tag = meta["e_tag"] or ""
    strong = len(tag) >= 2 and tag[0] == tag[-1] == '"'
    return RemoteFacts(meta["size"], int(meta["last_modified"].timestamp()), tag if strong else "")
