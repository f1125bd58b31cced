"""What every page says of the site."""

from django.conf import settings
from django.http import HttpRequest


def site_context(request: HttpRequest) -> dict[str, str]:
    """``contact_url``: whom to tell of a problem; empty where the operator names nobody."""
    return {"contact_url": settings.CONFIG.contact}
