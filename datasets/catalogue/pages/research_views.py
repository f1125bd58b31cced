"""The pages of ground truth, publications, models, tasks, collections and people. Doors, as in :mod:`.views`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from datasets.catalogue.addresses import site_url
from datasets.catalogue.discovery.described_terms import collection_node, model_node, person_node, publications_node
from datasets.catalogue.discovery.page_heads import linked_data
from datasets.catalogue.models import Collection, Crop, OrganelleClass, Publication
from datasets.catalogue.pages.collections import MEMBER_ORDERS, collection_page
from datasets.catalogue.pages.crops import CropTable, crop_table, crops_page
from datasets.catalogue.pages.entries import (
    COLLECTIONS,
    CONTRIBUTIONS,
    MADE,
    MODELS,
    PEOPLE,
    TASKS,
    EntriesPage,
    ListKind,
    entries_page,
)
from datasets.catalogue.pages.gallery import gallery_card
from datasets.catalogue.pages.models import DATASETS_SHOWN, model_page
from datasets.catalogue.pages.people import person_page
from datasets.catalogue.pages.publications import publications_page
from datasets.catalogue.pages.sorting import Asked, neighbours, read_asked
from datasets.catalogue.pages.tables import MOST_ROWS, asks_for_file, list_response, table_response
from datasets.catalogue.pages.tasks import task_page
from datasets.catalogue.pictures import known_picture_names
from datasets.catalogue.queries.collections import named_collection, versions_in
from datasets.catalogue.queries.crops import visible_crops
from datasets.catalogue.queries.dataset_cards import cards_of
from datasets.catalogue.queries.dataset_rows import DatasetRow, dataset_rows
from datasets.catalogue.queries.datasets import newest_versions
from datasets.catalogue.queries.entry_rows import collection_list, contribution_list, model_list, person_list, task_list
from datasets.catalogue.queries.ground_truth import (
    CROPS_PER_PAGE,
    MOST_COUNTED,
    classes_of,
    count_crops,
    crops_showing,
    datasets_of,
    page_of_crops,
    versions_with_crops,
)
from datasets.catalogue.queries.models import count_made, layers_made_by, named_model, training_of
from datasets.catalogue.queries.orders import word_of
from datasets.catalogue.queries.paging import FEW
from datasets.catalogue.queries.people import numbered_person, other_names
from datasets.catalogue.queries.publications import (
    PUBLICATION_ORDERS,
    group_publications,
    keys_in_order,
    visible_publications,
)
from datasets.catalogue.queries.research_rows import CROP_ORDERS, PublicationRow, crop_list, made_list, publication_rows
from datasets.catalogue.queries.row_lists import RowList
from datasets.catalogue.queries.tasks import crops_of_task, named_task
from datasets.catalogue.queries.visibility import is_stranger
from datasets.catalogue.search.listing import list_datasets
from datasets.catalogue.state_requests import read_choice

ENTRIES_PER_PAGE = 100
CARDS_PER_PAGE = 48
NAMES_OFFERED = 200


@require_safe
def crops(request: HttpRequest) -> HttpResponseBase:
    """``/crops/?dataset=&organelle=&use=&crop=&sort=&format=``: all ground truth, dataset by dataset."""
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
    count = count_crops(rows)
    asked = _asked_of_crops(request, count, chosen)
    if asks_for_file(request):
        return list_response(request, "crops", crop_list(rows), asked)
    context = crops_page(
        _crop_table(request, rows, asked, count),
        chosen=chosen,
        datasets=versions_with_crops(newest_versions(request.user), NAMES_OFFERED),
        organelles=organelles,
    )
    return render(request, "catalogue/crops.html", {"page": context})


@require_safe
def publications(request: HttpRequest) -> HttpResponseBase:
    """``/publications/?kind=&sort=&view=&format=``: everything that datasets name as published, papers first."""
    kind = read_choice(request.GET, "kind", "", *Publication.Kind.values)
    rows = visible_publications(request.user)
    chosen = rows.filter(kind=kind) if kind else rows
    asked = read_asked(request, PUBLICATION_ORDERS, ("list", "table"), {"kind": kind})
    if asks_for_file(request):
        named = publication_rows(rows, chosen, asked.sort, MOST_ROWS)
        return table_response(request, "publications", PublicationRow, named)
    keys = list(keys_in_order(chosen, asked.sort))  # to count them alone would take as long
    page = Paginator(keys, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    groups = group_publications(rows, page)
    context = publications_page(groups, asked, count=page.paginator.count, **neighbours(asked, page))
    said = linked_data(request, [publications_node(groups)]) if is_stranger(request.user) else ""
    return render(request, "catalogue/publications.html", {"page": context, "linked_data": said})


@require_safe
def models(request: HttpRequest) -> HttpResponseBase:
    """``/models/?sort=&view=&format=``: what segmentations are made with."""
    return _entries(request, MODELS, model_list(request.user))


@require_safe
def tasks(request: HttpRequest) -> HttpResponseBase:
    """``/tasks/?sort=&view=&format=``: what models are compared by."""
    return _entries(request, TASKS, task_list())


@require_safe
def collections(request: HttpRequest) -> HttpResponseBase:
    """``/collections/?sort=&view=&format=``: sets of datasets that belong together."""
    return _entries(request, COLLECTIONS, collection_list(request.user))


@require_safe
def people(request: HttpRequest) -> HttpResponseBase:
    """``/people/?sort=&format=``: whoever contributed to a dataset."""
    return _entries(request, PEOPLE, person_list(request.user))


@require_safe
def model(request: HttpRequest, name: str) -> HttpResponseBase:
    """``/models/<name>/?sort=&format=``: a model, its versions with what they were trained on, and what they made."""
    found = named_model(name, request.user)
    listed = made_list(layers_made_by(found, request.user))
    count = count_made([found], request.user).get(found.pk, 0)
    asked = read_asked(request, MADE.orders, MADE.looks, is_long=count > FEW)
    if asks_for_file(request):
        return list_response(request, f"{name}-layers", listed, asked)
    versions = list(found.versions.all())
    made = _entries_page(request, MADE, listed, asked, count=count, is_long=count > FEW)
    context = model_page(found, versions, training_of(versions, request.user), made)
    nodes = [model_node(found, site_url(request), versions)] if found.public else []
    said = linked_data(request, nodes, (found.title, request.path), under="models") if nodes else ""
    return render(request, "catalogue/model.html", {"page": context, "linked_data": said})


@require_safe
def task(request: HttpRequest, name: str) -> HttpResponseBase:
    """``/tasks/<name>/?sort=&format=``: its classes, and its ground truth."""
    found = named_task(name)
    rows = crops_of_task(found, request.user)
    count = count_crops(rows)
    asked = _asked_of_crops(request, count)
    if asks_for_file(request):
        return list_response(request, f"{name}-crops", crop_list(rows), asked)
    context = task_page(
        found,
        list(found.organelles.all()),
        _crop_table(request, rows, asked, count),
        count=count,
        classes=classes_of(rows),
        datasets=datasets_of(rows, DATASETS_SHOWN),
    )
    said = linked_data(request, [], (found.title, request.path), under="tasks")
    return render(request, "catalogue/task.html", {"page": context, "linked_data": said})


@require_safe
def collection(request: HttpRequest, name: str) -> HttpResponseBase:
    """``/collections/<name>/?sort=&view=&format=``: one of them, in pictures."""
    found = named_collection(name)
    asked = read_asked(request, MEMBER_ORDERS, ("grid", "table"))
    keys = _members(request, found, asked.sort)
    if asks_for_file(request):
        return table_response(request, f"{name}-datasets", DatasetRow, dataset_rows(keys[:MOST_ROWS]))
    page = Paginator(keys, CARDS_PER_PAGE).get_page(request.GET.get("page"))
    cards = cards_of(request.user, tuple(page))
    shown = [version for version, _ in cards]
    context = collection_page(
        found,
        asked,
        cards=[gallery_card(it, has, known_picture_names(it)) for it, has in cards if not asked.is_table],
        rows=dataset_rows([it.pk for it in shown]) if asked.is_table else (),
        count=len(keys),
        **neighbours(asked, page),
    )
    nodes = [collection_node(found, shown, site_url(request))] if is_stranger(request.user) else []
    said = linked_data(request, nodes, (found.title, request.path), under="collections")
    return render(request, "catalogue/collection.html", {"page": context, "linked_data": said})


@require_safe
def person(request: HttpRequest, number: int) -> HttpResponseBase:
    """``/people/<id>/?sort=&view=&format=``: what someone contributed to."""
    found = numbered_person(number, request.user)
    listed = contribution_list(found, request.user)
    asked = read_asked(request, CONTRIBUTIONS.orders, CONTRIBUTIONS.looks)
    if asks_for_file(request):
        return list_response(request, f"person-{number}-datasets", listed, asked)
    datasets = _entries_page(request, CONTRIBUTIONS, listed, asked)
    context = person_page(found, datasets, others=other_names(found, request.user))
    nodes = [person_node(found, site_url(request))]
    said = linked_data(request, nodes, (found.name, request.path), under="people") if is_stranger(request.user) else ""
    return render(request, "catalogue/person.html", {"page": context, "linked_data": said})


def _entries(request: HttpRequest, kind: ListKind[Any], listed: RowList[Any]) -> HttpResponseBase:
    asked = read_asked(request, kind.orders, kind.looks)
    if asks_for_file(request):
        return list_response(request, kind.name, listed, asked)
    return render(request, "catalogue/entries.html", {"page": _entries_page(request, kind, listed, asked)})


def _entries_page(
    request: HttpRequest,
    kind: ListKind[Any],
    listed: RowList[Any],
    asked: Asked,
    *,
    count: int | None = None,
    is_long: bool = False,
) -> EntriesPage:
    page = listed.page(asked.sort, ENTRIES_PER_PAGE, request.GET.get("page"), count=count)
    rows = list(listed.write(list(page)))
    around = neighbours(asked, page)
    return entries_page(kind, rows, asked, count=page.paginator.count, is_long=is_long, **around)


def _members(request: HttpRequest, found: Collection, sort: str) -> Sequence[int]:
    """The newest versions of a collection's datasets, by their keys, in an order."""
    keys = list(versions_in(found, request.user).values_list("pk", flat=True))
    if word_of(sort) == "listed":
        return keys[::-1] if sort.startswith("-") else keys
    return list_datasets(request.user, order=sort, among=keys, most=len(keys)).versions


def _asked_of_crops(request: HttpRequest, count: int, narrowed: Mapping[str, str] = MappingProxyType({})) -> Asked:
    return read_asked(request, CROP_ORDERS, narrowed=narrowed, is_long=count > MOST_COUNTED)


def _crop_table(request: HttpRequest, rows: QuerySet[Crop], asked: Asked, count: int) -> CropTable:
    """One page of crops: by its place in the index's order, by its number in others."""
    if word_of(asked.sort) not in (CROP_ORDERS.indexed or ()):
        page = crop_list(rows).page(asked.sort, CROPS_PER_PAGE, request.GET.get("page"), count=count)
        around = neighbours(asked, page)
        return crop_table(page, asked, count=count, before_url=around["newer_url"], after_url=around["older_url"])
    before, after = (request.GET.get(name, "") for name in ("before", "after"))
    some = page_of_crops(rows, falls=asked.sort == "newest", before=before, after=after)
    return crop_table(
        some.crops,
        asked,
        count=count,
        before_url=asked.url(before=some.before) if some.before else "",
        after_url=asked.url(after=some.after) if some.after else "",
    )
