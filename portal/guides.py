"""The guides, from ``docs/guides`` and ``docs``, with this portal's own address in them; and the page of all help."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from operator import itemgetter
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify

from datasets.catalogue.addresses import site_url
from portal.config import CHECKOUT
from portal.problems import PROBLEM_PAGES, PageAbsent

GUIDES = {path.stem: path for folder in ("docs", "docs/guides") for path in sorted((CHECKOUT / folder).glob("*.md"))}
EXAMPLE = "https://cells.example.org"
"""Where the portal is in the guides as they are written."""

_PAGES = (
    (re.compile(r"(?:\.\./)?([a-z0-9-]+)\.md"), "/guides/"),
    (re.compile(r"\.\./problems/([a-z0-9-]+)\.md"), "/problems/"),
)
_FRAMED = {
    "<pre>": '<pre tabindex="0">',
    "<table>": '<div class="table-frame" tabindex="0" role="group" aria-label="Table"><table>',
    "</table>": "</table></div>",
}


def help_page(request: HttpRequest) -> HttpResponse:
    """All guides, and all kinds of problems."""
    guides, problems = _titles(GUIDES.values()), _titles(PROBLEM_PAGES.glob("*.md"))
    return render(request, "portal/help.html", {"guides": sorted(guides, key=itemgetter(1)), "problems": problems})


def guide_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One guide."""
    if slug not in GUIDES:
        raise PageAbsent(f"No guide is called {slug!r}", fix="See the list of all guides")
    here = site_url(request)
    title, _, text = GUIDES[slug].read_text(encoding="utf-8").replace(EXAMPLE, here).partition("\n")
    context = {"title": title.lstrip("# ").strip(), "body": _written(text)}
    return render(request, "portal/guide_page.html", context)


def _titles(paths: Iterable[Path]) -> list[tuple[str, str]]:
    """Each page's name and title, by name."""
    return [
        (path.stem, path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ").strip()) for path in sorted(paths)
    ]


def _written(text: str) -> str:
    """Markdown as HTML: its headings can be linked to, its wide parts are reached by the keyboard."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("js-default")
    tokens = reader.parse(text)
    for opening, words in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", slugify(words.content))
    for link in (each for token in tokens for each in token.children or () if each.type == "link_open"):
        link.attrSet("href", _address(str(link.attrGet("href"))))
    written: str = reader.renderer.render(tokens, reader.options, {})
    for plain, framed in _FRAMED.items():
        written = written.replace(plain, framed)
    return written


def _address(target: str) -> str:
    """Where a link of a guide leads here."""
    for pattern, place in _PAGES:
        if found := pattern.fullmatch(target.partition("#")[0]):
            return target.replace(found[0], f"{place}{found[1]}/")
    return target
