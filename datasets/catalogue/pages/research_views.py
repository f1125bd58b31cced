"""The pages of ground truth, publications, models, tasks, collections and people. Doors, as in :mod:`.views`."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from datasets.catalogue.addresses import site_url
from datasets.catalogue.discovery.described_terms import collection_node, model_node, person_node, publications_node
from datasets.catalogue.discovery.page_heads import linked_data
from datasets.catalogue.models import Collection, Crop, OrganelleClass, Publication
from datasets.catalogue.pages.collections import collection_entry, collection_page
from datasets.catalogue.pages.crops import crops_page
from datasets.catalogue.pages.models import DATASETS_SHOWN, Entry, model_entry, model_page
from datasets.catalogue.pages.people import person_page
from datasets.catalogue.pages.publications import publications_page
from datasets.catalogue.pages.tables import MOST_ROWS, Files, asks_for_file, file_urls, table_response
from datasets.catalogue.pages.tasks import task_entry, task_page
from datasets.catalogue.pictures import known_picture_names
from datasets.catalogue.queries.collections import count_members, named_collection, versions_in
from datasets.catalogue.queries.crops import visible_crops, with_crop_counts
from datasets.catalogue.queries.datasets import newest_versions
from datasets.catalogue.queries.ground_truth import (
    classes_of,
    count_crops,
    crops_showing,
    datasets_of,
    page_of_crops,
    versions_with_crops,
)
from datasets.catalogue.queries.models import count_made, made_by, named_model, training_of, visible_models
from datasets.catalogue.queries.people import find_person, other_names
from datasets.catalogue.queries.publications import group_publications, keys_by_title, visible_publications
from datasets.catalogue.queries.research_rows import (
    CropRow,
    ModelRow,
    PublicationRow,
    crop_rows,
    model_rows,
    publication_rows,
)
from datasets.catalogue.queries.tasks import crops_of_task, named_task, tasks_with_classes
from datasets.catalogue.queries.visibility import is_stranger
from datasets.catalogue.state_requests import read_choice

ENTRIES_PER_PAGE = 100
CARDS_PER_PAGE = 48
NAMES_OFFERED = 200


@require_safe
def crops(request: HttpRequest) -> HttpResponseBase:
    """``/crops/?dataset=&organelle=&use=&crop=&format=``: all ground truth, dataset by dataset."""
    chosen = {name: request.GET[name] for name in ("dataset", "organelle", "use", "crop") if request.GET.get(name)}
    organelles = list(OrganelleClass.objects.order_by("rank"))
    rows = visible_crops(request.user)
    if "dataset" in chosen:
        rows = rows.filter(version__dataset__name=chosen["dataset"])
    if "crop" in chosen:
        rows = rows.filter(name=chosen["crop"])
    if "use" in chosen:
        rows = rows.filter(use=read_choice(request.GET, "use", *Crop.Use.values))
    if "organelle" in chosen:
        by_name = {it.short_name: it for it in organelles}
        rows = crops_showing(rows, by_name[read_choice(request.GET, "organelle", *by_name)])
    if asks_for_file(request):
        return table_response(request, "crops", CropRow, crop_rows(rows, MOST_ROWS))
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
def publications(request: HttpRequest) -> HttpResponseBase:
    """``/publications/?kind=&format=``: everything that datasets name as published, papers first."""
    kind = read_choice(request.GET, "kind", "", *Publication.Kind.values)
    rows = visible_publications(request.user)
    chosen = rows.filter(kind=kind) if kind else rows
    if asks_for_file(request):
        return table_response(request, "publications", PublicationRow, publication_rows(rows, chosen, MOST_ROWS))
    page = Paginator(keys_by_title(chosen), ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    groups = group_publications(rows, page)
    context = publications_page(groups, count=page.paginator.count, kind=kind, **_neighbours(page, {"kind": kind}))
    said = linked_data(request, [publications_node(groups)]) if is_stranger(request.user) else ""
    return render(request, "catalogue/publications.html", {"page": context, "linked_data": said})


@require_safe
def models(request: HttpRequest) -> HttpResponseBase:
    """``/models/?format=``: what segmentations are made with."""
    rows = visible_models(request.user)
    if asks_for_file(request):
        return table_response(request, "models", ModelRow, model_rows(rows, request.user, MOST_ROWS))
    page = Paginator(rows, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    made = count_made(list(page), request.user)
    entries = [model_entry(it, made.get(it.pk, 0)) for it in page]
    return _list(request, "models", page, entries, files=file_urls({}))


@require_safe
def model(request: HttpRequest, name: str) -> HttpResponse:
    """``/models/<name>/``: a model, its versions with what they were trained on, and what they made."""
    found = named_model(name, request.user)
    made = made_by(request.user).filter(segmentation__run__model_version__model=found)
    page = Paginator(made, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    versions = list(found.versions.all())
    context = model_page(
        found,
        versions,
        training_of(versions, request.user),
        page,
        made_count=page.paginator.count,
        **_neighbours(page, {}),
    )
    nodes = [model_node(found, site_url(request), versions)] if found.public else []
    said = linked_data(request, nodes, (found.title, request.path), under="models") if nodes else ""
    return render(request, "catalogue/model.html", {"page": context, "linked_data": said})


@require_safe
def tasks(request: HttpRequest) -> HttpResponse:
    """``/tasks/``: what models are compared by."""
    page = Paginator(tasks_with_classes(), ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    return _list(request, "tasks", page, [task_entry(it) for it in page])


@require_safe
def task(request: HttpRequest, name: str) -> HttpResponse:
    """``/tasks/<name>/``: its classes, and its ground truth."""
    found = named_task(name)
    rows = crops_of_task(found, request.user)
    context = task_page(
        found,
        list(found.organelles.all()),
        page_of_crops(rows, before=request.GET.get("before", ""), after=request.GET.get("after", "")),
        count=count_crops(rows),
        classes=classes_of(rows),
        datasets=datasets_of(rows, DATASETS_SHOWN),
    )
    said = linked_data(request, [], (found.title, request.path), under="tasks")
    return render(request, "catalogue/task.html", {"page": context, "linked_data": said})


@require_safe
def collections(request: HttpRequest) -> HttpResponse:
    """``/collections/``: sets of datasets that belong together."""
    everything = Collection.objects.order_by("name")
    page = Paginator(everything, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    members = count_members(page, request.user)
    return _list(request, "collections", page, [collection_entry(it, members.get(it.pk, 0)) for it in page])


@require_safe
def collection(request: HttpRequest, name: str) -> HttpResponse:
    """``/collections/<name>/``: one of them, in pictures."""
    found = named_collection(name)
    page = Paginator(with_crop_counts(versions_in(found, request.user)), CARDS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = collection_page(
        found,
        [(version, known_picture_names(version)) for version in page],
        count=page.paginator.count,
        **_neighbours(page, {}),
    )
    nodes = [collection_node(found, page, site_url(request))] if is_stranger(request.user) else []
    said = linked_data(request, nodes, (found.title, request.path), under="collections")
    return render(request, "catalogue/collection.html", {"page": context, "linked_data": said})


@require_safe
def person(request: HttpRequest, number: int) -> HttpResponse:
    """``/people/<id>/``: what someone contributed to."""
    found = find_person(number, request.user)
    page = Paginator(list(found.contributions.all()), ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    others = other_names(found, request.user)
    context = person_page(found, page, others=others, count=page.paginator.count, **_neighbours(page, {}))
    said = linked_data(request, [person_node(found, site_url(request))]) if is_stranger(request.user) else ""
    return render(request, "catalogue/person.html", {"page": context, "linked_data": said})


def _list(
    request: HttpRequest, kind: str, page: Page[Any], entries: list[Entry], files: Files | None = None
) -> HttpResponse:
    context = {"kind": kind, "entries": entries, "files": files, **_neighbours(page, {})}
    return render(request, "catalogue/entries.html", context)


def _neighbours(page: Page[Any], chosen: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in chosen.items() if value}
    return {
        "newer_url": f"?{urlencode(kept | {'page': page.previous_page_number()})}" if page.has_previous() else "",
        "older_url": f"?{urlencode(kept | {'page': page.next_page_number()})}" if page.has_next() else "",
    }
