"""The answer to a GET or HEAD of one object that the caller may read: its bytes, or where they come from."""

from datasets.serving.answers import (
    COMMON_HEADERS,
    NO_CACHE,
    NO_STORE,
    Answer,
    FileSlice,
    Header,
    Keepable,
    content_type,
    object_headers,
)
from datasets.serving.delivery import WHOLE_BYTES, deliver
from datasets.serving.fetching import Fetch
from datasets.serving.kept import is_worth_keeping
from datasets.serving.requests import Request
from datasets.serving.snapshot import Address
from datasets.storage.buckets import Bucket
from datasets.storage.errors import ObjectAbsent
from datasets.storage.files import OpenFile
from datasets.storage.redirects import Elsewhere

IN_PLACE_BYTES = 32 * 1024
"""Up to here, reading and writing a body costs less than having the kernel send it."""

REMEMBERED_S = 3600
"""How long a client may remember where it was sent, if that address always counts."""

_FOLLOWS_NOTHING = b"tensorstore/"
"""How a client begins its ``User-Agent`` that takes a redirect for a failure (seen of 0.1.86)."""


def caching_of(address: Address, immutable: bool | None) -> bytes:
    """``Cache-Control`` of public data; ``immutable`` is the mount's, None asks for that of all of them."""
    if not address.pinned:
        return NO_CACHE
    if immutable is None:
        immutable = all(mount.immutable for mount in address.version.mounts)
    return b"public, max-age=31536000, immutable" if immutable else b"public, max-age=3600"


def serve_object(
    request: Request, address: Address, key: str, *, private: bool, may_block: bool, redirect_s: float | None = None
) -> Answer | Fetch:
    """The object ``key`` of a version that the caller may read.

    Args:
        private: not for shared caches.
        redirect_s: the time, in seconds since the epoch, where the caller may be sent to the bucket instead.

    Raises:
        ObjectAbsent, StorageBackendNotServed, StorageError, BlockingIOError: as :func:`answer` has them.
    """
    mount = address.version.find_mount(key)
    if mount is None:
        raise ObjectAbsent("no mount covers the key")
    source, storage_key = mount.reach(), mount.storage_key(key)
    shared_headers = object_headers(content_type(key), NO_STORE if private else caching_of(address, mount.immutable))
    if isinstance(source, Bucket):
        if redirect_s is not None and not request.headers.get(b"user-agent", b"").startswith(_FOLLOWS_NOTHING):
            elsewhere = source.find_elsewhere(storage_key, request.method, redirect_s, private)
            if elsewhere is not None:
                return _redirect(elsewhere, NO_STORE if private else caching_of(address, None))
        return Fetch(source, storage_key, mount.key, key, request.method, request.headers, shared_headers)
    file = source.open_file(storage_key, within=mount.key, may_block=may_block)
    result = None
    try:
        result = _send(request, file, shared_headers, may_block)
        if mount.immutable and not private and is_worth_keeping(file.size_bytes):
            result.keepable = Keepable(source, storage_key, mount.key, shared_headers, address.dataset.name)
        return result
    finally:
        if result is None or not isinstance(result.body, FileSlice):
            file.close()


def _redirect(elsewhere: Elsewhere, caching: bytes) -> Answer:
    """To the object itself. Whether it is there is the bucket's to say."""
    if caching not in (NO_STORE, NO_CACHE):
        # Nothing there changes, but the operator's mind may. Not for shared caches: some clients are not redirected.
        caching = b"private, max-age=%d" % (REMEMBERED_S if elsewhere.seconds is None else elsewhere.seconds)
    headers = ((b"location", elsewhere.address.encode()), (b"content-length", b"0"), (b"cache-control", caching))
    return Answer(302, (*headers, *COMMON_HEADERS))


def _send(request: Request, file: OpenFile, shared_headers: tuple[Header, ...], may_block: bool) -> Answer:
    delivery = deliver(request.headers, file.size_bytes, file.etag, file.mtime_s, shared_headers)
    if isinstance(delivery, Answer):
        return delivery
    if delivery.length > WHOLE_BYTES:
        return Answer(delivery.status, delivery.headers, FileSlice(file, delivery.start, delivery.stop))
    if not delivery.length or request.method == "HEAD":
        return Answer(delivery.status, delivery.headers)
    if request.in_place and delivery.length > IN_PLACE_BYTES and file.is_cached(delivery.start, delivery.length):
        return Answer(delivery.status, delivery.headers, FileSlice(file, delivery.start, delivery.stop))
    read = file.read if may_block else file.read_cached
    return Answer(delivery.status, delivery.headers, read(delivery.start, delivery.length))
