"""``/metrics`` for Prometheus. Whoever may not read it is told that there is no such page."""

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from datasets.serving.metrics import CONTENT_TYPE, render_metrics

# Set by whatever passes a stranger's request on from this machine: then the connection says nothing of who asks.
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via")


def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics of all processes."""
    if not (_is_near(request) or _shows_token(request)):
        raise Http404
    response = HttpResponse(render_metrics(settings.CONFIG.home / "metrics"), content_type=CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    return response


def _is_near(request: HttpRequest) -> bool:
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR") or "")
    except ValueError:
        return False
    return any(address in network for network in settings.CONFIG.metrics_networks)


def _shows_token(request: HttpRequest) -> bool:
    token = settings.CONFIG.metrics_token
    shown = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(shown.encode("latin-1", "replace"), f"Bearer {token}".encode())
