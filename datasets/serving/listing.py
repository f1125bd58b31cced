"""Listings of a version's folders: the union of its mounts, a page at a time, for people and programs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs, quote

from datasets.storage.errors import ObjectAbsent
from datasets.storage.mounts import Mounts

PAGE_NAMES = 5000
"""Names on a page. Long, because Neuroglancer's folder tree shows the first one only."""


@dataclass(frozen=True, slots=True)
class Page:
    """Names in ascending order, folders with a slash; ``after`` leads to the next page, empty on the last."""

    names: list[str]
    after: str


def list_folder(version: Mounts, folder: str, *, after: str = "", limit: int = PAGE_NAMES) -> Page:
    """A page of the names in ``folder``.

    Of the mount in which the folder lies, plus the mounts below it; what another mount hides is not listed twice.

    Raises:
        ObjectAbsent: there is no such folder.
        StorageBackendNotServed, StorageError: the folder cannot be read.
    """
    mounted: dict[str, str] = {}
    start = len(folder) + 1 if folder else 0
    for mount in version.mounts_below(folder):
        name, slash, _ = mount.path[start:].partition("/")
        is_folder = bool(slash) or not mount.single
        mounted[name] = f"{name}/" if is_folder or mounted.get(name, "").endswith("/") else name
    names = {name for name in mounted.values() if name > after}
    base = version.find_prefix(folder)
    if base is not None:
        try:
            stored = base.reach().list_names(
                base.storage_key(folder), after=after, limit=limit + 1 + len(mounted), within=base.key
            )
        except ObjectAbsent:
            if not mounted:
                raise
            stored = []
        names.update(name for name in stored if name.rstrip("/") not in mounted)
    elif not mounted and folder:
        raise ObjectAbsent("There is no such folder", where=folder)
    page = sorted(names)[: limit + 1]
    return Page(page[:limit], page[limit - 1] if len(page) > limit else "")


def render_json(page: Page) -> bytes:
    """``{"results": ["s0/", "zarr.json"], "next": "?after=…" or null}``"""
    following = f"?after={quote(page.after, safe='')}" if page.after else None
    return json.dumps({"results": page.names, "next": following}, ensure_ascii=False).encode()


def render_html(page: Page, title: str, *, has_parent: bool) -> bytes:
    """A page of relative links, for people and for Neuroglancer's folder tree."""
    links = ['<li><a href="../">../</a></li>'] if has_parent else []
    # quote() escapes colons too, so that no name is taken for a scheme.
    links += [f'<li><a href="{quote(name)}">{escape(name)}</a></li>' for name in page.names]
    more = f'<p><a href="?after={quote(page.after, safe="")}">more</a></p>' if page.after else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f"<body><h1>{escape(title)}</h1><ul>\n{'\n'.join(links)}\n</ul>{more}</body></html>\n"
    ).encode()


def after_of(query: bytes) -> str:
    """The name behind which a page starts, from the query string."""
    return parse_qs(query.decode("ascii", "replace")).get("after", [""])[-1]


def wants_json(headers: Mapping[bytes, bytes]) -> bool:
    """Whether ``Accept`` prefers JSON to HTML (RFC 9110, section 12.5.1); HTML where it does not say."""
    quality = {"application/json": 0.0, "text/html": 0.0}
    for item in headers.get(b"accept", b"").decode("latin-1").lower().split(","):
        media_type, *parameters = (part.strip() for part in item.split(";"))
        if media_type in quality:
            quality[media_type] = next((_quality(text[2:]) for text in parameters if text.startswith("q=")), 1.0)
    return quality["application/json"] > quality["text/html"]


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
