"""The addresses that machines know: doors, as in :mod:`datasets.catalogue.pages.views`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from datasets.catalogue.addresses import Reference, data_url, site_url
from datasets.catalogue.citations import citation_of
from datasets.catalogue.discovery import feed as feeds
from datasets.catalogue.discovery import signposts, sitemaps
from datasets.catalogue.discovery.described_datasets import dataset_node
from datasets.catalogue.discovery.linked_data import written
from datasets.catalogue.discovery.robots import robots_text
from datasets.catalogue.discovery.signposts import METADATA
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.catalogue_state import catalogue_state
from datasets.catalogue.queries.collections import collections_with
from datasets.catalogue.queries.datasets import find_version, load_content, named_version
from datasets.catalogue.queries.visibility import is_open

_XML = "application/xml; charset=utf-8"


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """``/robots.txt``"""
    return HttpResponse(
        robots_text(site_url(request)),
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "public, max-age=3600"},
    )


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """``/sitemap.xml``: the sitemaps there are."""
    return _answer(request, sitemaps.sitemap_index(site_url(request)), _XML)


@require_safe
def sitemap_pages(request: HttpRequest) -> HttpResponse:
    """``/sitemaps/pages.xml``: everything but datasets and people."""
    return _answer(request, sitemaps.sitemap_pages(site_url(request)), _XML)


@require_safe
def sitemap_datasets(request: HttpRequest, number: int) -> HttpResponse:
    """``/sitemaps/datasets-<n>.xml``: datasets and their segmentations."""
    return _of_state(request, number, sitemaps.sitemap_datasets)


@require_safe
def sitemap_people(request: HttpRequest, number: int) -> HttpResponse:
    """``/sitemaps/people-<n>.xml``: whoever contributed."""
    return _of_state(request, number, sitemaps.sitemap_people)


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """``/feeds/datasets.atom``: what was published last."""
    content, changed = feeds.datasets_feed(feeds.published_last(), site_url(request))
    response = _answer(request, content, feeds.MEDIA_TYPE)
    # For readers to show. What was withdrawn changes the feed and not this, so only the tag decides.
    response["Last-Modified"] = http_date(changed.timestamp())
    return response


@require_safe
def jsonld(request: HttpRequest, ref: Reference) -> HttpResponse:
    """``/datasets/<name>[@<v>]/metadata.jsonld``: what a version is, in the words of schema.org."""
    version = find_version(ref.name, ref.label, request.user)
    load_content(version)
    said = dataset_node(
        version,
        site_url=site_url(request),
        data_url=data_url(request),
        collections=collections_with(version.dataset),
    )
    return _metadata(request, version, written([said]), METADATA["jsonld"])


@require_safe
def link_set(request: HttpRequest, ref: Reference) -> HttpResponse:
    """``/datasets/<name>[@<v>]/metadata.linkset.json``: every link of its page (RFC 9264)."""
    version = find_version(ref.name, ref.label, request.user)
    load_content(version)
    links = signposts.link_set(version, site_url=site_url(request), data_url=data_url(request))
    return _metadata(request, version, json.dumps(links), signposts.SET_MEDIA_TYPE)


@require_safe
def csl(request: HttpRequest, ref: Reference) -> HttpResponse:
    """``/datasets/<name>[@<v>]/metadata.csl.json``: how it is cited, for reference managers."""
    version = named_version(ref.name, ref.label, request.user)
    content = citation_of(version, site_url=site_url(request)).csl_json
    return _metadata(request, version, content, METADATA["csl"])


@require_safe
def bibtex(request: HttpRequest, ref: Reference) -> HttpResponse:
    """``/datasets/<name>[@<v>]/metadata.bibtex``"""
    version = named_version(ref.name, ref.label, request.user)
    content = citation_of(version, site_url=site_url(request)).bibtex
    return _metadata(request, version, content, f"{METADATA['bibtex']}; charset=utf-8")


def _metadata(request: HttpRequest, version: DatasetVersion, content: str, media_type: str) -> HttpResponse:
    """What describes a version in another form, with the way to its page."""
    response = HttpResponse(content, content_type=media_type)
    if not is_open(version):
        response["Cache-Control"] = "private, no-store"
        return response
    response["Link"] = signposts.back_to_page(version, site_url(request))
    return response


def _of_state(request: HttpRequest, number: int, make: Callable[[int, str], bytes]) -> HttpResponse:
    """A sitemap that is the same as long as the catalogue is: whoever has it is told so before it is made."""
    site = site_url(request)
    etag = _etag(repr((catalogue_state(), number, site, request.path)).encode())
    unchanged = get_conditional_response(request, etag=etag)
    return _tagged(unchanged or HttpResponse(make(number, site), content_type=_XML), etag)


def _answer(request: HttpRequest, content: bytes, media_type: str) -> HttpResponse:
    etag = _etag(content)
    response = _tagged(HttpResponse(content, content_type=media_type), etag)
    return get_conditional_response(request, etag=etag, response=response) or response


def _tagged(response: HttpResponse, etag: str) -> HttpResponse:
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"  # what is withdrawn is not named any longer
    return response


def _etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
