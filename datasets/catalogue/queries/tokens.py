"""What a token that someone shows is worth, by the clock of this moment."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from datasets.catalogue.models import ApiToken, ShareToken
from datasets.catalogue.models.tokens import digest_of
from datasets.catalogue.queries.names import find_account, find_dataset
from datasets.volumes.errors import CisternaError

API_TOKEN_PREFIX = "cst_"  # noqa: S105 (the public part)
SHARE_COOKIE_PREFIX = "share-"
"""A reviewer's cookie is named by this and the dataset that it opens."""

MOST_SHARE_COOKIES = 20
_LAST_USE_PRECISION = dt.timedelta(minutes=1)


class CredentialsRefused(CisternaError):
    """Credentials were sent, and they are wrong or expired."""

    slug = "credentials-refused"
    status = 401
    title = "The credentials are wrong or expired"


def find_api_token(shown: str) -> ApiToken:
    """The token of a Bearer credential, ``cst_<id>_<secret>``, with its account.

    Raises:
        CredentialsRefused: unknown, expired, revoked, or the account's that is no longer active: they look alike.
    """
    token_id, _, secret = shown.removeprefix(API_TOKEN_PREFIX).partition("_")
    token = find_active_api_token(token_id) if shown.startswith(API_TOKEN_PREFIX) else None
    if token is None or not constant_time_compare(digest_of(secret), token.secret_digest):
        raise CredentialsRefused("The token is unknown or expired", fix="Leave it out, or ask for a new one")
    note_use(token)
    return token


def find_active_api_token(token_id: str) -> ApiToken | None:
    """The token called ``token_id``, if it opens anything now. Whoever asks has the secret still to check."""
    now = timezone.now()
    return (
        ApiToken.objects.select_related("user")
        .filter(Q(expires_at=None) | Q(expires_at__gt=now), pk=token_id, revoked_at=None, user__is_active=True)
        .first()
    )


def s3_secret(token_id: str) -> str:
    """The S3 secret access key that belongs to a token's id: derived from the server's key, stored nowhere."""
    key = hmac.digest(settings.SECRET_KEY.encode(), f"cisterna.s3:{token_id}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def find_share_token(secret: str) -> ShareToken:
    """The share token ``secret``, with its dataset.

    Raises:
        CredentialsRefused: unknown, expired or revoked: they look alike.
    """
    token = _active_share_tokens([secret]).first()
    if token is None:
        raise CredentialsRefused(
            "The link is unknown, has expired or was revoked", fix="Ask whoever sent it for a new one"
        )
    note_use(token)
    return token


def find_cookie_shares(cookies: Mapping[str, str]) -> list[ShareToken]:
    """The share tokens in a reviewer's cookies, each in the one named after its dataset. Those that no longer open
    anything are no error."""
    shown = {
        name.removeprefix(SHARE_COOKIE_PREFIX): secret
        for name, secret in cookies.items()
        if name.startswith(SHARE_COOKIE_PREFIX)
    }
    if not shown:
        return []
    digests = {name: digest_of(secret) for name, secret in list(shown.items())[:MOST_SHARE_COOKIES]}
    tokens = _active_share_tokens(list(shown.values())[:MOST_SHARE_COOKIES])
    found = [token for token in tokens if digests.get(token.dataset.name) == token.secret_digest]
    for token in found:
        note_use(token)
    return found


def _active_share_tokens(secrets: list[str]) -> QuerySet[ShareToken]:
    return ShareToken.objects.select_related("dataset").filter(
        secret_digest__in=[digest_of(secret) for secret in secrets],
        revoked_at=None,
        expires_at__gt=timezone.now(),
    )


def note_use(token: ApiToken | ShareToken) -> None:
    """Write down that the token is in use, to the minute: a chunk shall not cost a write."""
    if is_use_news(token):
        type(token)._default_manager.filter(pk=token.pk).update(last_used_at=timezone.now())


def is_use_news(token: ApiToken | ShareToken) -> bool:
    """Whether it would be written down that the token is in use now."""
    return token.last_used_at is None or token.last_used_at < timezone.now() - _LAST_USE_PRECISION


def list_api_tokens(*, username: str = "") -> QuerySet[ApiToken]:
    """The API tokens of an account; all where none is named.

    Raises:
        NameUnknown
    """
    tokens = ApiToken.objects.select_related("user")
    return tokens.filter(user_id=find_account(username, None).pk) if username else tokens


def list_share_tokens(*, dataset: str = "") -> QuerySet[ShareToken]:
    """The share tokens of a dataset; all where none is named.

    Raises:
        NameUnknown
    """
    tokens = ShareToken.objects.select_related("dataset")
    return tokens.filter(dataset=find_dataset(dataset, None)) if dataset else tokens


def is_standing(token: ApiToken | ShareToken) -> bool:
    """Whether a token still opens anything."""
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > timezone.now())


def standing(token: ApiToken | ShareToken) -> str:
    """Whether a token still opens anything, in a few words."""
    if token.revoked_at is not None:
        return f"revoked {token.revoked_at:%Y-%m-%d}"
    if token.expires_at is None:
        return "open until it is revoked"
    return f"{'open until' if is_standing(token) else 'expired'} {token.expires_at:%Y-%m-%d}"
