"""What every page says of the site, and of its own address."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import urlencode

from datasets.catalogue.addresses import site_url

_PLACES = ("page", "before", "after")
"""What says where a page of a list begins."""


def site_context(request: HttpRequest) -> dict[str, str]:
    """``contact_url``: whom to tell of a problem; empty where the operator names nobody.

    ``site_url`` and ``canonical``: the address of the site, and under it the one of the page's that is its own: without
    what narrows or sorts a list, or is looked at. A view that knows better says another ``canonical``.
    """
    place = [(name, value) for name in _PLACES if (value := request.GET.get(name))]
    query = urlencode(place) if place and len(place) == len(request.GET) else ""
    return {
        "contact_url": settings.CONFIG.contact,
        "site_url": site_url(request),
        "canonical": f"{request.path}?{query}" if query else request.path,
    }
