"""The pages of ``docs``: guides, with this portal's own address in them, and kinds of problems; and the list of all."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify

from datasets.catalogue.addresses import site_url
from portal.config import CHECKOUT
from portal.problems import PageAbsent

GUIDES, PROBLEMS = (
    {path.stem: path for folder in folders for path in sorted((CHECKOUT / "docs" / folder).glob("*.md"))}
    for folders in (("", "guides"), ("problems",))
)
EXAMPLE = "https://cells.example.org"
"""Where the portal is in the pages as they are written."""

_ADDRESSES = {path: f"/guides/{slug}/" for slug, path in GUIDES.items()} | {
    path: f"/problems/{slug}/" for slug, path in PROBLEMS.items()
}
_FRAMED = {
    "<pre>": '<pre tabindex="0">',
    "<table>": '<div class="table-frame" tabindex="0" role="group" aria-label="Table"><table>',
    "</table>": "</table></div>",
}


def help_list(request: HttpRequest) -> HttpResponse:
    """All guides, and all kinds of problems."""
    guides = sorted(_titles(GUIDES), key=itemgetter(1))
    return render(request, "portal/help.html", {"guides": guides, "problems": _titles(PROBLEMS)})


def guide_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One guide."""
    return _page(request, "Guides", GUIDES, slug)


def problem_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One kind of problem: cause and fix."""
    return _page(request, "Problems", PROBLEMS, slug)


def _page(request: HttpRequest, kind: str, pages: Mapping[str, Path], slug: str) -> HttpResponse:
    if slug not in pages:
        raise PageAbsent(f"No page here is called {slug!r}", fix="See the list of all under Help")
    title, text = _read(pages[slug])
    body = _written(text.replace(EXAMPLE, site_url(request)), pages[slug].parent)
    return render(request, "portal/help_page.html", {"kind": kind, "title": title, "body": body})


def _titles(pages: Mapping[str, Path]) -> list[tuple[str, str]]:
    """Each page's name and title, by name."""
    return [(slug, _read(path)[0]) for slug, path in sorted(pages.items())]


def _read(path: Path) -> tuple[str, str]:
    """A page's title, and its text."""
    title, _, text = path.read_text(encoding="utf-8").partition("\n")
    return title.lstrip("# ").strip(), text


def _written(text: str, folder: Path) -> str:
    """Markdown as HTML: its headings can be linked to, its wide parts are reached by the keyboard."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("js-default")
    tokens = reader.parse(text)
    for opening, words in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", slugify(words.content))
    for link in (each for token in tokens for each in token.children or () if each.type == "link_open"):
        link.attrSet("href", _address(str(link.attrGet("href")), folder))
    written: str = reader.renderer.render(tokens, reader.options, {})
    for plain, framed in _FRAMED.items():
        written = written.replace(plain, framed)
    return written


def _address(target: str, folder: Path) -> str:
    """Where a link of a page in ``folder`` leads here."""
    name, at, place = target.partition("#")
    address = _ADDRESSES.get(Path(os.path.normpath(folder / name)))
    return f"{address}{at}{place}" if address else target
