"""The home, the list of datasets, and the search. Doors, as in :mod:`.views`."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from datasets.catalogue.addresses import site_url
from datasets.catalogue.discovery.linked_data import site_nodes
from datasets.catalogue.discovery.page_heads import linked_data
from datasets.catalogue.pages.browsing import DatasetsAsked, browser, last_page, read_datasets_asked
from datasets.catalogue.pages.gallery import GalleryCard, gallery_card, gallery_page, places_in
from datasets.catalogue.pages.search import dataset_found, search_page
from datasets.catalogue.pages.tables import MOST_ROWS, asks_for_file, table_response
from datasets.catalogue.pictures import known_picture_names
from datasets.catalogue.queries.dataset_cards import cards_of
from datasets.catalogue.queries.dataset_rows import DatasetRow, dataset_rows
from datasets.catalogue.queries.datasets import newest_versions, newest_views
from datasets.catalogue.queries.organelles import organelle_tree
from datasets.catalogue.queries.visibility import is_operator
from datasets.catalogue.search.finding import FEW, find
from datasets.catalogue.search.hits import KINDS, MOST_COUNTED
from datasets.catalogue.search.listing import Listed, list_datasets
from datasets.catalogue.state_requests import read_choice, read_whole

CARDS_PER_PAGE, CARDS_AT_HOME, PLACES_AT_HOME = 48, 12, 3
VIEWS_LOOKED_AT = 24
"""Curated views, of the newest datasets, that the places at home are chosen from."""

_MOST_PAGE = 100_000


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """``/``: a welcome, the search, and the newest datasets."""
    asked = read_datasets_asked(QueryDict())
    listed = list_datasets(request.user, most=CARDS_AT_HOME)
    views = [(view, known_picture_names(view.version)) for view in newest_views(request.user, VIEWS_LOOKED_AT)]
    context = gallery_page(
        _shown(request, listed.versions),
        browser(asked, listed.facets),
        organelle_tree(request.user),
        places=places_in(views, PLACES_AT_HOME),
        total=listed.count,
        may_publish=is_operator(request.user),
    )
    said = linked_data(request, site_nodes(site_url(request)))
    return render(request, "catalogue/home.html", {"page": context, "linked_data": said})


@require_safe
def datasets(request: HttpRequest) -> HttpResponseBase:
    """``/datasets/?q=&<facet>=&sort=&view=&page=&format=``: the datasets that are like that."""
    asked = read_datasets_asked(request.GET)
    if asks_for_file(request):
        rows = dataset_rows(_listed(request, asked, 0, MOST_ROWS).versions)
        return table_response(request, "datasets", DatasetRow, rows)
    number = read_whole(request.GET, "page", 1, least=1, most=_MOST_PAGE)
    listed = _listed(request, asked, (number - 1) * CARDS_PER_PAGE, CARDS_PER_PAGE)
    last = last_page(listed.count, CARDS_PER_PAGE)
    if number > last:
        number = last
        listed = _listed(request, asked, (number - 1) * CARDS_PER_PAGE, CARDS_PER_PAGE)
    context = gallery_page(
        () if asked.is_table else _shown(request, listed.versions),
        browser(asked, listed.facets),
        rows=dataset_rows(listed.versions) if asked.is_table else (),
        total=listed.count,
        corrected=listed.corrected,
        newer_url=asked.url(page=str(number - 1) if number > 2 else "") if number > 1 else "",
        older_url=asked.url(page=str(number + 1)) if number < last else "",
        may_publish=is_operator(request.user),
    )
    return render(request, "catalogue/datasets.html", {"page": context})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """``/search/?q=&kind=&page=``: what is found, some of each kind; or of one kind all, page by page."""
    text = request.GET.get("q", "").strip()
    kind = read_choice(request.GET, "kind", "", *KINDS)
    number = read_whole(request.GET, "page", 1, least=1, most=MOST_COUNTED) if kind else 1
    most = CARDS_PER_PAGE if kind else FEW
    kinds = [it for it in KINDS if it == kind] or KINDS
    found = find(text, request.user, kinds=kinds, most=most, start=(number - 1) * most)
    last = last_page(found.groups[0].count, most) if kind and found.groups else 1
    if number > last:
        number = last
        found = find(text, request.user, kinds=kinds, most=most, start=(number - 1) * most)
    group = found.group("dataset")
    keys = [hit.key for hit in group.hits] if group else []
    versions = newest_versions(request.user).filter(pk__in=keys) if keys else ()
    rows = {row.name: row for row in dataset_rows(keys)}
    datasets = {
        it.pk: dataset_found(it, row, known_picture_names(it)) for it in versions if (row := rows.get(it.dataset.name))
    }
    context = search_page(text, found, datasets, kind=kind, page=number, last=last)
    return render(request, "catalogue/search.html", {"page": context})


def _listed(request: HttpRequest, asked: DatasetsAsked, start: int, most: int) -> Listed:
    return list_datasets(request.user, text=asked.text, chosen=asked.chosen, order=asked.sort, start=start, most=most)


def _shown(request: HttpRequest, keys: Sequence[int]) -> list[GalleryCard]:
    """The cards of versions, in the order of these keys."""
    return [gallery_card(it, content, known_picture_names(it)) for it, content in cards_of(request.user, tuple(keys))]
