"""Addresses below ``/api/v1/``."""

from django.urls import path, register_converter

from datasets.catalogue.addresses import ReferenceConverter
from datasets.catalogue.api import organelles, selections, views

app_name = "api"
register_converter(ReferenceConverter, "dataset_ref")

urlpatterns = [
    path("datasets/", views.DatasetList.as_view(), name="datasets"),
    path("datasets/<dataset_ref:ref>/", views.DatasetDetail.as_view(), name="dataset"),
    path("datasets/<dataset_ref:ref>/volumes/", views.VolumeList.as_view(), name="volumes"),
    path("datasets/<dataset_ref:ref>/volumes/<path:path>/locate", views.SegmentLocation.as_view(), name="locate"),
    path("datasets/<dataset_ref:ref>/volumes/<path:path>/", views.VolumeDetail.as_view(), name="volume"),
    path("datasets/<dataset_ref:ref>/segmentations/", views.SegmentationList.as_view(), name="segmentations"),
    path("datasets/<dataset_ref:ref>/state", views.StateDetail.as_view(), name="state"),
    path("datasets/<dataset_ref:ref>/neuroglancer", views.NeuroglancerRedirect.as_view(), name="neuroglancer"),
    path("organelles/", organelles.OrganelleList.as_view(), name="organelles"),
    path("organelles/<slug:short_name>/", organelles.OrganelleDetail.as_view(), name="organelle"),
    path("selections", selections.SelectionList.as_view(), name="selections"),
    path("selections/<str:identifier>", selections.SelectionDetail.as_view(), name="selection"),
    path("links", views.LinkList.as_view(), name="links"),
]
