"""Addresses of publishing below ``/api/v1/``."""

from django.urls import path, register_converter

from datasets.catalogue.addresses import ReferenceConverter
from datasets.publishing.api import drafts

app_name = "publishing_api"
register_converter(ReferenceConverter, "draft_ref")

urlpatterns = [
    path("datasets/<draft_ref:ref>/publish/", drafts.DraftPublication.as_view(), name="publish"),
]
