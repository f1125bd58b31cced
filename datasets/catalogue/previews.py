"""What other sites show in place of a link to a page: its title, a sentence, a picture. Of public pages alone."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.visibility import is_released


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
    if version.number is None or not is_released(version.dataset):
        return None
    return Preview(
        title=title,
        description=description,
        url=f"{site_url}{path}",
        picture_url=f"{site_url}{picture_url}" if picture_url else "",
        picture_alt=picture_alt if picture_url else "",
    )
