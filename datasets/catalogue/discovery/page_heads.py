"""What pages say to machines beside what people read: statements in their heads, links in their headers.

Nothing, where not everyone may see the page: what is kept by somebody's cache would tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from datasets.catalogue.addresses import data_url, layer_url, site_url
from datasets.catalogue.discovery.described_datasets import dataset_node, layer_node
from datasets.catalogue.discovery.linked_data import Node, breadcrumbs, in_script, page_url
from datasets.catalogue.discovery.signposts import dataset_links, layer_links, link_header
from datasets.catalogue.models import Collection, DatasetVersion, Volume
from datasets.catalogue.queries.datasets import newest_among, segmentation_of
from datasets.catalogue.queries.models import shown_run
from datasets.catalogue.queries.visibility import is_open

MOST_DOWNLOADS = 24
"""So many layers are named in the page itself; its ``metadata.jsonld`` has all."""


@dataclass(frozen=True)
class PageHead:
    """What one page says: ``linked_data`` between the tags of a script, ``links`` in a header; empty for nothing.

    ``canonical`` is the address of the page where it has several: of the newest version the one without a number, of
    what stands below a version the one with it.
    """

    canonical: str
    linked_data: str = ""
    links: str = ""

    @property
    def context(self) -> dict[str, str]:
        """What the page's template says of it."""
        return {"canonical": self.canonical, "linked_data": self.linked_data}

    def on(self, response: HttpResponse) -> HttpResponse:
        """``response`` with the links."""
        if self.links:
            response["Link"] = self.links
        return response


def dataset_head(
    request: HttpRequest,
    version: DatasetVersion,
    versions: Iterable[DatasetVersion],
    *,
    collections: Iterable[Collection],
    picture_url: str,
) -> PageHead:
    """The page of ``version``, its content loaded; ``versions`` are those that the caller may know of."""
    is_newest = version == newest_among(versions)
    ref = version.dataset.name if is_newest else str(version)
    canonical = reverse("catalogue:dataset", kwargs={"ref": ref})
    if not is_open(version):
        return PageHead(canonical)
    site, data = site_url(request), data_url(request)
    said = dataset_node(
        version,
        site_url=site,
        data_url=data,
        collections=collections,
        people={it.person_id for it in version.contributions.all()} if is_newest else (),
        picture_url=picture_url,
        most_items=MOST_DOWNLOADS,
    )
    links = dataset_links(version, site_url=site, data_url=data)
    return PageHead(
        canonical,
        in_script([said, breadcrumbs([*_to(version)], site)]),
        link_header(links, page_url(site, "link_set", ref=str(version))),
    )


def layer_head(request: HttpRequest, version: DatasetVersion, volume: Volume, *, picture_url: str) -> PageHead:
    """The page of ``volume``."""
    canonical = layer_url(version, volume)
    if not is_open(version):
        return PageHead(canonical)
    site, data = site_url(request), data_url(request)
    labels = segmentation_of(volume)
    said = layer_node(
        version,
        volume,
        run=shown_run(labels, None) if labels else None,
        site_url=site,
        data_url=data,
        picture_url=picture_url,
    )
    crumbs = breadcrumbs([*_to(version), (volume.title, canonical)], site)
    return PageHead(
        canonical, in_script([said, crumbs]), link_header(layer_links(version, volume, site_url=site, data_url=data))
    )


def linked_data(request: HttpRequest, nodes: Sequence[Node], *crumbs: tuple[str, str], under: str = "") -> SafeString:
    """What the page at hand says that stands beside datasets: ``nodes``, and the way to it from the list ``under``."""
    names = {
        "organelles": "Organelles",
        "models": "Models",
        "tasks": "Tasks",
        "collections": "Collections",
        "publications": "Publications",
        "crops": "Ground truth",
        "people": "People",
    }
    way = [breadcrumbs([(names[under], reverse(f"catalogue:{under}")), *crumbs], site_url(request))] if under else []
    return in_script([*nodes, *way])


def _to(version: DatasetVersion) -> list[tuple[str, str]]:
    return [
        ("Datasets", reverse("catalogue:datasets")),
        (version.title, reverse("catalogue:dataset", kwargs={"ref": str(version)})),
    ]
