"""``/robots.txt`` (RFC 9309): what crawlers need not read, and where to begin."""

from __future__ import annotations

from django.urls import reverse

BARRED = (
    # Bytes, and what is computed or listed for each who asks.
    *("/data/", "/s3/", "/api/v1/datasets/*/cutout", "/api/v1/datasets/*/manifest", "/datasets/*/slices/?"),
    # Two conditions or more on a list: without end, and everything there is in the sitemap.
    *("/datasets/?*&", "/crops/?*&", "/publications/?*&", "/search/?", "/compare/"),
    # Somebody's own.
    *("/account/", "/admin/", "/r/", "/selection/"),
)
"""Beginnings of addresses; ``*`` is anything."""


def robots_text(site_url: str) -> str:
    """The file. Pages that show places, and the pictures that other sites show of them, stay open."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in BARRED), ""]
    return "\n".join([*lines, f"Sitemap: {site_url}{reverse('catalogue:sitemap')}", ""])
