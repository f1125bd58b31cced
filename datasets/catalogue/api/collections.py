"""Collections: curated sets of datasets."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.api.filters import Filter, exact
from datasets.catalogue.api.lists import CatalogueView, Key, ListView, Shown, read_text
from datasets.catalogue.models import Collection
from datasets.catalogue.queries.collections import find_collection, visible_collections


class CollectionSerializer(Shown, serializers.ModelSerializer[Collection]):
    """A collection, with the names of the datasets that the caller may know of, in its order."""

    organization = serializers.SerializerMethodField()
    datasets = serializers.SerializerMethodField()
    dataset_url = serializers.SerializerMethodField()

    class Meta:
        model = Collection
        fields = ["name", "title", "description", "url", "doi", "organization", "datasets", "dataset_url"]

    def get_organization(self, collection: Collection) -> str | None:
        return collection.organization.name if collection.organization else None

    def get_datasets(self, collection: Collection) -> list[str]:
        return [member.dataset.name for member in collection.members.all()]

    def get_dataset_url(self, collection: Collection) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(f"{reverse('api:datasets')}?collection={collection.name}")


class CollectionList(ListView):
    """All collections, by name."""

    serializer = CollectionSerializer
    order = (Key("name", read_text),)
    filters: ClassVar[tuple[Filter, ...]] = (
        exact("organization", "organization__name", "Of the organization of this name"),
        exact("doi", "doi", "Of this DOI"),
    )

    def rows(self, request: Request, **named: Any) -> QuerySet[Collection]:
        return visible_collections(request.user)


class CollectionDetail(CatalogueView):
    """One collection."""

    serializer = CollectionSerializer

    def get(self, request: Request, name: str) -> Response:
        return self.one(request, find_collection(name, request.user))
