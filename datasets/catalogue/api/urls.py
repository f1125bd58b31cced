"""Addresses below ``/api/v1/``."""

from django.urls import path, register_converter

from datasets.catalogue.addresses import ReferenceConverter
from datasets.catalogue.api import (
    collections,
    crops,
    dataset_list,
    datasets,
    drafts,
    models,
    organelles,
    people,
    publications,
    search,
    segmentations,
    selections,
    tasks,
    versions,
    views,
)

app_name = "api"
register_converter(ReferenceConverter, "dataset_ref")

urlpatterns = [
    path("datasets/", dataset_list.DatasetList.as_view(), name="datasets"),
    path("datasets/<dataset_ref:ref>/", drafts.DatasetOrDraft.as_view(), name="dataset"),
    path("datasets/<dataset_ref:ref>/volumes/", datasets.VolumeList.as_view(), name="volumes"),
    path("datasets/<dataset_ref:ref>/volumes/<path:path>/locate", views.SegmentLocation.as_view(), name="locate"),
    path("datasets/<dataset_ref:ref>/volumes/<path:path>/", datasets.VolumeDetail.as_view(), name="volume"),
    path("datasets/<dataset_ref:ref>/segmentations/", datasets.SegmentationList.as_view(), name="segmentations"),
    path("datasets/<dataset_ref:ref>/versions/", drafts.Versions.as_view(), name="versions"),
    path("datasets/<dataset_ref:ref>/changes/", versions.ChangeList.as_view(), name="changes"),
    path("datasets/<dataset_ref:ref>/withdrawal/", versions.WithdrawalDetail.as_view(), name="withdrawal"),
    path("datasets/<dataset_ref:ref>/views/", datasets.ViewList.as_view(), name="views"),
    path("datasets/<dataset_ref:ref>/crops/", datasets.CropList.as_view(), name="dataset_crops"),
    path("datasets/<dataset_ref:ref>/state", views.StateDetail.as_view(), name="state"),
    path("datasets/<dataset_ref:ref>/neuroglancer", views.NeuroglancerRedirect.as_view(), name="neuroglancer"),
    path("organelles/", organelles.OrganelleList.as_view(), name="organelles"),
    path("organelles/<slug:short_name>/", organelles.OrganelleDetail.as_view(), name="organelle"),
    path("segmentations/", segmentations.AllSegmentations.as_view(), name="all_segmentations"),
    path("crops/", crops.AllCrops.as_view(), name="crops"),
    path("models/", models.ModelList.as_view(), name="models"),
    path("models/<slug:name>/", models.ModelDetail.as_view(), name="model"),
    path("tasks/", tasks.TaskList.as_view(), name="tasks"),
    path("tasks/<slug:name>/", tasks.TaskDetail.as_view(), name="task"),
    path("publications/", publications.PublicationList.as_view(), name="publications"),
    path("collections/", collections.CollectionList.as_view(), name="collections"),
    path("collections/<slug:name>/", collections.CollectionDetail.as_view(), name="collection"),
    path("search", search.SearchView.as_view(), name="search"),
    path("people/", people.PersonList.as_view(), name="people"),
    path("people/<int:number>/", people.PersonDetail.as_view(), name="person"),
    path("selections", selections.SelectionList.as_view(), name="selections"),
    path("selections/<str:identifier>", selections.SelectionDetail.as_view(), name="selection"),
    path("schema/", views.DocumentView.as_view(), name="schema"),
    path("links", views.LinkList.as_view(), name="links"),
]
