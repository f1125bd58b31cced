"""Signing in and out, and the account's own page."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_safe

from datasets.catalogue.callers import caller_of
from datasets.catalogue.queries.memberships import list_memberships
from datasets.catalogue.queries.tokens import SHARE_COOKIE_PREFIX, CredentialsRefused, find_share_token
from portal.accounts.throttling import forgive, record_failure, seconds_to_wait
from portal.problems import TooManyRequests, answer


class SignIn(LoginView):
    """``/account/sign-in/?next=``: the one way in, for members and staff alike.

    It does not send on who is signed in already: other sites could tell by that whether a visitor is.
    """

    template_name = "accounts/sign_in.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wait_s = seconds_to_wait(**self._attempt())
        if wait_s:
            raise TooManyRequests("Signing in has failed too often", retry_after_s=wait_s)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        forgive(**self._attempt())
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        record_failure(**self._attempt())
        response = super().form_invalid(form)
        response.status_code = 422
        return response

    def _attempt(self) -> dict[str, str]:
        return {
            "username": self.request.POST.get("username", ""),
            "address": caller_of(self.request.META),
        }


class ChangePassword(PasswordChangeView):
    """``/account/password/``"""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("accounts:account")


@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """``/account/``: who is signed in, and what they are a member of."""
    memberships = list_memberships(username=request.user.get_username())
    return render(request, "accounts/account.html", {"memberships": memberships})


@require_safe
def reviewers_entrance(request: HttpRequest, token: str) -> HttpResponse:
    """``/r/<token>/``: exchanges a share token for a cookie that opens its dataset alone, and goes there.

    The address holds a secret: nothing leads on from here with it.
    """
    try:
        share = find_share_token(token)
    except CredentialsRefused as error:
        request.path = request.path_info = "/"  # what the page says of where one is must not name the token
        response = answer(request, error)
    else:
        response = HttpResponseRedirect(reverse("catalogue:dataset", kwargs={"ref": share.dataset.name}))
        response.set_cookie(
            f"{SHARE_COOKIE_PREFIX}{share.dataset.name}",
            token,
            expires=share.expires_at,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return response
