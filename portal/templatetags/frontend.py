"""The tags that put what Vite built on a page: ``{% frontend_styles "src/site.ts" %}``, ``{% frontend_script … %}``."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from datasets.volumes.errors import CisternaError

register = template.Library()

type Manifest = dict[str, dict[str, Any]]


class FrontendNotBuilt(CisternaError):
    """The scripts and styles that Vite makes are not there, or lack an entry."""

    slug = "frontend-not-built"
    status = 503
    title = "The viewer has not been built"


@register.simple_tag
def frontend_styles(entry: str, required: bool = True) -> SafeString:
    """Links to the styles of an entry and of everything it imports.

    Raises:
        FrontendNotBuilt: unless ``required`` is false; then there is nothing.
    """
    chunks = _chunks(entry, required)
    files = dict.fromkeys(file for chunk in chunks for file in chunk.get("css", []))
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', ((_url(file),) for file in files))


@register.simple_tag
def frontend_script(entry: str, required: bool = True, before_paint: bool = False) -> SafeString:
    """The script of an entry, and hints to load what it imports at the same time.

    With ``before_paint`` the page is not shown before it ran: for small scripts that decide how the page looks.

    Raises:
        FrontendNotBuilt: unless ``required`` is false; then there is nothing.
    """
    chunks = _chunks(entry, required)
    if not chunks:
        return SafeString("")
    first, *imported = chunks
    hints = format_html_join(
        "\n", '<link rel="modulepreload" href="{}">\n', ((_url(chunk["file"]),) for chunk in imported)
    )
    blocking = SafeString(' blocking="render"' if before_paint else "")
    return format_html('{}<script type="module"{} src="{}"></script>', hints, blocking, _url(first["file"]))


def _url(file: str) -> str:
    return static(f"frontend/{file}")


def _chunks(entry: str, required: bool) -> list[dict[str, Any]]:
    """The entry's chunk, then those it imports, each once."""
    path = Path(settings.FRONTEND_DIST) / ".vite" / "manifest.json"
    try:
        manifest = _manifest(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        manifest = {}
    if entry not in manifest:
        if not required:
            return []
        raise FrontendNotBuilt(
            f"There is no {entry} among what was built", where="frontend/dist", fix="Build the frontend: make install"
        )
    names, waiting = dict.fromkeys([entry]), [entry]
    while waiting:
        for name in manifest[waiting.pop()].get("imports", []):
            if name not in names:
                names[name] = None
                waiting.append(name)
    return [manifest[name] for name in names]


@functools.lru_cache(maxsize=4)
def _manifest(path: Path, modified_ns: int) -> Manifest:
    """Vite's manifest, read again only when it was written anew."""
    manifest: Manifest = json.loads(path.read_text(encoding="utf-8"))
    return manifest
