"""Who is asking for data that are not public. With ``catalogue_snapshot`` the only module here that knows Django."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Protocol

from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.cookie import parse_cookie

from datasets.catalogue.models import ApiToken
from datasets.catalogue.queries import tokens
from datasets.catalogue.queries.visibility import Viewer, opened_to
from datasets.serving.bounds import MOST_WAITING, BoundedThreads, Overloaded
from datasets.serving.catalogue_snapshot import with_fresh_connections
from datasets.serving.core import Credentials, CredentialsRefused
from datasets.serving.s3 import KeyHolder
from datasets.serving.snapshot import CatalogueUnavailable

REMEMBERED_S = 1.0
MOST_REMEMBERED = 4096
THREADS = 4


@dataclass(frozen=True)
class Opened:
    """The names of the datasets that credentials open beyond what is public; ``until_s``: seconds since the epoch."""

    names: frozenset[str]
    until_s: float = float("inf")


class _Passing(Protocol):
    """What is known until a moment: seconds since the epoch."""

    @property
    def until_s(self) -> float: ...


class _Remembering[Asked, Found: _Passing]:
    """Answers that count for ``remembered_s``; whoever asks meanwhile waits for the same one."""

    def __init__(self, ask: Callable[[Asked], Found], remembered_s: float, most_waiting: int) -> None:
        self._ask = ask
        self._remembered_s = remembered_s
        self._known: OrderedDict[Asked, tuple[float, Future[Found]]] = OrderedDict()
        self._threads = BoundedThreads(THREADS, most_waiting, name="identity")

    async def get(self, asked: Asked) -> Found:
        """The answer.

        Raises:
            CatalogueUnavailable: the database fails.
            Overloaded: too much is asked of it already.
        """
        asked_s, answer = self._known.get(asked, (-float("inf"), None))
        now_s = time.monotonic()
        if answer is None or now_s - asked_s >= self._remembered_s or _has_expired(answer):
            answer = self._threads.submit(partial(self._ask, asked))
            self._known[asked] = (now_s, answer)
            self._known.move_to_end(asked)
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        try:
            # Shielded: a client that goes away would cancel what others wait for.
            return await asyncio.shield(asyncio.wrap_future(answer))
        except DatabaseError as failure:
            raise CatalogueUnavailable("Who may see this cannot be read", fix="Try again in a moment") from failure


def _has_expired[Found: _Passing](answer: Future[Found]) -> bool:
    return answer.done() and answer.exception() is None and time.time() >= answer.result().until_s


class Identify:
    """Credentials → the names of the datasets they open beyond what is public.

    A viewer asks for thousands of chunks with one cookie: an answer counts for ``remembered_s``, and whoever asks
    meanwhile waits for the same one. So what is withdrawn is refused within that time; what expires, at once.
    """

    def __init__(
        self,
        ask: Callable[[Credentials], Opened] | None = None,
        *,
        remembered_s: float = REMEMBERED_S,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._answers = _Remembering(ask or with_fresh_connections(opened_by), remembered_s, most_waiting)

    async def __call__(self, credentials: Credentials) -> frozenset[str]:
        """The names.

        Raises:
            CredentialsRefused: a token is wrong or expired.
            CatalogueUnavailable: the database fails.
        """
        return (await self._answers.get(credentials)).names


@dataclass(frozen=True)
class HeldKey:
    """Whoever holds an S3 access key, if anybody does; ``until_s``: seconds since the epoch."""

    holder: KeyHolder | None
    until_s: float = float("inf")


class FindKey:
    """The id of an S3 access key → its secret and what it opens, remembered as :class:`Identify` does."""

    def __init__(
        self,
        ask: Callable[[str], HeldKey] | None = None,
        *,
        remembered_s: float = REMEMBERED_S,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._answers = _Remembering(ask or with_fresh_connections(held_by), remembered_s, most_waiting)

    async def __call__(self, access_key_id: str) -> KeyHolder | None:
        """The holder; None where nobody has this key, or has it no longer.

        Raises:
            CatalogueUnavailable: the database fails.
        """
        return (await self._answers.get(access_key_id)).holder


class _Use:
    """That a token's S3 secret is in use: whoever says so does not wait until it is written down.

    Unlike a Bearer's, a key's secret is compared where the request is read, and not where the token is looked up.
    """

    _writing = BoundedThreads(1, most=64, name="last-use")

    def __init__(self, token: ApiToken) -> None:
        self._token: ApiToken | None = token

    def __call__(self) -> None:
        """Say it; the first time counts."""
        token, self._token = self._token, None
        if token is not None:
            with suppress(Overloaded):  # the next answer of the database brings another of these
                self._writing.submit(partial(with_fresh_connections(tokens.note_use), token))


def held_by(access_key_id: str) -> HeldKey:
    """Whoever holds the S3 access key of an API token, asked of the database."""
    token = tokens.find_active_api_token(access_key_id)
    if token is None:
        return HeldKey(None)
    note_use = _Use(token) if tokens.is_use_news(token) else None
    holder = KeyHolder(tokens.s3_secret(token.id), _names(token.user), note_use)
    return HeldKey(holder, token.expires_at.timestamp()) if token.expires_at else HeldKey(holder)


def opened_by(credentials: Credentials) -> Opened:
    """What ``credentials`` open, asked of the database.

    A token stands for itself: where one is shown, cookies do not count. Old cookies are no error: everybody has some.

    Raises:
        CredentialsRefused: a token was shown that is wrong or expired.
    """
    try:
        if credentials.authorization or credentials.share_token:
            return _opened_by_tokens(credentials.authorization, credentials.share_token)
    except tokens.CredentialsRefused as error:
        raise CredentialsRefused(error.what, fix=error.fix) from None
    cookies = _parse(credentials.cookie)
    shares = tokens.find_cookie_shares(cookies)
    names = _names(_user_of(cookies)) | {share.dataset.name for share in shares}
    return Opened(names, min((share.expires_at.timestamp() for share in shares), default=float("inf")))


def _opened_by_tokens(authorization: bytes, share_token: bytes) -> Opened:
    names: frozenset[str] = frozenset()
    ends = [float("inf")]
    if authorization:
        kind, _, shown = authorization.decode("latin-1").partition(" ")
        token = tokens.find_api_token(shown.strip() if kind.lower() == "bearer" else "")
        names |= _names(token.user)
        ends += [token.expires_at.timestamp()] if token.expires_at else []
    if share_token:
        share = tokens.find_share_token(share_token.decode("latin-1"))
        names |= {share.dataset.name}
        ends.append(share.expires_at.timestamp())
    return Opened(names, min(ends))


def _names(user: Viewer) -> frozenset[str]:
    return frozenset(opened_to(user).values_list("name", flat=True))


def _parse(cookie_header: bytes) -> dict[str, str]:
    return parse_cookie(cookie_header.decode("latin-1"))


def _user_of(cookies: Mapping[str, str]) -> Viewer:
    """Whose session the cookies name."""
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    if key is None:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    return get_user(request)
