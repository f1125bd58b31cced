"""The pages of ground truth, publications, models, tasks, collections and people. Doors, as in :mod:`.views`."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from datasets.catalogue.models import Crop, OrganelleClass, Publication
from datasets.catalogue.pages.crops import crops_page
from datasets.catalogue.pages.publications import publications_page
from datasets.catalogue.queries.crops import visible_crops
from datasets.catalogue.queries.datasets import newest_versions
from datasets.catalogue.queries.ground_truth import (
    count_crops,
    crops_showing,
    page_of_crops,
    versions_with_crops,
)
from datasets.catalogue.queries.publications import group_publications, keys_by_title, visible_publications
from datasets.catalogue.state_requests import QueryInvalid, read_choice

ENTRIES_PER_PAGE = 100
NAMES_OFFERED = 200


@require_safe
def crops(request: HttpRequest) -> HttpResponse:
    """``/crops/?dataset=&organelle=&use=``: all ground truth, dataset by dataset."""
    _refuse_unknown(request.GET, "dataset", "organelle", "use", "before", "after")
    chosen = {name: request.GET[name] for name in ("dataset", "organelle", "use") if request.GET.get(name)}
    organelles = list(OrganelleClass.objects.order_by("rank"))
    rows = visible_crops(request.user)
    if "dataset" in chosen:
        rows = rows.filter(version__dataset__name=chosen["dataset"])
    if "use" in chosen:
        rows = rows.filter(use=read_choice(request.GET, "use", *Crop.Use.values))
    if "organelle" in chosen:
        by_name = {it.short_name: it for it in organelles}
        rows = crops_showing(rows, by_name[read_choice(request.GET, "organelle", *by_name)])
    page = page_of_crops(rows, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    context = crops_page(
        page,
        count=count_crops(rows),
        chosen=chosen,
        datasets=versions_with_crops(newest_versions(request.user), NAMES_OFFERED),
        organelles=organelles,
    )
    return render(request, "catalogue/crops.html", {"page": context})


@require_safe
def publications(request: HttpRequest) -> HttpResponse:
    """``/publications/?kind=``: everything that datasets name as published, papers first."""
    _refuse_unknown(request.GET, "kind", "page")
    kind = read_choice(request.GET, "kind", "", *Publication.Kind.values)
    rows = visible_publications(request.user)
    page = Paginator(keys_by_title(rows.filter(kind=kind) if kind else rows), ENTRIES_PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = publications_page(
        group_publications(rows, page), count=page.paginator.count, kind=kind, **_neighbours(page, {"kind": kind})
    )
    return render(request, "catalogue/publications.html", {"page": context})


def _refuse_unknown(query: QueryDict, *names: str) -> None:
    for name in query:
        if name not in names:
            raise QueryInvalid("There is no such parameter here", where=name[:60], fix=f"Known: {', '.join(names)}")


def _neighbours(page: Page[Any], chosen: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in chosen.items() if value}
    return {
        "newer_url": f"?{urlencode(kept | {'page': page.previous_page_number()})}" if page.has_previous() else "",
        "older_url": f"?{urlencode(kept | {'page': page.next_page_number()})}" if page.has_next() else "",
    }
