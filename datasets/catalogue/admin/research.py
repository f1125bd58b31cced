"""Models, tasks and collections: no version's content, and changed here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from datasets.catalogue.admin.bases import Audited, Rows
from datasets.catalogue.models import Collection, CollectionMember, Model, ModelRun, ModelVersion, SearchEntry, Task
from datasets.catalogue.search.indexing import index_named


class VersionsOfModel(Rows):
    model = ModelVersion
    extra = 0
    fields = ["label", "rank", "released_on", "weights_url"]
    show_change_link = True


@admin.register(Model)
class ModelAdmin(Audited):
    list_display = ["name", "title", "architecture", "organization", "public"]
    list_filter = ["public", "organization"]
    search_fields = ["name", "title", "description"]
    autocomplete_fields = ["organization"]
    inlines = [VersionsOfModel]

    def index(self, key: Any) -> None:
        index_named(SearchEntry.Kind.MODEL, [key])


@admin.register(ModelVersion)
class ModelVersionAdmin(Audited):
    list_display = ["model", "label", "released_on"]
    list_select_related = ["model"]
    search_fields = ["model__name", "label"]
    autocomplete_fields = ["model", "training_crops"]

    def index(self, key: Any) -> None:
        """Of all models: a version may have been moved to another."""
        index_named(SearchEntry.Kind.MODEL)


@admin.register(ModelRun)
class ModelRunAdmin(Audited):
    list_display = ["name", "model_version", "program", "run_on"]
    list_select_related = ["model_version__model"]
    search_fields = ["name", "model_version__model__name"]
    autocomplete_fields = ["model_version"]


@admin.register(Task)
class TaskAdmin(Audited):
    list_display = ["name", "title"]
    search_fields = ["name", "title"]
    autocomplete_fields = ["organelles", "crops"]

    def index(self, key: Any) -> None:
        index_named(SearchEntry.Kind.TASK, [key])


class Members(Rows):
    model = CollectionMember
    extra = 0
    fields = ["dataset", "rank"]
    autocomplete_fields = ["dataset"]


@admin.register(Collection)
class CollectionAdmin(Audited):
    list_display = ["name", "title", "doi", "organization"]
    search_fields = ["name", "title", "doi"]
    autocomplete_fields = ["organization"]
    inlines = [Members]

    def index(self, key: Any) -> None:
        index_named(SearchEntry.Kind.COLLECTION, [key])


@admin.register(CollectionMember)
class CollectionMemberAdmin(Audited):
    list_display = ["collection", "dataset", "rank"]
    list_select_related = ["collection", "dataset"]
    search_fields = ["collection__name", "dataset__name"]
    autocomplete_fields = ["collection", "dataset"]
