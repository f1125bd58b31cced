"""How often one may ask: an account, or, where none is known, a client."""

from __future__ import annotations

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle, SimpleRateThrottle
from rest_framework.views import APIView

from datasets.catalogue.callers import caller_of


class ByCaller(SimpleRateThrottle):
    """Counts what one account asks, or one client."""

    def get_cache_key(self, request: Request, view: APIView) -> str:
        known = request.user is not None and request.user.is_authenticated
        caller = f"account-{request.user.pk}" if known else f"client-{caller_of(request.META)}"
        return self.cache_format % {"scope": self.scope, "ident": caller}


class ReadingThrottle(ByCaller):
    """So many questions to the catalogue a minute from one account, or one client; as the operator says."""

    scope = "catalogue"

    def get_rate(self) -> str | None:
        rate = settings.CONFIG.api_requests_per_minute
        return f"{rate}/min" if rate else None


class DeedThrottle(ByCaller, ScopedRateThrottle):
    """So many of what a view's ``throttle_scope`` names, from one account or one client."""
