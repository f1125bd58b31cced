"""The data plane: one function from a request to its answer. It knows no framework and no database.

``GET|HEAD|OPTIONS /data/[~<token>/]<name>[@<version>|@draft]/<key>``
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from datasets.serving.answers import (
    COMMON_HEADERS,
    NO_STORE,
    Answer,
    FileSlice,
    Header,
    problem_answer,
)
from datasets.serving.fetching import Fetch
from datasets.serving.listing import after_of, list_folder, render_html, render_json, wants_json
from datasets.serving.object_answers import caching_of, serve_object
from datasets.serving.requests import Request
from datasets.serving.snapshot import Address, Snapshot
from datasets.storage.buckets import Bucket
from datasets.storage.errors import ObjectAbsent
from datasets.storage.keys import InvalidKey, canonical_key
from datasets.volumes.errors import CisternaError

PREFIX = b"/data/"
ACCESS_PREFIX = b"/access/data/"
"""A front server asks ``/access`` and the path as sent: 204 where the caller may read it, else 401 or 403."""

READS = frozenset({"GET", "HEAD"})
_ALLOW: Header = (b"allow", b"GET, HEAD, OPTIONS")
REFUSED_WRITE: tuple[Header, ...] = (_ALLOW, (b"connection", b"close"))
"""With the answer to what would write: its body is not read, so the connection cannot go on."""


class NetworkWait(BlockingIOError):
    """The answer waits for another machine, not for a disk: it may take seconds."""


class ListingWait(BlockingIOError):
    """The answer is a listing of a folder on a disk."""


class MethodRefused(CisternaError):
    """Data are only read here."""

    slug = "read-only"
    status = 405
    title = "Data can only be read"


class VersionRetired(CisternaError):
    """The version was withdrawn."""

    slug = "version-retired"
    status = 410
    title = "This version was retired"

    def __init__(self, what: str, *, successor: str = "", fix: str = "") -> None:
        super().__init__(what, fix=fix)
        self.successor = successor

    def problem(self) -> dict[str, object]:
        return {**super().problem(), "successor": self.successor or None}


class CredentialsRefused(CisternaError):
    """Credentials were sent, and they are wrong or expired."""

    slug = "credentials-refused"
    status = 401
    title = "The credentials are wrong or expired"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Asks who the caller is, because what was asked for is not public (or not there). Secret: never log one."""

    authorization: bytes = field(default=b"", repr=False)
    cookie: bytes = field(default=b"", repr=False)
    share_token: bytes = field(default=b"", repr=False)


NOBODY: frozenset[str] = frozenset()


async def know_nobody(credentials: Credentials) -> frozenset[str]:
    """Whom a portal without tokens knows: whoever shows one is refused, a cookie (of the pages) opens no data."""
    if credentials.authorization or credentials.share_token:
        raise CredentialsRefused("The token is unknown or expired", fix="Leave it out, or ask for a new one")
    return NOBODY


def answer(
    request: Request, snapshot: Snapshot, now_s: float, *, grants: frozenset[str] | None = None, may_block: bool = True
) -> Answer | Credentials | Fetch:
    """The answer to ``request``.

    Args:
        snapshot: what exists and who may see it.
        now_s: seconds since the epoch, for the ends of embargoes.
        grants: the datasets that the caller may see although they are not public. None: nobody has asked yet.
        may_block: when false, nothing is done that could wait for a disk.

    Returns:
        The answer; or, when that depends on who is asking and ``grants`` is None, the caller's credentials: find out
        what they grant and ask again; or, where the object lies in a bucket, what to fetch for the answer. An answer
        whose body is a :class:`FileSlice` must be closed.

    Raises:
        BlockingIOError: only with ``may_block=False``: ask again in a thread. :class:`NetworkWait` where that thread
            waits for another machine, :class:`ListingWait` where it lists a folder.
    """
    if request.method not in READS:
        return preflight(request.headers) if request.method == "OPTIONS" else _refuse_method()
    if request.raw_path.startswith(ACCESS_PREFIX):
        return _judge_access(request, snapshot, now_s, grants)
    result = _read(request, snapshot, now_s, grants, may_block)
    if request.method == "HEAD" and isinstance(result, Answer):
        if isinstance(result.body, FileSlice):
            result.body.close()
        result.body = b""
    return result


def answer_error(error: CisternaError, *, head: bool = False, where: str = "") -> Answer:
    """The answer to an error of the data plane or of those who feed it."""
    if isinstance(error, ObjectAbsent):
        result = Answer(404, _ABSENT.headers, _ABSENT.body)
    elif isinstance(error, CredentialsRefused):
        result = problem_answer(error, where=where, headers=[(b"www-authenticate", b"Bearer")])
    else:
        result = problem_answer(error, where=where)
    if head:
        result.body = b""
    return result


def answer_access_error(error: CisternaError) -> Answer:
    """The same to a front server that asked for access, and lets the portal say what is wrong.

    Without a challenge: nginx would pass it on beside the portal's own, and two of them say that there is something.
    """
    return Answer(error.status, _NOT_ALLOWED.headers, error=error, kind="access")


# One body for what is absent and for what one may not know of: nobody can tell the two apart.
_ABSENT = problem_answer(
    ObjectAbsent(
        "There is no object at this address, or it is not open to you",
        fix="Follow the dataset's listing (its address with a slash at the end); sign in if it is not public",
    )
)


def preflight(headers: Mapping[bytes, bytes]) -> Answer:
    """Answered before anything is looked up: a browser sends no credentials with it."""
    private_network = (
        ((b"access-control-allow-private-network", b"true"),)
        if b"access-control-request-private-network" in headers
        else ()
    )
    return Answer(
        204,
        (
            _ALLOW,
            (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
            (
                b"access-control-allow-headers",
                b"Authorization, Range, If-Match, If-None-Match, If-Range, If-Modified-Since, If-Unmodified-Since, "
                b"Accept, Cache-Control, Content-Type, X-Amz-Content-Sha256, X-Amz-Date, X-Amz-User-Agent, "
                b"X-Amz-Security-Token, Amz-Sdk-Invocation-Id, Amz-Sdk-Request",
            ),
            (b"access-control-max-age", b"86400"),
            *private_network,
            *COMMON_HEADERS,
        ),
    )


def _refuse_method() -> Answer:
    return problem_answer(MethodRefused("Data can only be read here", fix="Use GET or HEAD"), headers=REFUSED_WRITE)


class _Opened(NamedTuple):
    """An address that the caller may read, with the key that follows it; ``private``: not for shared caches."""

    address: Address
    raw_key: bytes
    private: bool


def _open(
    request: Request, path: bytes, snapshot: Snapshot, now_s: float, grants: frozenset[str] | None
) -> _Opened | Credentials:
    """Where ``path`` (behind the prefix) leads; or whose credentials it depends on.

    Raises:
        ObjectAbsent: nowhere, or nowhere that the caller may know of.
        InvalidKey: its first segment is none.
    """
    share_token = b""
    if path.startswith(b"~"):
        share_token, _, path = path[1:].partition(b"/")
    raw_address, slash, raw_key = path.partition(b"/")
    # A name as it is stored has nothing to decode but its @, which Neuroglancer escapes; only what is not found so is
    # judged and decoded.
    address = snapshot.addresses.get(raw_address.replace(b"%40", b"@").decode("latin-1"))
    if address is None:
        address = snapshot.addresses.get(canonical_key(raw_address))
    public = address is not None and address.is_public(now_s)
    if not public or share_token:
        if grants is None:
            credentials = Credentials(
                request.headers.get(b"authorization", b""), _own_cookie(request.headers), share_token
            )
            if credentials != Credentials():
                return credentials
            grants = NOBODY
        if not public and (address is None or address.dataset.name not in grants):
            raise ObjectAbsent("not there, or not to be known of")
    if address is None or not slash:
        raise ObjectAbsent("a dataset is a folder: its address ends in a slash")
    request.dataset = address.dataset.name
    return _Opened(address, raw_key, bool(share_token) or not public)


def _read(
    request: Request, snapshot: Snapshot, now_s: float, grants: frozenset[str] | None, may_block: bool
) -> Answer | Credentials | Fetch:
    where = ""
    try:
        opened = _open(request, request.raw_path[len(PREFIX) :], snapshot, now_s, grants)
        if isinstance(opened, Credentials):
            return opened
        address, raw_key = opened.address, opened.raw_key
        if address.version.retired:
            return _retired(retirement(address, snapshot, now_s, grants or NOBODY))
        if not raw_key or raw_key.endswith(b"/"):
            where = canonical_key(raw_key[:-1]) if raw_key else ""
            if not may_block:
                base = address.version.find_prefix(where)
                raise NetworkWait if base and isinstance(base.source, Bucket) else ListingWait
            return _list(request, address, where, NO_STORE if opened.private else caching_of(address, None))
        where = canonical_key(raw_key)
        return serve_object(request, address, where, private=opened.private, may_block=may_block, redirect_s=now_s)
    except CisternaError as error:
        return answer_error(error, where=where or (error.where if isinstance(error, InvalidKey) else ""))


_ALLOWED = Answer(204, ((b"cache-control", b"no-store"),), kind="access")
_NOT_ALLOWED = Answer(403, ((b"cache-control", b"no-store"), (b"content-length", b"0")), kind="access")


def _judge_access(
    request: Request, snapshot: Snapshot, now_s: float, grants: frozenset[str] | None
) -> Answer | Credentials:
    """Whether the caller may read the path: for a front server, which turns a refusal over to the portal."""
    try:
        opened = _open(request, request.raw_path[len(ACCESS_PREFIX) :], snapshot, now_s, grants)
    except CisternaError:
        return _NOT_ALLOWED
    if isinstance(opened, Credentials):
        return opened
    return _NOT_ALLOWED if opened.address.version.retired else _ALLOWED


def _own_cookie(headers: Mapping[bytes, bytes]) -> bytes:
    """The cookie, unless a page of another origin sent the request along: that one is answered as a stranger.

    Browsers say where a request comes from in ``Sec-Fetch-Site``, or, where the site has no https, in ``Origin``.
    """
    site = headers.get(b"sec-fetch-site")
    if site is None:
        origin = headers.get(b"origin")
        own = origin is None or origin.partition(b"://")[2] == headers.get(b"host")
    else:
        own = site in (b"same-origin", b"none")
    return headers.get(b"cookie", b"") if own else b""


def retirement(address: Address, snapshot: Snapshot, now_s: float, grants: frozenset[str]) -> VersionRetired:
    """What there is to say of a retired version; of its successor, if the caller may know of it."""
    successor = address.version.successor
    new = snapshot.addresses.get(successor)
    if new is None or not (new.is_public(now_s) or new.dataset.name in grants):
        successor = ""
    return VersionRetired(
        "This version was withdrawn",
        successor=f"/data/{successor}/" if successor else "",
        fix=f"Use {successor} in its place" if successor else "See the dataset's page for the reason",
    )


def _retired(error: VersionRetired) -> Answer:
    link = [(b"link", f'<{error.successor}>; rel="successor-version"'.encode())] if error.successor else []
    return problem_answer(error, headers=link)


def _list(request: Request, address: Address, folder: str, caching: bytes) -> Answer:
    page = list_folder(address.version, folder, after=after_of(request.query))
    if wants_json(request.headers):
        body, media_type = render_json(page), b"application/json"
    else:
        title = f"{address.dataset.name}/{folder}/" if folder else f"{address.dataset.name}/"
        body, media_type = render_html(page, title, has_parent=bool(folder)), b"text/html; charset=utf-8"
    # Whoever has found the data finds what they are; of what is not public nothing leads anywhere.
    page_link = f'</datasets/{address.dataset.name}@{address.version.number}/>; rel="collection"; type="text/html"'
    return Answer(
        200,
        (
            (b"content-type", media_type),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", caching),
            (b"vary", b"Accept"),
            *(((b"link", page_link.encode()),) if caching != NO_STORE else ()),
            *COMMON_HEADERS,
        ),
        body,
        kind="listing",
    )
