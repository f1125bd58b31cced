"""The catalogue's pages. Each is a door: it parses its address, makes one call to a query, and renders."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from typing import Any, cast

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from datasets.catalogue.addresses import Reference, data_url, site_url
from datasets.catalogue.models import DatasetVersion, Visibility
from datasets.catalogue.page_contexts import dataset_page, gallery_page, slices_page
from datasets.catalogue.pictures import picture_names, read_picture
from datasets.catalogue.queries.datasets import NotFound, VersionRetired, find_version, newest_versions
from datasets.catalogue.queries.links import find_link
from datasets.catalogue.state_requests import requested_state
from datasets.catalogue.viewer_page import viewer_page
from datasets.volumes.errors import CisternaError

CARDS_PER_PAGE = 48
YEAR_S = 365 * 24 * 3600
logger = logging.getLogger("cisterna.pages")

# Neuroglancer decodes in WebAssembly and in workers, and draws from blobs (docs/decisions/0003-viewer.md).
VIEWER_CSP: dict[str, Collection[str]] = {
    **cast(dict[str, Collection[str]], settings.SECURE_CSP),
    "script-src": [CSP.SELF, CSP.WASM_UNSAFE_EVAL],
    "worker-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "connect-src": [CSP.SELF, *settings.CONFIG.external_origins],
}


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """``/``: the newest datasets, with a welcome."""
    return _gallery(request, is_home=True)


@require_safe
def datasets(request: HttpRequest) -> HttpResponse:
    """``/datasets/``: all datasets."""
    return _gallery(request, is_home=False)


def _gallery(request: HttpRequest, *, is_home: bool) -> HttpResponse:
    page = Paginator(newest_versions(request.user), CARDS_PER_PAGE).get_page(request.GET.get("page"))
    context = gallery_page(
        [(version, _pictures(version)) for version in page],
        total=page.paginator.count,
        is_home=is_home,
        newer_url=f"?page={page.previous_page_number()}" if page.has_previous() else "",
        older_url=f"?page={page.next_page_number()}" if page.has_next() else "",
        may_publish=bool(getattr(request.user, "is_superuser", False)),
    )
    return render(request, "catalogue/gallery.html", {"page": context})


@require_safe
def dataset(request: HttpRequest, ref: Reference) -> HttpResponse:
    """``/datasets/<name>[@<v>]/``"""
    version = find_version(ref.name, ref.label, request.user)
    context = dataset_page(version, pictures=_pictures(version), site_url=site_url(request), data_url=data_url(request))
    return render(request, "catalogue/dataset.html", {"page": context})


@require_safe
def slices(request: HttpRequest, ref: Reference) -> HttpResponse:
    """``/datasets/<name>[@<v>]/slices/``: the middle slices as pictures, for a browser that cannot show the viewer."""
    version = find_version(ref.name, ref.label, request.user)
    return render(request, "catalogue/slices_page.html", {"page": slices_page(version, _pictures(version))})


@require_safe
@csp_override(VIEWER_CSP)
def viewer(request: HttpRequest, ref: Reference) -> HttpResponse:
    """``/datasets/<name>[@<v>]/view/?layers=&position=&view=``: the viewer, full window."""
    version = find_version(ref.name, ref.label, request.user)
    return _viewer(request, version, requested_state(request, version))


@require_safe
@csp_override(VIEWER_CSP)
def short_link(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/v/<id>/``: the viewer as someone saw it, or a page that says why it cannot be shown."""
    try:
        opened = find_link(identifier, request.user)
    except (NotFound, VersionRetired) as error:
        return render(request, "catalogue/short_link_problem.html", {"problem": error}, status=error.status)
    return _viewer(request, opened.versions[0], opened.link.state)


@require_safe
def picture(request: HttpRequest, ref: Reference, name: str) -> HttpResponse:
    """``/datasets/<name>[@<v>]/pictures/<picture>.webp``"""
    version = find_version(ref.name, ref.label, request.user)
    content = read_picture(version, name)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, content_type="image/webp", headers={"ETag": etag})
    if version.dataset.visibility != Visibility.PUBLIC:
        response["Cache-Control"] = "private, no-store"
    elif ref.label is None:
        response["Cache-Control"] = "no-cache"
    else:
        response["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
    return get_conditional_response(request, etag=etag, response=response) or response


def _viewer(request: HttpRequest, version: DatasetVersion, state: dict[str, Any]) -> HttpResponse:
    config = viewer_page(
        version,
        state,
        data_url=data_url(request),
        site_url=site_url(request),
        embedded=request.GET.get("embedded") == "1",
    )
    return render(request, "catalogue/viewer.html", {"config": config})


def _pictures(version: DatasetVersion) -> set[str]:
    """The names of the pictures; none while the storage is in trouble, for a page is more than its pictures."""
    try:
        return picture_names(version)
    except CisternaError:
        logger.exception("the pictures of %s cannot be listed", version)
        return set()
