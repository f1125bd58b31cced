"""Signing in and out, and the account's own page."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.views.decorators.http import require_safe

from datasets.catalogue.queries.memberships import list_memberships
from portal.accounts.throttling import forgive, record_failure, seconds_to_wait
from portal.problems import TooManyRequests


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
            "address": self.request.META.get("REMOTE_ADDR", ""),
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
