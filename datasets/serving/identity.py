"""Who is asking for data that are not public. With ``catalogue_snapshot`` the only module here that knows Django."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError
from django.http import HttpRequest

from datasets.catalogue.queries.visibility import Viewer, opened_to
from datasets.serving.catalogue_snapshot import with_fresh_connections
from datasets.serving.core import Credentials, CredentialsRefused
from datasets.serving.snapshot import CatalogueUnavailable

REMEMBERED_S = 1.0
MOST_REMEMBERED = 4096
THREADS = 4


class Identify:
    """Credentials → the names of the datasets they open beyond what is public.

    A viewer asks for thousands of chunks with one cookie: an answer counts for ``remembered_s``, and whoever asks
    meanwhile waits for the same one. So a membership that ends is refused within that time.
    """

    def __init__(
        self,
        ask: Callable[[Credentials], frozenset[str]] | None = None,
        *,
        remembered_s: float = REMEMBERED_S,
    ) -> None:
        self._ask = ask or with_fresh_connections(opened_names)
        self._remembered_s = remembered_s
        self._known: OrderedDict[Credentials, tuple[float, Future[frozenset[str]]]] = OrderedDict()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="identity")

    async def __call__(self, credentials: Credentials) -> frozenset[str]:
        """The names.

        Raises:
            CredentialsRefused: a token is wrong or expired.
            CatalogueUnavailable: the database fails.
        """
        asked_s, answer = self._known.get(credentials, (-float("inf"), None))
        now_s = time.monotonic()
        if answer is None or now_s - asked_s >= self._remembered_s:
            answer = self._threads.submit(self._ask, credentials)
            self._known[credentials] = (now_s, answer)
            self._known.move_to_end(credentials)
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        try:
            # Shielded: a client that goes away would cancel what others wait for.
            return await asyncio.shield(asyncio.wrap_future(answer))
        except DatabaseError as failure:
            raise CatalogueUnavailable("Who may see this cannot be read", fix="Try again in a moment") from failure


def opened_names(credentials: Credentials) -> frozenset[str]:
    """The names of the datasets that ``credentials`` open beyond what is public, asked of the database.

    Raises:
        CredentialsRefused: a token was shown, and there is none such. An old cookie is no error: its sender is a
            stranger.
    """
    if credentials.authorization or credentials.share_token:
        raise CredentialsRefused("The token is unknown or expired", fix="Leave it out, or ask for a new one")
    return frozenset(opened_to(_user_of(credentials.cookie)).values_list("name", flat=True))


def _user_of(cookie_header: bytes) -> Viewer:
    """Whose session a ``Cookie`` header names."""
    try:
        morsel = SimpleCookie(cookie_header.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if morsel is None:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(morsel.value)
    return get_user(request)
