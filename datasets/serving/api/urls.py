"""Addresses below ``/api/v1/`` that send data."""

from django.urls import path, register_converter

from datasets.catalogue.addresses import ReferenceConverter
from datasets.serving.api import cutouts, manifests, slices

app_name = "serving"
register_converter(ReferenceConverter, "sent_ref")

urlpatterns = [
    path("datasets/<sent_ref:ref>/volumes/<path:path>/cutout", cutouts.CutoutView.as_view(), name="cutout"),
    path("datasets/<sent_ref:ref>/volumes/<path:path>/slice", slices.SliceDetail.as_view(), name="slice"),
    path("datasets/<sent_ref:ref>/manifest", manifests.DatasetManifest.as_view(), name="manifest"),
    path("selections/<str:identifier>/manifest", manifests.SelectionManifest.as_view(), name="selection_manifest"),
]
