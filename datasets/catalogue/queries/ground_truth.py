"""Ground truth as pages list it: narrowed, a page at a time, and counted by class and by dataset."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from datasets.catalogue.models import Coverage, Crop, CropCoverage, DatasetVersion, OrganelleClass
from datasets.catalogue.queries.crops import crops_with
from datasets.catalogue.queries.lineages import with_parts
from datasets.catalogue.queries.paging import first_rows
from datasets.catalogue.state_requests import QueryInvalid

CROPS_PER_PAGE = 50
MOST_COUNTED = 1_000
_PLACE = re.compile(r"([0-9]{1,18})\.([-\w]{1,80})", re.ASCII)


@dataclass(frozen=True)
class CropPage:
    """Some crops of a list, and the places before and after which it goes on; empty at its ends."""

    crops: list[Crop]
    before: str
    after: str


def page_of_crops(crops: QuerySet[Crop], *, falls: bool = False, before: str = "", after: str = "") -> CropPage:
    """The crops behind the place ``after``, or those that end at ``before``.

    They stand dataset by dataset, by name, or from that order's end where it ``falls``: the order of an index, so that
    each page costs the same.

    Raises:
        QueryInvalid: that is no place in a list.
    """
    rows = crops
    backwards = bool(before) and not after
    rises = backwards == falls
    if text := after or before:
        place = _PLACE.fullmatch(text)
        if place is None:
            raise QueryInvalid(
                f"{text[:40]!r} is no place in the list", where="after" if after else "before", fix="Begin at /crops/"
            )
        side = "gt" if rises else "lt"
        further = Q(**{f"version_id__{side}": int(place[1])}) | Q(
            version_id=int(place[1]), **{f"name__{side}": place[2]}
        )
        # Said by itself, so that an index can begin there.
        rows = rows.filter(further, **{f"version_id__{side}e": int(place[1])})
    order = ("version_id", "name") if rises else ("-version_id", "-name")
    found = first_rows(rows, order, CROPS_PER_PAGE)
    step = -1 if backwards else 1
    places = [f"{version}.{name}" for version, name in found.places[::step]]
    has_before, has_after = (found.is_more, True) if backwards else (bool(after), found.is_more)
    return CropPage(
        found.rows[::step],
        before=places[0] if places and has_before else "",
        after=places[-1] if places and has_after else "",
    )


def count_crops(crops: QuerySet[Crop]) -> int:
    """How many there are; ``MOST_COUNTED`` + 1 stands for more."""
    return crops.order_by().values("pk")[: MOST_COUNTED + 1].count()


def crops_showing(crops: QuerySet[Crop], organelle: OrganelleClass) -> QuerySet[Crop]:
    """Those in which the class, or something that is part of it, was labelled."""
    return crops_with(crops, with_parts([organelle.pk]), Coverage.Found.PRESENT)


def datasets_of(crops: QuerySet[Crop], most: int) -> list[dict[str, Any]]:
    """The datasets that crops belong to, with the number of ``crops`` of each: ``most`` + 1 at most."""
    found: Any = (
        crops.order_by()
        .values(dataset=F("version__dataset__name"))
        .annotate(title=Min("version__title"), crops=Count("pk", distinct=True))
        .order_by("dataset")[: most + 1]
    )
    return list(found)


def classes_of(crops: QuerySet[Crop]) -> list[dict[str, Any]]:
    """For each class that was looked for in ``crops``: in how many it was found, and was found absent."""
    present, absent = Q(found="present"), Q(found="absent")
    found: Any = (
        CropCoverage.objects.filter(crop__in=crops.order_by().values("pk"))
        .values("organelle")
        .annotate(present=Count("pk", filter=present), absent=Count("pk", filter=absent))
        .order_by("organelle__rank")
    )
    return list(found)


def versions_with_crops(versions: QuerySet[DatasetVersion], most: int) -> list[tuple[str, str]]:
    """The names and titles of datasets that have ground truth, at most ``most``."""
    crops = Crop.objects.filter(version=OuterRef("pk"))
    found = versions.filter(Exists(crops)).order_by("dataset__name")
    return list(found.values_list("dataset__name", "title")[:most])
