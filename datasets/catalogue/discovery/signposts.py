"""Signposting: typed links in the headers of pages (https://signposting.org/FAIR/), and all of them as a link set.

A page says what it is cited as, where it is described in other forms, what can be downloaded, by whom it was made, and
under which licence. Headers have an end, and a version can have hundreds of layers: what does not fit is in the set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from datasets.catalogue.addresses import web_url
from datasets.catalogue.discovery.described_datasets import version_url
from datasets.catalogue.discovery.items import Item, items_of, layer_item
from datasets.catalogue.discovery.linked_data import licence_url, page_url
from datasets.catalogue.models import DatasetVersion, Volume

LONGEST_HEADER = 2_000
"""Bytes. Front servers read all headers of an answer into one page of memory, of 4 kB."""

SET_MEDIA_TYPE = "application/linkset+json"
METADATA = {
    "jsonld": "application/ld+json",
    "csl": "application/vnd.citationstyles.csl+json",
    "bibtex": "application/x-bibtex",
}
"""The forms a version is described in, by the names of their addresses."""

_TYPES = ("https://schema.org/AboutPage", "https://schema.org/Dataset")


@dataclass(frozen=True)
class Link:
    """Where something leads to, what it is to the page, and the media type of what is there, where that is known."""

    url: str
    relation: str
    media_type: str = ""

    def __str__(self) -> str:
        kind = f'; type="{self.media_type}"' if self.media_type else ""
        return f'<{self.url}>; rel="{self.relation}"{kind}'


def dataset_links(version: DatasetVersion, *, site_url: str, data_url: str) -> list[Link]:
    """The links of the page of ``version``, its content loaded; the first are those that all clients need."""
    page = version_url(version, site_url)
    api = f"{site_url}{reverse('api:dataset', kwargs={'ref': str(version)})}"
    return [
        Link(page, "cite-as"),
        *(Link(it, "type") for it in _TYPES),
        *_licence(version),
        *(
            Link(page_url(site_url, name, ref=str(version)), "describedby", media_type)
            for name, media_type in METADATA.items()
        ),
        Link(api, "describedby", "application/json"),
        *(
            Link(f"https://orcid.org/{it.person.orcid}", "author")
            for it in version.contributions.all()
            if it.person.orcid
        ),
        *(_item(it) for it in items_of(version, site_url=site_url, data_url=data_url) if web_url(it.url)),
    ]


def layer_links(version: DatasetVersion, volume: Volume, *, site_url: str, data_url: str) -> list[Link]:
    """The links of a layer's page: it is cited as its version, whose page it belongs to."""
    item = layer_item(version, volume, data_url)
    api = f"{site_url}{reverse('api:volume', kwargs={'ref': str(version), 'path': volume.path})}"
    page = version_url(version, site_url)
    return [
        Link(page, "cite-as"),
        Link(page, "collection", "text/html"),
        *(Link(it, "type") for it in _TYPES),
        *_licence(version),
        Link(api, "describedby", "application/json"),
        *([_item(item)] if web_url(item.url) else []),
    ]


def link_header(links: Iterable[Link], link_set: str = "") -> str:
    """As many of ``links`` as a header holds, and where all are: the absolute address ``link_set``."""
    lines = [str(Link(link_set, "linkset", SET_MEDIA_TYPE))] if link_set else []
    size = sum(len(it) + 2 for it in lines)
    for link in map(str, links):
        size += len(link) + 2
        if size > LONGEST_HEADER:
            break
        lines.append(link)
    return ", ".join(lines)


def back_to_page(version: DatasetVersion, site_url: str, relation: str = "describes") -> str:
    """The header of what describes ``version`` in another form; ``collection``: of what is a part of it."""
    return str(Link(version_url(version, site_url), relation, "text/html"))


def link_set(version: DatasetVersion, *, site_url: str, data_url: str) -> dict[str, Any]:
    """All links of a version's page and back to it, as RFC 9264 writes them in JSON."""
    page = version_url(version, site_url)
    links = dataset_links(version, site_url=site_url, data_url=data_url)
    back = {"item": "collection", "describedby": "describes"}
    return {
        "linkset": [
            _written(page, links),
            *(_written(it.url, [Link(page, back[it.relation], "text/html")]) for it in links if it.relation in back),
        ]
    }


def _written(anchor: str, links: Iterable[Link]) -> dict[str, Any]:
    by_relation: dict[str, list[dict[str, str]]] = {}
    for link in links:
        target = {"href": link.url, **({"type": link.media_type} if link.media_type else {})}
        by_relation.setdefault(link.relation, []).append(target)
    return {"anchor": anchor, **by_relation}


def _item(item: Item) -> Link:
    return Link(item.url, "item", item.media_type)


def _licence(version: DatasetVersion) -> Iterator[Link]:
    if address := licence_url(version.licence):
        yield Link(address, "license")
