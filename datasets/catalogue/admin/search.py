"""What the search and the facets are asked: looked at, and made anew by ``manage.py reindex``."""

from __future__ import annotations

from django.contrib import admin

from datasets.catalogue.admin.bases import ReadOnly
from datasets.catalogue.models import DatasetFacet, SearchEntry, SearchSaid, SearchState


@admin.register(SearchEntry)
class SearchEntryAdmin(ReadOnly):
    list_display = ["kind", "object_id", "dataset"]
    list_filter = ["kind"]
    list_select_related = ["dataset"]
    search_fields = ["dataset__name"]


@admin.register(SearchSaid)
class SearchSaidAdmin(ReadOnly):
    list_display = ["entry"]
    list_filter = ["entry__kind"]
    list_select_related = ["entry"]
    search_fields = ["said"]


@admin.register(DatasetFacet)
class DatasetFacetAdmin(ReadOnly):
    list_display = ["dataset", "facet", "value"]
    list_filter = ["facet"]
    list_select_related = ["dataset"]
    search_fields = ["dataset__name", "value"]


@admin.register(SearchState)
class SearchStateAdmin(ReadOnly):
    list_display = ["fingerprint"]
