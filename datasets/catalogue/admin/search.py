"""What the search and the facets are asked: looked at, and made anew by ``manage.py reindex``."""

from __future__ import annotations

from django.contrib import admin

from datasets.catalogue.admin.bases import ReadOnly
from datasets.catalogue.models import DatasetFacet, SearchEntry, SearchState


@admin.register(SearchEntry)
class SearchEntryAdmin(ReadOnly):
    list_display = ["kind", "object_id", "dataset", "at"]
    list_filter = ["kind"]
    list_select_related = ["dataset"]
    search_fields = ["dataset__name", "said"]


@admin.register(DatasetFacet)
class DatasetFacetAdmin(ReadOnly):
    list_display = ["dataset", "facet", "value"]
    list_filter = ["facet"]
    list_select_related = ["dataset"]
    search_fields = ["dataset__name", "value"]


@admin.register(SearchState)
class SearchStateAdmin(ReadOnly):
    list_display = ["fingerprint"]
