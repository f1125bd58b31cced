"""Django's administration, entered through the portal's own door."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from datasets.catalogue.queries.visibility import NotAllowed


class PortalAdmin(AdminSite):
    site_header = "Cisterna"
    site_title = "Cisterna"
    index_title = "Administration"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """To the portal's sign-in, which holds back whoever guesses; who is signed in and still comes here lacks the
        right."""
        if self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        if request.user.is_authenticated:
            raise NotAllowed("Your account does not open the administration", fix="Sign in with one that does")
        target = request.GET.get("next") or reverse("admin:index")
        return HttpResponseRedirect(f"{reverse('accounts:sign_in')}?{urlencode({'next': target})}")

    def logout(  # type: ignore[override]  # Django says so itself of what its own method returns
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return LogoutView.as_view()(request)
