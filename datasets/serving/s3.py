"""S3-compatible reading: the data plane in the words of Amazon's S3, for the tools that speak it.

``GET|HEAD /s3/<bucket>/<key>``, path style. A bucket is a dataset's newest version (``cells``) or one that is named
(``cells.v2``): clients refuse an ``@``. Objects, conditions, ranges and who may see what are those of ``/data/``. There
are no drafts here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from datasets.serving.answers import NO_STORE, Answer, FileSlice
from datasets.serving.core import READS, REFUSED_WRITE, ListingWait, MethodRefused, NetworkWait, preflight, retirement
from datasets.serving.fetching import Fetch
from datasets.serving.object_answers import caching_of, serve_object
from datasets.serving.requests import Request
from datasets.serving.s3_answers import (
    S3Error,
    as_s3_error,
    document,
    element,
    error_answer,
    no_such_bucket,
    time_text,
    translated,
    xml_answer,
)
from datasets.serving.s3_listing import ListingRequest, read_page, read_query, render
from datasets.serving.sigv4 import Signature, read_signature, verify
from datasets.serving.snapshot import Address, Snapshot
from datasets.storage.buckets import Bucket
from datasets.storage.entries import Entry
from datasets.storage.keys import canonical_key
from datasets.storage.union import KeyPage
from datasets.volumes.errors import CisternaError

PREFIX = b"/s3/"


def is_s3(raw_path: bytes) -> bool:
    """Whether a path is one of these: also without the slash, as an endpoint is written."""
    return raw_path.startswith(PREFIX) or raw_path == PREFIX[:-1]


REGION = b"us-east-1"

_versioned = re.compile(r"([a-z0-9][a-z0-9_-]*)\.v([1-9][0-9]{0,8})").fullmatch
_unversioned = re.compile(r"[a-z0-9][a-z0-9_-]*").fullmatch

_OTHER_OPERATIONS = frozenset(
    {"accelerate", "acl", "analytics", "attributes", "cors", "encryption", "intelligent-tiering", "inventory",
     "legal-hold", "lifecycle", "location", "logging", "metrics", "notification", "object-lock", "ownershipControls",
     "partNumber", "policy", "policyStatus", "publicAccessBlock", "replication", "requestPayment", "restore",
     "retention", "select", "session", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning",
     "versions", "website"}
)  # fmt: skip
_THE_ONLY_ONE = frozenset({("partNumber", "1"), ("versionId", "null")})
"""How clients name the one version of an object, and its one part."""


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whoever has an access key: its secret, and the datasets that it opens although they are not public.

    Args:
        note_use: called, and never waited for, where a signature made with the secret is right.
    """

    secret: str = field(repr=False)
    grants: frozenset[str] = frozenset()
    note_use: Callable[[], None] | None = field(default=None, repr=False, compare=False)


async def know_no_key(access_key_id: str) -> KeyHolder | None:
    """The holders of keys in a portal that gives none."""
    return None


def answer(
    request: Request, snapshot: Snapshot, now_s: float, *, holder: KeyHolder | None = None, may_block: bool = True
) -> Answer | Signature | Fetch:
    """The answer to ``request``.

    Args:
        request: with all of its headers.
        holder: whoever has the access key that it was signed with; None: nobody has asked yet, or it is not signed.
        may_block: when false, nothing is done that could wait for a disk.

    Returns:
        The answer; or, where ``holder`` is None, the signature: find out whose key it is and ask again; or what to
        fetch from a bucket for the answer.

    Raises:
        BlockingIOError: only with ``may_block=False``, as the core's own.
    """
    if request.method == "OPTIONS":
        return preflight(request.headers)
    try:
        result = _answer(request, snapshot, now_s, holder, may_block)
    except (CisternaError, S3Error) as error:
        result = answer_error(error)
    if isinstance(result, Answer) and request.method == "HEAD":
        if isinstance(result.body, FileSlice):
            result.body.close()
        result.body = b""
    return result


def answer_error(error: CisternaError | S3Error, *, head: bool = False) -> Answer:
    """The answer to an error of the data plane or of those who feed it."""
    cause = None if isinstance(error, S3Error) else error
    result = error_answer(error if isinstance(error, S3Error) else as_s3_error(error), cause=cause)
    if head:
        result.body = b""
    return result


def unknown_key() -> S3Error:
    """For a signature whose key nobody has."""
    return S3Error("InvalidAccessKeyId", 403, "Nobody has this access key. Public data need none: send no credentials")


def _answer(
    request: Request, snapshot: Snapshot, now_s: float, holder: KeyHolder | None, may_block: bool
) -> Answer | Signature | Fetch:
    if request.method not in READS:
        return error_answer(as_s3_error(MethodRefused("Data can only be read here")), headers=REFUSED_WRITE)
    query = read_query(request.query)
    signature = read_signature(query, request.headers)
    if signature is not None:
        if holder is None:
            return signature
        verify(
            signature,
            secret=holder.secret,
            method=request.method,
            raw_path=request.raw_path,
            query=request.query,
            headers=request.headers,
            now_s=now_s,
        )
        if holder.note_use is not None:
            holder.note_use()
        query = {name: value for name, value in query.items() if not name.startswith("X-Amz-")}
    grants = holder.grants if signature is not None and holder is not None else frozenset()
    bucket, slash, raw_key = request.raw_path[len(PREFIX) :].partition(b"/")
    if not bucket:
        if slash:
            raise S3Error("InvalidBucketName", 400, "The bucket's name is missing: the path has two slashes there")
        return _answer_root(query, snapshot, now_s, grants, may_block)
    address, private = _open(bucket.decode("latin-1"), snapshot, now_s, grants)
    request.dataset = address.dataset.name
    caching = NO_STORE if private else caching_of(address, None)
    if raw_key:
        _refuse_others(query)
        if raw_key.endswith(b"/"):
            raise S3Error("NoSuchKey", 404, "There is no object with this key")
        result = serve_object(request, address, canonical_key(raw_key), private=private, may_block=may_block)
        return translated(result) if isinstance(result, Answer) else result
    if query.keys() == {"location"}:
        return xml_answer(document("LocationConstraint", ""))  # empty: us-east-1
    _refuse_others(query)
    if request.method == "HEAD":
        found = xml_answer(b"", caching=caching)
        return Answer(200, (*found.headers, (b"x-amz-bucket-region", REGION)))
    asked = ListingRequest.read(query)
    _may_list(address, may_block)
    page = read_page(address.version, asked)
    return xml_answer(render(bucket.decode("ascii"), asked, page), caching=caching)


def _refuse_others(query: Mapping[str, str]) -> None:
    """That a query asks for nothing but reading: what asks for an ACL must not be answered with the object."""
    for name in query.keys() & _OTHER_OPERATIONS:
        if (name, query[name]) not in _THE_ONLY_ONE:
            raise S3Error("NotImplemented", 501, f"This is for reading alone: {name} is not offered")


def _may_list(address: Address, may_block: bool) -> None:
    """Listings ask a disk or another machine."""
    if not may_block:
        is_remote = any(isinstance(mount.source, Bucket) for mount in address.version.mounts)
        raise NetworkWait if is_remote else ListingWait


def _open(bucket: str, snapshot: Snapshot, now_s: float, grants: frozenset[str]) -> tuple[Address, bool]:
    """Where a bucket leads, and whether what is there is not for everybody.

    Raises:
        S3Error: nowhere, or nowhere that the caller may know of; or to what was withdrawn.
    """
    versioned = _versioned(bucket)
    name = f"{versioned[1]}@{versioned[2]}" if versioned else bucket if _unversioned(bucket) else ""
    address = snapshot.addresses.get(name)
    if address is None or not (address.is_public(now_s) or address.dataset.name in grants):
        raise no_such_bucket()
    if address.version.retired:
        # Not "NoSuchBucket": clients take that for empty, and would paint what was withdrawn as holes.
        gone = retirement(address, snapshot, now_s, grants)
        raise S3Error("AccessDenied", gone.status, f"{gone.what}. {gone.fix.replace('@', '.v')}")
    return address, not address.is_public(now_s)


def _visible(snapshot: Snapshot, now_s: float, grants: frozenset[str]) -> list[tuple[str, Address]]:
    """The buckets that the caller may know of and read, by name."""
    found = []
    for name, address in snapshot.addresses.items():
        version = address.version
        if version.number is None or version.retired:
            continue
        if address.is_public(now_s) or address.dataset.name in grants:
            found.append((name.replace("@", ".v"), address))
    return sorted(found)


def _answer_root(
    query: Mapping[str, str], snapshot: Snapshot, now_s: float, grants: frozenset[str], may_block: bool
) -> Answer:
    """What is at ``/s3/`` itself: the buckets."""
    if query.get("list-type") == "2":
        return _list_as_one(query, snapshot, now_s, grants, may_block)
    buckets = "".join(
        element("Bucket", Name=name, CreationDate=time_text(address.version.frozen_s))
        for name, address in _visible(snapshot, now_s, grants)
        if name.startswith(query.get("prefix", ""))
    )
    owner = element("Owner", ID="cisterna", DisplayName="cisterna")
    return xml_answer(document("ListAllMyBucketsResult", f"{owner}<Buckets>{buckets}</Buckets>"))


def _list_as_one(
    query: Mapping[str, str], snapshot: Snapshot, now_s: float, grants: frozenset[str], may_block: bool
) -> Answer:
    """All buckets as folders of one bucket: so Neuroglancer, which takes ``s3`` for its name, walks through them."""
    asked = ListingRequest.read(query)
    if asked.delimiter != "/":
        raise S3Error("InvalidArgument", 400, "Above the buckets, listings have the delimiter /")
    bucket, slash, rest = asked.prefix.partition("/")
    if not slash:
        names = [f"{name}/" for name, _ in _visible(snapshot, now_s, grants)]
        found = [Entry(name) for name in names if name.startswith(bucket) and name > asked.after]
        page = KeyPage(found[: asked.max_keys], is_truncated=len(found) > asked.max_keys > 0)
    else:
        address, _ = _open(bucket, snapshot, now_s, grants)
        _may_list(address, may_block)
        start = bucket + slash
        after = asked.after[len(start) :] if asked.after.startswith(start) else ""
        page = read_page(address.version, replace(asked, prefix=rest, after=after))
        page = KeyPage([replace(entry, key=start + entry.key) for entry in page.entries], page.is_truncated)
    return xml_answer(render("s3", asked, page))
