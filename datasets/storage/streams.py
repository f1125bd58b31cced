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
from datasets.storage.errors import ObjectAbsent, ObjectChanged, StorageError, StorageUnavailable
from datasets.storage.files import stat_etag

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import S3Store

type Span = tuple[int, int | None]
"""A part of an object as Python slices it: from start to before stop (None: to the end); a negative start counts from
the end."""

FIRST_BYTES = 2 << 20
MOST_BYTES = 8 << 20
"""Objects are fetched in parts: the first, and each next one twice as large until they are as large as this. Of an
answer that nobody reads the kernel takes in tens of megabytes; and an S3 server gives up those who stop reading."""

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
    """A part of an object on its way: read it once, whole or in blocks. Letting go of it ends the transfer.

    Args:
        result: the beginning of it.
        stop: where it ends in the object.
    """

    def __init__(self, result: GetResult, streams: BucketStreams, key: str, stop: int) -> None:
        self._result = result
        self._streams = streams
        self._key = key
        self.facts = _facts_of(result)
        self.start = result.range[0]
        self.stop = stop

    @property
    def length(self) -> int:
        return self.stop - self.start

    async def read(self) -> bytes:
        """All of it.

        Raises:
            StorageUnavailable: it did not come whole.
        """
        return b"".join([block async for block in self.blocks(self.length)])

    async def blocks(self, size_bytes: int) -> AsyncIterator[bytes]:
        """It in blocks of about ``size_bytes``; the next is fetched when it is asked for.

        Raises:
            StorageUnavailable: it did not come whole.
        """
        result, position, part_bytes = self._result, self.start, FIRST_BYTES
        while True:
            try:
                async for block in result.stream(min_chunk_size=size_bytes):
                    position += len(block)
                    yield bytes(block)
            except Exception as error:
                raise self._broken(error) from error
            if position != result.range[1]:
                raise self._broken(None)
            if position >= self.stop:
                return
            part_bytes = min(2 * part_bytes, MOST_BYTES)
            try:
                result = await self._streams.go_on(
                    self._key, position, min(position + part_bytes, self.stop), self.facts
                )
            except ObjectAbsent as error:
                raise self._broken(None) from error

    def _broken(self, error: BaseException | None) -> StorageError:
        named = name_refusal(refusal_of(error), self._streams.bucket.root, self._key)
        # Whatever is said in the middle of a body, that the object is absent was not meant.
        return StorageUnavailable("The object broke off", where=self._key) if isinstance(named, ObjectAbsent) else named


class BucketStreams:
    """One bucket, for the data plane."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
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
        """Begin to read the object, or a part of it. What has no more than ``FIRST_BYTES`` comes with one request.

        Args:
            span: the part; the whole where it is None.
            expected: what is known of it; another object is then an error.

        Raises:
            RangeOutside: no byte lies in the span (in that of the whole, if it is empty).
            StorageUnavailable: it is not the object that was expected.
        """
        start, stop = span or (0, None)
        if start < -FIRST_BYTES:
            expected = expected or await self.look(key, within=within)
            start = max(expected.size_bytes + start, 0)
        options: dict[str, Any] = {"range": {"suffix": -start}}
        if start >= 0:
            options["range"] = (start, start + FIRST_BYTES if stop is None else min(stop, start + FIRST_BYTES))
        if expected is not None and expected.tag:
            options["if_match"] = expected.tag
        result = await self._get(key, within, **options)
        size = result.meta["size"]
        return OpenObject(result, self, key, size if stop is None else min(stop, size))

    async def go_on(self, key: str, start: int, stop: int, facts: RemoteFacts) -> GetResult:
        """A further part of an object of which the beginning was read.

        Raises:
            StorageError: it is not to be had, or another object by now.
        """
        options: dict[str, Any] = {"range": (start, stop)}
        if facts.tag:
            options["if_match"] = facts.tag
        try:
            result = await self._get(key, "", **options)
        except RangeOutside as error:
            raise ObjectChanged("The object changed while it was read", where=key) from error
        if _facts_of(result) != facts or result.range != (start, stop):
            raise ObjectChanged("The object changed while it was read", where=key)
        return result

    async def _get(self, key: str, within: str, **options: Any) -> GetResult:
        from obstore import get_async

        full = self.bucket.full_key(key)
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
            raise ObjectChanged("The object changed while it was read", where=key) from failure
        named = name_refusal(refusal, self.bucket.root, key)
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
        await asyncio.to_thread(self.bucket.require_below, within)
        self._there_until[within] = time.monotonic() + BELIEVED_S

    @cached_property
    def _store(self) -> S3Store:
        from obstore.store import S3Store

        root = self.bucket.root
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
