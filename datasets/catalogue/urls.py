"""Addresses of the catalogue's pages."""

from django.urls import path, register_converter

from datasets.catalogue import pages
from datasets.catalogue.addresses import ReferenceConverter
from datasets.catalogue.models.links import ALPHABET, IDENTIFIER_LENGTH


class LinkIdentifierConverter:
    """The identifier of a short link, or of a selection."""

    regex = rf"[{ALPHABET}]{{{IDENTIFIER_LENGTH}}}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


app_name = "catalogue"
register_converter(ReferenceConverter, "dataset")
register_converter(LinkIdentifierConverter, "link")

urlpatterns = [
    path("", pages.gallery, name="gallery"),
    path("datasets/", pages.datasets, name="datasets"),
    path("datasets/<dataset:ref>/", pages.dataset, name="dataset"),
    path("datasets/<dataset:ref>/view/", pages.viewer, name="viewer"),
    path("datasets/<dataset:ref>/slices/", pages.slices, name="slices"),
    path("datasets/<dataset:ref>/pictures/<slug:name>.webp", pages.picture, name="picture"),
    path("datasets/<dataset:ref>/segmentations/<path:path>/", pages.segmentation, name="segmentation"),
    path("datasets/<dataset:ref>/volumes/<path:path>/", pages.volume, name="volume"),
    path("datasets/<dataset:ref>/metadata.bibtex", pages.bibtex, name="bibtex"),
    path("organelles/", pages.organelles, name="organelles"),
    path("organelles/<slug:short_name>/", pages.organelle, name="organelle"),
    path("selection/", pages.selection, name="selection"),
    path("selection/add", pages.gather_layers, name="gather"),
    path("selection/remove", pages.leave_out_layers, name="leave_out"),
    path("selection/keep", pages.keep_selection, name="keep_selection"),
    path("selections/<link:identifier>/", pages.kept_selection, name="kept_selection"),
    path("v/<link:identifier>/", pages.short_link, name="short_link"),
]
