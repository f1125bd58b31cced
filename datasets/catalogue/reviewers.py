"""A reviewer's cookies, which open one dataset each to whoever holds its share token."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from datasets.catalogue.queries.tokens import SHARE_COOKIE_PREFIX, find_cookie_shares
from datasets.catalogue.queries.visibility import SHARED


class ReviewerCookies:
    """Middleware, behind the one that finds the user: whoever holds a share token sees its dataset, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(name.startswith(SHARE_COOKIE_PREFIX) for name in request.COOKIES):
            shares = find_cookie_shares(request.COOKIES)
            setattr(request.user, SHARED, frozenset(share.dataset_id for share in shares))
        return self.get_response(request)
