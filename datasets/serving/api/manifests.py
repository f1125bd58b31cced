"""Manifests over the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Any, ClassVar

from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response
from rest_framework.request import Request

from datasets.catalogue.addresses import Reference, data_url, site_url
from datasets.catalogue.api.caching import NO_CACHE, NO_STORE
from datasets.catalogue.api.lists import known
from datasets.catalogue.api.views import VersionView
from datasets.catalogue.discovery.signposts import back_to_page
from datasets.catalogue.filenames import stem_of
from datasets.catalogue.queries.selections import covering, find_selection
from datasets.catalogue.queries.visibility import is_open
from datasets.serving.api.caching import cache_control
from datasets.serving.api.views import MadeAnswer, MadeView
from datasets.serving.making import MadeWhileSent, Making
from datasets.serving.manifests.formats import FORMATS, Format, find_format, require_format, write_blocks
from datasets.serving.manifests.parts import Part, part_of

REVISION = 1
"""Raised when a format changes, so that no cache keeps what it was."""

MAKING = Making(128, threads=16, name="manifests")
"""A stream holds a row group of an inventory, or a page of a listing: a few MB."""


_FORMAT: dict[str, Any] = {"format": ({"type": "string", "enum": list(FORMATS)}, "Of the list")}
_SAID: dict[str, Any] = {each.media_type.partition(";")[0]: {} for each in FORMATS.values()}


class DatasetManifest(MadeView, VersionView):
    """Every object of a version, or of a path in it."""

    asked: ClassVar[dict[str, Any]] = {
        "path": ({"type": "string"}, "What to list; the whole version where nothing is said"),
        **_FORMAT,
    }
    said = _SAID

    def get(self, request: Request, ref: Reference) -> HttpResponseBase:
        known(request, *self.asked)
        chosen = _chosen(request)
        version = self.version(request, ref)
        path = request.query_params.get("path", "").strip("/")
        part = part_of(version, path, data_url=data_url(request._request))
        self.caching = cache_control(version, is_pinned=ref.label is not None, is_final=part.inventory is not None)
        links = {"Link": back_to_page(version, site_url(request._request), "collection")} if is_open(version) else {}
        return _answer(self, chosen, [part], stem=stem_of(version, path), links=links)


class SelectionManifest(MadeView):
    """Every object of the layers of a selection."""

    asked = _FORMAT
    said = _SAID

    def get(self, request: Request, identifier: str) -> HttpResponseBase:
        known(request, *self.asked)
        chosen = _chosen(request)
        selection, layers = find_selection(identifier, request.user)
        for _, error in layers.gone:
            raise error  # a list that leaves something out would look complete
        parts = [
            part_of(version, path, data_url=data_url(request._request), folder=f"{version}/")
            for version, path in covering(layers.found)
        ]
        are_open = all(is_open(layer.version) for layer in layers.found)
        self.caching = NO_CACHE if are_open else NO_STORE  # its datasets may be closed, or retired
        return _answer(self, chosen, parts, stem=f"selection-{selection.pk}")


def _chosen(request: Request) -> Format:
    return find_format(request.query_params.get("format", next(iter(FORMATS))))


def _answer(
    view: MadeView, chosen: Format, parts: Sequence[Part], *, stem: str, links: Mapping[str, str] = MappingProxyType({})
) -> HttpResponseBase:
    require_format(chosen, parts)
    headers = {
        "Content-Type": chosen.media_type,
        "Content-Disposition": f'attachment; filename="{stem}{chosen.suffix}"',
        **links,
    }
    etag = _etag(chosen, parts)
    if etag:
        headers["ETag"] = etag
        unchanged = get_conditional_response(view.request._request, etag=etag)
        if unchanged is not None:
            return unchanged
    stream = MadeWhileSent(MAKING, lambda: write_blocks(chosen, parts), stop=lambda: None)
    return MadeAnswer(view, stream, headers=headers)


def _etag(chosen: Format, parts: Sequence[Part]) -> str:
    """The tag of what is written from inventories, whose root digests stand for every row; else none."""
    digest = sha256(f"{REVISION} {chosen.name}".encode())
    for part in parts:
        if part.inventory is None:
            return ""
        digest.update(f"\n{part.data_url} {part.path} {part.inventory.key}".encode())
    return f'"{digest.hexdigest()[:32]}"'
