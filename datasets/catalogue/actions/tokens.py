"""Making and revoking tokens. A revoked one is refused everywhere within two seconds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.actions.refusal import wait_until_refused_everywhere
from datasets.catalogue.models import ApiToken, Scope, ShareToken
from datasets.catalogue.models.tokens import digest_of, new_secret
from datasets.catalogue.queries.names import NameUnknown, find_account, find_dataset
from datasets.catalogue.queries.tokens import API_TOKEN_PREFIX, is_standing, s3_secret
from datasets.catalogue.queries.visibility import Deed, NotAllowed, is_operator, require, visible_to
from datasets.volumes.errors import CisternaError

MOST_TOKENS = 50


class TooManyTokens(CisternaError):
    """An account has so many tokens that nobody can tell them apart any more."""

    slug = "too-many-tokens"
    status = 409
    title = "Too many tokens"


@dataclass(frozen=True)
class NewApiToken:
    """A token and, this once, its secrets."""

    token: ApiToken
    bearer: str = field(repr=False)
    s3_secret: str = field(repr=False)


@dataclass(frozen=True)
class NewShareToken:
    """A share token and, this once, what it is."""

    token: ShareToken
    secret: str = field(repr=False)


@transaction.atomic
def create_api_token(
    *, username: str, label: str, scope: str, lifetime: dt.timedelta | None, by: AbstractBaseUser | None
) -> NewApiToken:
    """A new token of ``username``'s, theirs or the operator's (``by=None``: the command line) to make.

    Args:
        lifetime: None: until it is revoked.

    Raises:
        NameUnknown: there is no such account or scope.
        NotAllowed: it is somebody else's account.
        TooManyTokens: it has :data:`MOST_TOKENS` that open something. The command line makes more.
    """
    if scope not in Scope.values:
        raise NameUnknown("scope", scope, Scope.values)
    user = find_account(username, by)
    _require_account(by, user)
    if by is not None:
        _require_room(user)
    secret = new_secret()
    token = ApiToken.objects.create(
        user_id=user.pk,
        label=label,
        scope=scope,
        secret_digest=digest_of(secret),
        expires_at=timezone.now() + lifetime if lifetime is not None else None,
    )
    record_event(by=by, action="token.create", subject=token.id, after={"user": username, "scope": scope})
    return NewApiToken(token, f"{API_TOKEN_PREFIX}{token.id}_{secret}", s3_secret(token.id))


@transaction.atomic
def revoke_api_token(*, token_id: str, by: AbstractBaseUser | None) -> ApiToken:
    """End a token, and with it its S3 secret. Ends when every server refuses it.

    Raises:
        NameUnknown: there is none of ``by``'s so called.
    """
    tokens = ApiToken.objects.select_for_update()
    if by is not None and not is_operator(by):
        tokens = tokens.filter(user_id=by.pk)
    token = tokens.filter(pk=token_id).first()
    if token is None:
        raise NameUnknown("token", token_id, tokens.filter(revoked_at=None).values_list("id", flat=True)[:21])
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save()
        record_event(by=by, action="token.revoke", subject=token.id)
        wait_until_refused_everywhere()
    return token


@transaction.atomic
def create_share_token(
    *, dataset: str, label: str, lifetime: dt.timedelta, by: AbstractBaseUser | None
) -> NewShareToken:
    """A key to one dataset, for whoever holds it.

    Raises:
        NameUnknown: there is no such dataset.
        NotAllowed: ``by`` does not administer it.
    """
    found = find_dataset(dataset, by)
    require(by, Deed.ADMINISTER, found)
    secret = new_secret()
    token = ShareToken.objects.create(
        dataset=found, label=label, secret_digest=digest_of(secret), expires_at=timezone.now() + lifetime
    )
    record_event(by=by, action="share.create", subject=dataset, after={"share": token.pk, "label": label})
    return NewShareToken(token, secret)


@transaction.atomic
def revoke_share_token(*, share_id: int, by: AbstractBaseUser | None) -> ShareToken:
    """End a share token. Ends when every server refuses it.

    Raises:
        NameUnknown: there is none of this number that ``by`` may know of.
        NotAllowed: ``by`` does not administer its dataset.
    """
    tokens = ShareToken.objects.select_related("dataset").select_for_update(of=("self",))
    if by is not None:
        tokens = tokens.filter(dataset__in=visible_to(by))
    token = tokens.filter(pk=share_id).first()
    if token is None:
        raise NameUnknown("share token", str(share_id), [])
    require(by, Deed.ADMINISTER, token.dataset)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save()
        record_event(by=by, action="share.revoke", subject=token.dataset.name, before={"share": token.pk})
        wait_until_refused_everywhere()
    return token


def _require_room(user: AbstractBaseUser) -> None:
    # One after the other: two requests at once would each find room for one.
    type(user)._default_manager.select_for_update().get(pk=user.pk)
    if sum(map(is_standing, ApiToken.objects.filter(user_id=user.pk))) >= MOST_TOKENS:
        raise TooManyTokens(
            f"An account has {MOST_TOKENS} tokens at most", where="/account/tokens/", fix="Revoke one first"
        )


def _require_account(by: AbstractBaseUser | None, user: AbstractBaseUser) -> None:
    if by is not None and by.pk != user.pk and not is_operator(by):
        raise NotAllowed("Tokens are made for one's own account", fix="Sign in with that account")
