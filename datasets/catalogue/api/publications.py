"""Publications over all datasets: one for each DOI or address, whatever the number of its datasets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from datasets.catalogue.api.filters import Filter, choice, dataset, words
from datasets.catalogue.api.lists import Key, ListView, Shown, read_text
from datasets.catalogue.models import Publication
from datasets.catalogue.queries.paging import Found
from datasets.catalogue.queries.publications import (
    NamedPublication,
    group_publications,
    publication_keys,
    visible_publications,
)


class GroupSerializer(Shown, serializers.Serializer[Any]):
    """A publication as the first of its datasets says it, and all its datasets."""

    kind = serializers.CharField(read_only=True)
    doi = serializers.CharField(read_only=True)
    url = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    citation = serializers.CharField(read_only=True)
    datasets = serializers.ListField(child=serializers.CharField(), read_only=True)

    def to_representation(self, instance: list[NamedPublication]) -> dict[str, Any]:
        said = {**instance[0]._asdict(), "datasets": list(dict.fromkeys(each.version for each in instance))}
        return {name: said[name] for name, _ in self.fields.items()}


class PublicationList(ListView):
    """Publications in the order of their DOIs, or addresses where there is no DOI; each with its datasets."""

    serializer = GroupSerializer
    order = (Key("key", read_text),)
    filters: ClassVar[tuple[Filter, ...]] = (
        words("doi", "doi", "Of this DOI"),
        choice("kind", "kind", "Of this kind", Publication.Kind.values),
        dataset("version__dataset__name"),
    )

    def rows(self, request: Request, **named: Any) -> QuerySet[Any]:
        return publication_keys(visible_publications(request.user))

    def first(self, rows: QuerySet[Any], order: Sequence[str], most: int) -> Found[Any]:
        keys = list(rows.order_by(*order).values_list("key", flat=True)[: most + 1])
        return Found(keys[:most], [(key,) for key in keys[:most]], len(keys) > most)

    def results(self, rows: list[Any], request: Request, chosen: dict[str, Any]) -> Any:
        publications = visible_publications(request.user)
        if kinds := request.query_params.getlist("kind"):  # what is of another kind under one DOI is not shown for it
            publications = publications.filter(kind__in=kinds)
        groups = group_publications(publications, rows)
        return super().results(groups, request, chosen)
