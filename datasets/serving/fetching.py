"""Answers whose bytes lie in a bucket: what the core wants fetched, and how few requests find it out.

A plain GET, of the whole or of one range, is one request to the bucket, and its answer decides the headers. A HEAD, and
whatever has conditions, first looks at the object; only a part that is then wanted is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from datasets.serving.answers import Answer, Header
from datasets.serving.conditions import CONDITIONS
from datasets.serving.delivery import WHOLE_BYTES, Delivery, deliver
from datasets.serving.ranges import Unsatisfiable, read_range
from datasets.storage.buckets import Bucket
from datasets.storage.errors import StorageUnavailable
from datasets.storage.streams import OpenObject, RangeOutside, RemoteFacts


@dataclass(frozen=True, slots=True)
class Fetch:
    """An object in a bucket, and the request that it is to answer.

    Args:
        bucket, key: where it lies.
        within: the mount's target, without which nothing in it is absent.
        where: the key in the dataset, for people.
        method: GET or HEAD.
        headers: the request's, by lower-case name.
        shared_headers: those of all objects of its kind.
    """

    bucket: Bucket
    key: str
    within: str
    where: str
    method: str
    headers: Mapping[bytes, bytes]
    shared_headers: tuple[Header, ...]


async def fetch_object(fetch: Fetch) -> Answer:
    """The answer to ``fetch``. A body larger than ``WHOLE_BYTES`` is still on its way: an :class:`OpenObject`.

    Raises:
        ObjectAbsent, StorageError: as the bucket says.
    """
    result = await _fetch(fetch)
    if fetch.method == "HEAD":
        result.body = b""
    return result


async def _fetch(fetch: Fetch) -> Answer:
    range_header = fetch.headers.get(b"range")
    span = read_range(range_header) if range_header is not None else None
    is_plain = fetch.method == "GET" and CONDITIONS.isdisjoint(fetch.headers) and b"if-range" not in fetch.headers
    if not is_plain or isinstance(span, Unsatisfiable):
        return await _look_first(fetch)
    try:
        found = await fetch.bucket.streams.open(fetch.key, span, within=fetch.within)
    except RangeOutside:
        return await _look_first(fetch)
    delivery = _deliver(fetch, found.facts)
    return delivery if isinstance(delivery, Answer) else await _send(delivery, found)


async def _look_first(fetch: Fetch) -> Answer:
    facts = await fetch.bucket.streams.look(fetch.key, within=fetch.within)
    delivery = _deliver(fetch, facts)
    if isinstance(delivery, Answer):
        return delivery
    if fetch.method == "HEAD" or not delivery.length:
        return Answer(delivery.status, delivery.headers)
    span = (delivery.start, delivery.stop) if delivery.status == 206 else None
    found = await fetch.bucket.streams.open(fetch.key, span, expected=facts, within=fetch.within)
    return await _send(delivery, found)


def _deliver(fetch: Fetch, facts: RemoteFacts) -> Delivery | Answer:
    return deliver(fetch.headers, facts.size_bytes, facts.etag, facts.mtime_s, fetch.shared_headers)


async def _send(delivery: Delivery, found: OpenObject) -> Answer:
    if (found.start, found.stop) != (delivery.start, delivery.stop):
        raise StorageUnavailable("The bucket sent another part than was asked for")
    body = found if found.length > WHOLE_BYTES else await found.read()
    return Answer(delivery.status, delivery.headers, body)
