"""``/feeds/datasets.atom`` (RFC 4287): what was published last."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.presentation import describe_licence
from datasets.catalogue.queries.datasets import LONG, published_versions
from datasets.catalogue.queries.paging import first_rows

ENTRIES = 50
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
_BEFORE_ALL = datetime(2000, 1, 1, tzinfo=UTC)
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Feed(Atom1Feed):
    """Django's, with all authors of an entry."""

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        for name, address in item["authors"]:
            handler.startElement("author", {})
            handler.addQuickElement("name", name)
            if address:
                handler.addQuickElement("uri", address)
            handler.endElement("author")

    def latest_post_date(self) -> datetime:
        return max((item["updateddate"] for item in self.items), default=_BEFORE_ALL)


def published_last() -> list[DatasetVersion]:
    """The versions that everyone may see which were published last, the last first, with who made them."""
    rows = published_versions(None).select_related("dataset").defer(*LONG).prefetch_related("contributions__person")
    return first_rows(rows, ("-frozen_at", "-pk"), ENTRIES).rows


def datasets_feed(versions: Iterable[DatasetVersion], site_url: str) -> tuple[bytes, datetime]:
    """The feed of ``versions``, and when the last of them was published.

    An entry's identifier is the address of its version, which never changes.
    """
    feed = _Feed(
        title="Cisterna: new datasets",
        link=f"{site_url}{reverse('catalogue:datasets')}",
        description="Volume electron microscopy, as it is published.",
        feed_url=f"{site_url}{reverse('catalogue:feed')}",
        author_name="Cisterna",
        language="en-gb",
    )
    for version in versions:
        address = f"{site_url}{reverse('catalogue:dataset', kwargs={'ref': str(version)})}"
        people = [it.person for it in version.contributions.all()]
        feed.add_item(
            title=_clean(version.title),
            link=address,
            unique_id=address,
            description="".join(f"<p>{escape(_clean(it))}</p>" for it in _paragraphs(version)),
            pubdate=version.frozen_at,
            updateddate=version.frozen_at,
            categories=[_clean(str(it)) for it in version.keywords],
            item_copyright=describe_licence(version.licence).name if version.licence else None,
            authors=[(_clean(it.name), f"https://orcid.org/{it.orcid}" if it.orcid else "") for it in people],
        )
    return feed.writeString("utf-8").encode(), feed.latest_post_date()


def _paragraphs(version: DatasetVersion) -> list[str]:
    news = f"Version {version.number}: {version.change_note}" if version.change_note else ""
    return [it for it in (news, *re.split(r"\n\s*\n", version.description.replace("\r\n", "\n"))) if it.strip()]


def _clean(text: str) -> str:
    """``text`` without the characters that XML cannot hold."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
