"""The list of datasets: narrowed and sorted as the page `/datasets/` is, by the same words, and by more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.api.filters import (
    LONGEST,
    MOST_VALUES,
    Filter,
    choice,
    exact,
    read_organelles,
    read_words,
    voxel,
    whole,
    words,
)
from datasets.catalogue.api.lists import (
    LARGEST_PAGE,
    PAGE_SIZE,
    Key,
    ListView,
    Loads,
    known,
    read_cursor,
    read_number,
    read_time,
)
from datasets.catalogue.api.serializers import DatasetSerializer
from datasets.catalogue.models import CollectionMember, DatasetVersion, Segmentation, Volume
from datasets.catalogue.models.sample import Method
from datasets.catalogue.models.volume import Kind
from datasets.catalogue.queries.datasets import load_volumes, newest_versions, paths_in
from datasets.catalogue.queries.orders import read_sort
from datasets.catalogue.search.facets import FACETS, VOXEL_RANGES
from datasets.catalogue.search.listing import ORDERS, Listed, list_datasets
from datasets.catalogue.state_requests import QueryInvalid, read_choice, read_whole

_EXAMPLES = {
    "organism": "Homo sapiens",
    "sample": "HeLa",
    "treatment": "H89",
    "licence": "CC-BY-4.0",
    "institution": "HHMI Janelia",
    "year": "2026",
}
_CHOICES: dict[str, Sequence[str]] = {
    "method": Segmentation.Method.values,
    "modality": Method.values,
    "voxel": VOXEL_RANGES,
    "ground_truth": ["yes"],
}
"""The facets whose values are a few fixed words; those of others are what datasets say."""

_WORDS = {"type": "string", "minLength": 1, "maxLength": LONGEST}
_SORTS = (*ORDERS, *(f"-{it}" for it in ORDERS[1:]))
_PLACE = (Key("start", read_number), Key("id", read_number))


def _schema(facet: str) -> dict[str, Any]:
    if facet in _CHOICES:
        return {"type": "string", "enum": list(_CHOICES[facet])}
    if facet == "organelle":
        return {"type": "string", "description": "Short name of a class, as /api/v1/organelles/ lists them"}
    return {**_WORDS, "examples": [_EXAMPLES[facet]]}


def _has_volume(kinds: Any) -> Q:
    return Q(Exists(Volume.objects.filter(version=OuterRef("pk"), kind__in=kinds)))


def _collected(names: Any) -> Q:
    # Not a join: a dataset in several of the collections is one result.
    return Q(dataset__in=CollectionMember.objects.filter(collection__name__in=names).values("dataset"))


def _people(value: str) -> Q:
    return Q(pk__in=DatasetVersion.objects.filter(contributions__person__orcid=value).values("pk"))


def _published(doi: str) -> QuerySet[Any]:
    return DatasetVersion.objects.filter(publications__doi__iexact=doi).values("pk")


class DatasetList(ListView):
    """The datasets, each by its newest version, the newest first.

    Words, facets and order are those of the page /datasets/, by the same names: a dataset is listed that has any of the
    values of each facet. ``facets=true`` says which values there are, each with the number of datasets that one would
    get by choosing it, too. Where words, facets or an order are asked for, ``count`` is that of all pages, and
    ``corrected`` says which words were read instead of those that are found nowhere.
    """

    serializer = DatasetSerializer
    order = (Key("frozen_at", read_time, falling=True), Key("id", read_number, falling=True))
    filters: ClassVar[tuple[Filter, ...]] = (
        whole("taxon", "specimen__ncbi_taxon", "Of the organism with this NCBI taxon", least=1),
        choice("kind", _has_volume, "With a volume of this kind", Kind.values),
        exact("collection", _collected, "In the collection of this name"),
        exact("organization", "dataset__organization__name", "Of the organization of this name"),
        words("orcid", _people, "Somebody with this ORCID contributed"),
        words("doi", lambda doi: Q(pk__in=_published(doi)), "Published under this DOI"),
        *voxel("acquisition__"),
    )
    asked: ClassVar[dict[str, Any]] = {
        "q": ({**_WORDS, "examples": ["hela mitochondria"]}, "Words, their beginnings, or terms, all of them"),
        **{
            facet: ({"type": "array", "items": _schema(facet), "maxItems": MOST_VALUES}, f"Any of these: {label}")
            for facet, label in FACETS.items()
        },
        "sort": (
            {"type": "string", "enum": list(_SORTS)},
            "The order: relevance where words are asked for, else newest; with - before it, from its other end",
        ),
        "facets": ({"type": "string", "enum": ["false", "true"]}, "Whether to count the values of facets"),
    }
    also: ClassVar[dict[str, Any]] = {
        "count": {"type": "integer"},
        "corrected": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        "facets": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["value", "count"],
                    "properties": {"value": {"type": "string"}, "count": {"type": "integer"}},
                    "additionalProperties": False,
                },
            },
        },
    }
    loads: ClassVar[Loads] = {"volumes": []}
    expansions: ClassVar[Loads] = {
        "volumes": [load_volumes()],
        "specimen": ["specimen__terms"],
        "acquisition": [],
        "views": ["views"],
        "publications": ["publications"],
        "contributions": ["contributions__person"],
        "crops": ["crops__coverage__organelle", "crops__space"],
    }

    def rows(self, request: Request, **named: Any) -> QuerySet[DatasetVersion]:
        return newest_versions(request.user)

    def results(self, rows: list[DatasetVersion], request: Request, chosen: dict[str, Any]) -> Any:
        if "volumes" in chosen["shown"] - chosen["expanded"]:
            chosen = chosen | {"paths": paths_in(rows)}
        return super().results(rows, request, chosen)

    def parameters(self) -> list[str]:
        return [*self.asked, *super().parameters()]

    def get(self, request: Request, **named: Any) -> Response:
        """One page of the list."""
        query = request.query_params
        known(request, *self.parameters())
        if not self.asked.keys() & query.keys():
            return super().get(request, **named)
        chosen, limit = self.chosen(request), read_whole(query, "limit", PAGE_SIZE, least=1, most=LARGEST_PAGE)
        listed = self._listed(request, limit)
        rows = self.rows(request).filter(pk__in=listed.versions).prefetch_related(*self.to_load(chosen)).in_bulk()
        shown = [rows[key] for key in listed.versions if key in rows]
        end = listed.start + len(listed.versions)
        answer = {
            "results": self.results(shown, request, chosen),
            "next": self.next_url(request, [end, listed.versions[-1]])
            if end < listed.count and listed.versions
            else None,
            "count": listed.count,
            "corrected": {said: list(words) for said, words in listed.corrected.items()},
        }
        if read_choice(query, "facets", "false", "true") == "true":
            answer["facets"] = {
                facet: [{"value": it.value, "count": it.count} for it in values]
                for facet, values in listed.facets.items()
            }
        return Response(answer)

    def _listed(self, request: Request, most: int) -> Listed:
        query = request.query_params
        text = read_words("q", query["q"]) if "q" in query else ""
        start, after = read_cursor(query["cursor"], _PLACE) if "cursor" in query else (0, 0)
        return list_datasets(
            request.user,
            text=text,
            chosen=_chosen(query),
            order=read_sort(query.get("sort", ""), ORDERS, "relevance" if text else "newest", turns=ORDERS[1:]),
            start=start,
            most=most,
            after=after,
            among=self._among(request),
        )

    def _among(self, request: Request) -> set[int] | None:
        """The newest versions that the filters leave, by their keys; ``None`` where none is asked for."""
        if not {it.name for it in self.filters} & request.query_params.keys():
            return None
        return set(self.narrowed(self.rows(request), request).order_by().values_list("pk", flat=True))


def _chosen(query: QueryDict) -> dict[str, list[str]]:
    """The values of each facet that is asked for.

    Raises:
        QueryInvalid: there is no such value of a facet that has a few fixed ones.
    """
    chosen = {facet: query.getlist(facet) for facet in FACETS if facet in query}
    for facet, values in chosen.items():
        if len(values) > MOST_VALUES:
            raise QueryInvalid("It is given too often", where=facet, fix=f"Give it {MOST_VALUES} times at most")
        for value in values:
            read_words(facet, value)
            if value not in _CHOICES.get(facet, values):
                fix = f"Known: {', '.join(_CHOICES[facet])}"
                raise QueryInvalid(f"{value[:40]!r} is not known", where=facet, fix=fix)
    read_organelles("organelle", chosen.get("organelle", ()))
    return chosen
