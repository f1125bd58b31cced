"""Statements in the words of schema.org, as JSON-LD: how they are written, and what is said of the site itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from datasets.catalogue.citations import PUBLISHER
from datasets.catalogue.models import Organization

CONTEXT = "https://schema.org/"
MEDIA_TYPE = "application/ld+json"

type Node = dict[str, Any]
"""Something that is said to be: its type, and its properties."""

# Else a text could end the script that it stands in, or begin a comment there.
_IN_A_SCRIPT = {ord(it): f"\\u{ord(it):04x}" for it in "<>&\u2028\u2029"}


def node(kind: str, properties: Mapping[str, Any] | None = None, **more: Any) -> Node:
    """A node of type ``kind``, without the properties that are empty."""
    said = {**(properties or {}), **more}
    return {"@type": kind, **{name: value for name, value in said.items() if value not in ("", None, [], (), {})}}


def written(nodes: Sequence[Node]) -> str:
    """One document that says all of ``nodes``."""
    said = nodes[0] if len(nodes) == 1 else {"@graph": list(nodes)}
    return json.dumps({"@context": CONTEXT, **said}, ensure_ascii=False)


def in_script(nodes: Sequence[Node]) -> SafeString:
    """The same, as it can stand between the tags of a script; empty for no nodes."""
    if not nodes:
        return SafeString("")
    return mark_safe(written(nodes).translate(_IN_A_SCRIPT))  # noqa: S308 (no markup is left in it)


def page_url(site_url: str, page: str, **arguments: Any) -> str:
    """The absolute address of a page of the catalogue, by its name among the addresses."""
    return f"{site_url}{reverse(f'catalogue:{page}', kwargs=arguments)}"


def breadcrumbs(crumbs: Iterable[tuple[str, str]], site_url: str) -> Node:
    """The way to a page: names with the paths they lead to, the page itself last."""
    return node(
        "BreadcrumbList",
        itemListElement=[
            node("ListItem", position=place, name=name, item=f"{site_url}{path}")
            for place, (name, path) in enumerate(crumbs, 1)
        ],
    )


def catalogue_node(site_url: str) -> Node:
    """The catalogue, as what is in it names it."""
    return {"@type": "DataCatalog", "@id": f"{site_url}/#catalogue", "name": PUBLISHER, "url": f"{site_url}/"}


def site_nodes(site_url: str) -> list[Node]:
    """What the home page says: the site, how it is searched, and the catalogue that it is."""
    catalogue = catalogue_node(site_url) | {"description": "Volume electron microscopy, to look at and to download."}
    target = node("EntryPoint", urlTemplate=f"{page_url(site_url, 'search')}?q={{query}}")
    search = node("SearchAction", {"target": target, "query-input": "required name=query"})
    site = {"@id": f"{site_url}/#site", "name": PUBLISHER, "url": f"{site_url}/", "potentialAction": search}
    return [node("WebSite", site), catalogue]


def organization_node(organization: Organization) -> Node:
    """An institute, by its identifier where it has one."""
    address = f"https://ror.org/{organization.ror}" if organization.ror else ""
    return node("Organization", {"@id": address, "name": organization.title, "sameAs": address})


def licence_url(spdx: str) -> str:
    """The page of a licence of the SPDX list; empty for an expression of several, and for what is not listed."""
    is_one = spdx and all(it.isalnum() or it in ".-+" for it in spdx)
    return f"https://spdx.org/licenses/{spdx}.html" if is_one and "Ref-" not in spdx else ""


def licence_value(spdx: str) -> str | Node:
    """A licence as a value: its page, or what it says of itself."""
    return licence_url(spdx) or (node("CreativeWork", name=spdx) if spdx else "")
