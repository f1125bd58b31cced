"""Addresses of the catalogue's pages."""

from django.urls import path, register_converter

from datasets.catalogue.addresses import ReferenceConverter
from datasets.catalogue.discovery import views as discovery
from datasets.catalogue.models.links import ALPHABET, IDENTIFIER_LENGTH
from datasets.catalogue.pages import compare_views, finding_views, research_views, version_views, views


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
    path("", finding_views.home, name="gallery"),
    path("search/", finding_views.search, name="search"),
    path("datasets/", finding_views.datasets, name="datasets"),
    path("datasets/<dataset:ref>/", views.dataset, name="dataset"),
    path("datasets/<dataset:ref>/view/", views.viewer, name="viewer"),
    path("datasets/<dataset:ref>/slices/", views.slices, name="slices"),
    path("datasets/<dataset:ref>/changes/", version_views.changes, name="changes"),
    path("datasets/<dataset:ref>/pictures/<slug:name>.webp", views.picture, name="picture"),
    path("datasets/<dataset:ref>/pictures/<slug:name>.<int:width>.webp", views.picture, name="small_picture"),
    path("datasets/<dataset:ref>/thumbnail.webp", views.thumbnail, name="thumbnail"),
    path("datasets/<dataset:ref>/segmentations/<path:path>/", views.segmentation, name="segmentation"),
    path("datasets/<dataset:ref>/volumes/<path:path>/", views.volume, name="volume"),
    path("datasets/<dataset:ref>/metadata.bibtex", discovery.bibtex, name="bibtex"),
    path("datasets/<dataset:ref>/metadata.csl.json", discovery.csl, name="csl"),
    path("datasets/<dataset:ref>/metadata.jsonld", discovery.jsonld, name="jsonld"),
    path("datasets/<dataset:ref>/metadata.linkset.json", discovery.link_set, name="link_set"),
    path("api/", views.api, name="api"),
    path("api/try", views.try_api, name="try_api"),
    path("organelles/", views.organelles, name="organelles"),
    path("organelles/<slug:short_name>/", views.organelle, name="organelle"),
    path("compare/", compare_views.compare, name="compare"),
    path("crops/", research_views.crops, name="crops"),
    path("publications/", research_views.publications, name="publications"),
    path("models/", research_views.models, name="models"),
    path("models/<slug:name>/", research_views.model, name="model"),
    path("tasks/", research_views.tasks, name="tasks"),
    path("tasks/<slug:name>/", research_views.task, name="task"),
    path("collections/", research_views.collections, name="collections"),
    path("collections/<slug:name>/", research_views.collection, name="collection"),
    path("people/", research_views.people, name="people"),
    path("people/<int:number>/", research_views.person, name="person"),
    path("selection/", views.selection, name="selection"),
    path("selection/add", views.gather_layers, name="gather"),
    path("selection/remove", views.leave_out_layers, name="leave_out"),
    path("selection/keep", views.keep_selection, name="keep_selection"),
    path("selections/<link:identifier>/", views.kept_selection, name="kept_selection"),
    path("v/<link:identifier>/", views.short_link, name="short_link"),
    path("robots.txt", discovery.robots, name="robots"),
    path("sitemap.xml", discovery.sitemap, name="sitemap"),
    path("sitemaps/pages.xml", discovery.sitemap_pages, name="sitemap_pages"),
    path("sitemaps/datasets-<int:number>.xml", discovery.sitemap_datasets, name="sitemap_datasets"),
    path("sitemaps/people-<int:number>.xml", discovery.sitemap_people, name="sitemap_people"),
    path("feeds/datasets.atom", discovery.feed, name="feed"),
]
