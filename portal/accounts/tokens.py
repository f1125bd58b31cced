"""The tokens of one's own account: made, shown once, listed, revoked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from datasets.catalogue.actions.tokens import create_api_token, revoke_api_token
from datasets.catalogue.models import ApiToken, Scope
from datasets.catalogue.queries.tokens import is_standing, list_api_tokens, standing

LIFETIMES_DAYS = (30, 90, 365)
SCOPES = {
    Scope.READ: "Read: see and download what this account may see",
    Scope.PUBLISH: "Publish: also change drafts and publish them, where this account may",
    Scope.ADMIN: "Administer: also change who may see, where this account may",
}


@dataclass(frozen=True)
class TokenRow:
    """A token of the account, and whether it opens anything now, in words."""

    token: ApiToken
    standing: str
    is_active: bool


class TokenForm(forms.Form):
    """What a new token is for."""

    label = forms.CharField(label="Where it is used", max_length=100, help_text="Such as: notebook, cluster")
    scope = forms.ChoiceField(label="What it may do", choices=[(scope.value, words) for scope, words in SCOPES.items()])
    days = forms.TypedChoiceField(
        label="How long it counts", coerce=int, choices=[(days, f"{days} days") for days in LIFETIMES_DAYS], initial=90
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tokens(request: HttpRequest) -> HttpResponse:
    """``/account/tokens/``: the account's tokens, and a form that makes one.

    A new token stands in the answer to the form itself, once: it is kept nowhere, so no other page could show it.
    """
    assert request.user.is_authenticated, "login_required"
    form = TokenForm(request.POST if request.method == "POST" else None, label_suffix="")
    made = None
    if request.method == "POST" and form.is_valid():
        made = create_api_token(
            username=request.user.get_username(),
            label=form.cleaned_data["label"],
            scope=form.cleaned_data["scope"],
            lifetime=dt.timedelta(days=form.cleaned_data["days"]),
            by=request.user,
        )
        form = TokenForm(label_suffix="")
    context = {"form": form, "made": made, "rows": _own_tokens(request)}
    response = render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@login_required
def revoke(request: HttpRequest) -> HttpResponse:
    """``POST /account/tokens/revoke``: end the token ``token``. When this answers, every server refuses it."""
    assert request.user.is_authenticated, "login_required"
    # Of one's own account alone, the operator's too: other accounts' tokens are the administration's.
    own = {row.token.id for row in _own_tokens(request)}
    if (identifier := request.POST.get("token", "")) in own:
        revoke_api_token(token_id=identifier, by=request.user)
    return HttpResponseRedirect(reverse("accounts:tokens"))


def _own_tokens(request: HttpRequest) -> list[TokenRow]:
    tokens = list_api_tokens(username=request.user.get_username())
    return [TokenRow(token, standing(token), is_standing(token)) for token in tokens]
