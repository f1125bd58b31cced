"""Who uses the API: a page of this site, or whoever shows a Bearer token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from datasets.catalogue.models import ApiToken, Scope
from datasets.catalogue.queries.tokens import CredentialsRefused, find_api_token
from datasets.catalogue.queries.visibility import SHARED, NotAllowed

if TYPE_CHECKING:  # its module asks for the classes below
    from rest_framework.views import APIView

_SCOPES = list(Scope)


class SiteSession(SessionAuthentication):
    """The user of the site's own pages: a member's session, or a stranger with a reviewer's cookies."""

    def authenticate(self, request: Request) -> Any:
        user = request._request.user
        if not user.is_active and not hasattr(user, SHARED):
            return None
        self.enforce_csrf(request)
        return user, None


class BearerToken(BaseAuthentication):
    """``Authorization: Bearer``; anything else in that header is refused, too."""

    def authenticate(self, request: Request) -> Any:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        kind, _, shown = header.partition(" ")
        if kind.lower() != "bearer":
            raise CredentialsRefused("Only Bearer tokens are known here", fix="Send Authorization: Bearer <token>")
        token = find_api_token(shown.strip())
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ScopeSuffices(BasePermission):
    """A token does what its scope says: ``read`` for reading, else what the view's ``scope`` says, or ``publish``."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        token = request.auth
        if not isinstance(token, ApiToken) or request.method in SAFE_METHODS:
            return True
        wanted = Scope(getattr(view, "scope", Scope.PUBLISH))
        if _SCOPES.index(Scope(token.scope)) < _SCOPES.index(wanted):
            raise NotAllowed(f"The token's scope is {token.scope}, and this takes {wanted}", fix="Make a token for it")
        return True
