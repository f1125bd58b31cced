"""What other sites show in place of a link to a page: its title, a sentence, a picture. Of public pages alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.http import QueryDict

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.pages.slice_layers import slice_layers
from datasets.catalogue.pages.slice_requests import requested_slices
from datasets.catalogue.pages.slice_views import TILTED, frame_of, planes_of
from datasets.catalogue.pages.slices import cut_picture_url
from datasets.catalogue.queries.visibility import is_open

CARD_PIXELS = (1200, 630)
"""Width and height of the picture that is made for a link to a place."""


@dataclass(frozen=True)
class Preview:
    """What a page says of itself in its head. The addresses are absolute: whoever shows them is elsewhere."""

    title: str
    description: str
    url: str
    picture_url: str
    picture_alt: str


def preview_of(
    version: DatasetVersion,
    *,
    title: str,
    description: str,
    path: str,
    picture_url: str,
    picture_alt: str,
    site_url: str,
) -> Preview | None:
    """The preview of a page about ``version``; None where the page is a draft's or not for everyone.

    Args:
        path: the page's address on this site.
        picture_url: that of its picture on this site; empty where it has none.
        site_url: absolute address of the site, without a trailing slash.
    """
    if not is_open(version):
        return None
    return Preview(
        title=title,
        description=description,
        url=f"{site_url}{path}",
        picture_url=f"{site_url}{picture_url}" if picture_url else "",
        picture_alt=picture_alt if picture_url else "",
    )


def card_picture_url(version: DatasetVersion, query: QueryDict) -> str:
    """The address of a picture of what ``query`` asks the page for, in the shape other sites show; empty for nothing.

    Raises:
        QueryInvalid, NotFound.
    """
    layers = slice_layers(version)
    if layers is None:
        return ""
    frame = frame_of(layers.frame)
    view = requested_slices(query, version, layers, frame)
    planes = planes_of(view, frame)
    plane = planes[TILTED if "tilt" in query and TILTED in planes else "xy"]
    width, height = CARD_PIXELS
    nm_per_pixel = plane.nm_per_pixel * plane.width / width
    return cut_picture_url(version, layers, view, replace(plane, width=width, height=height, nm_per_pixel=nm_per_pixel))
