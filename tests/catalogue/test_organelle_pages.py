"""Organelle classes: their pages, their API, and that nothing is counted that the caller may not see."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client

from datasets.catalogue.models import Coverage, Dataset, DatasetVersion, OrganelleClass, Segmentation, Volume
from datasets.catalogue.queries.organelles import newest_segmentations, organelle_tree
from tests.catalogue.test_pages import LEVEL, make_dataset, text_of

pytestmark = pytest.mark.django_db


def segment(
    version: DatasetVersion,
    path: str,
    *classes: str,
    found: str = "present",
    title: str = "",
    levels: Sequence[dict[str, Any]] = (LEVEL,),
) -> Volume:
    """A segmentation of ``classes`` in a version that is not frozen yet."""
    volume = Volume.objects.create(
        version=version,
        path=path,
        kind="segmentation",
        title=title or path,
        ngff_version="0.5",
        zarr_format=3,
        axes=["z", "y", "x"],
        dtype="uint16",
        levels=list(levels),
        metadata_digest="0" * 64,
    )
    segmentation = Segmentation.objects.create(volume=volume, type="instance", method="model")
    for name in classes:
        organelle = OrganelleClass.objects.get(short_name=name)
        Coverage.objects.create(segmentation=segmentation, organelle=organelle, found=found)
    return volume


def cell(name: str, *paths: str, found: str = "present", visibility: str = "public") -> DatasetVersion:
    """A dataset frozen as version 1 with a segmentation for each path, of the class that ends its path."""

    def fill(version: DatasetVersion) -> None:
        for path in paths:
            segment(version, path, path.rpartition("/")[2], found=found, title=f"{path} of {name}")

    version = make_dataset(name, title=f"The cell {name}", before_freezing=fill)
    Dataset.objects.filter(pk=version.dataset_id).update(visibility=visibility)
    return version


def test_the_list_shows_the_classes_and_how_often_each_was_segmented(client: Client) -> None:
    cell("one", "labels/mito", "labels/er")
    cell("two", "mito", "mito_mem")
    page = text_of(client, "/organelles/")
    assert '<a href="/organelles/mito_mem/">mitochondrial membrane</a>' in page
    assert "4\u00a0segmentations in all" in page
    assert page.count('<span class="count">') == 3
    assert page.count('<span class="count">2<') == 1
    assert '--colour: #e62907"><span class="still"></span>' in page  # no picture yet: its colour


def test_the_atlas_is_a_table_too(client: Client) -> None:
    cell("one", "labels/mito", "labels/er")
    cell("two", "mito", "mito_mem")
    page = text_of(client, "/organelles/?view=table&sort=segmentations")
    assert '<th scope="col" class="num" aria-sort="descending"><a class="sorts" id="sort-segmentations"' in page
    assert '<a class="link quiet" href="/datasets/?organelle=mito">2</a>' in page
    assert 'class="atlas"' not in page
    rows = client.get("/organelles/?view=table&sort=datasets").context["page"].table.rows
    assert [(row[0][0].below, row[3][0].text, row[4][0].text) for row in rows[:3]] == [
        ("mito", "2", "2"),
        ("mito_mem", "1", "1"),
        ("er", "1", "1"),
    ]
    atlas = text_of(client, "/organelles/?sort=segmentations")
    assert 'class="atlas"' in atlas
    assert "<select" not in atlas.partition("<main")[2]


def test_a_class_is_pictured_by_the_newest_whose_data_are_here(client: Client) -> None:
    here = cell("one", "mito")

    def keep_elsewhere(draft: DatasetVersion) -> None:
        for path in ("mito", "er"):
            segment(draft, path, path)
        elsewhere = {"external_url": "s3://cells/two", "external_format": "n5", "levels": []}
        Volume.objects.filter(version=draft).update(zarr_format=0, **elsewhere)

    newer = make_dataset("two", before_freezing=keep_elsewhere)
    tree = organelle_tree(None)
    nodes = {node.organelle.pk: node.organelle.short_name for root in tree for node in root}
    found = newest_segmentations(node for root in tree for node in root)
    assert {nodes[pk]: it.version for pk, it in found.items()} == {"mito": here, "er": newer}
    assert "3\u00a0segmentations in all" in text_of(client, "/organelles/")


def test_a_class_page_says_what_it_is_and_shows_its_segmentations(client: Client) -> None:
    cell("one", "labels/mito_mem")
    page = text_of(client, "/organelles/mito_mem/")
    for words in (
        "Mitochondrial membrane</h1>",
        'href="https://amigo.geneontology.org/amigo/term/GO:0031966"',
        '<dt>Part of</dt><dd><a class="link" href="/organelles/mito/">mitochondrion</a>',
        "<code>mito_mem</code>",
        '<a href="/datasets/one@1/segmentations/labels/mito_mem/">labels/mito_mem of one</a>',
        "<i>Mus musculus</i>",
        "1\u00a0segmentation</h2>",
    ):
        assert words in page, words
    whole = text_of(client, "/organelles/mito/")
    assert "No dataset that is open to you has mitochondrion segmented as a whole" in whole
    assert 'href="/organelles/mito_mem/"' in whole
    assert "mitochondria" in whole


def test_there_is_no_page_of_a_class_that_does_not_exist(client: Client) -> None:
    text_of(client, "/organelles/flagellum/", status=404)
    assert client.get("/api/v1/organelles/flagellum/").status_code == 404


def test_what_was_looked_for_and_not_found_is_no_segmentation_of_it(client: Client) -> None:
    cell("one", "mito", found="absent")
    cell("two", "er", found="not_annotated")
    assert "0\u00a0segmentations in all" in text_of(client, "/organelles/")
    assert "0\u00a0segmentations</h2>" in text_of(client, "/organelles/mito/")


def test_probabilities_are_listed_and_are_no_segmentations(client: Client) -> None:
    version = cell("one", "mito")

    def fill(draft: DatasetVersion) -> None:
        segment(draft, "mito", "mito", title="How likely it is")
        Segmentation.objects.filter(volume__version=draft).update(type="probability")

    make_dataset("two", before_freezing=fill)
    page = text_of(client, "/organelles/mito/")
    assert "1\u00a0segmentation</h2>" in page
    assert "How likely it is" in page.partition("Probabilities, contact sites")[2]
    assert str(version) in page


def test_only_the_newest_version_counts(client: Client) -> None:
    first = cell("one", "mito")
    DatasetVersion.objects.filter(pk=first.pk).update(state="retired", retired_reason="The labels were wrong")
    assert "0\u00a0segmentations in all" in text_of(client, "/organelles/")


def test_nothing_private_is_named_counted_or_pictured(client: Client, admin_client: Client) -> None:
    before = text_of(client, "/organelles/"), text_of(client, "/organelles/mito/")
    listed = client.get("/api/v1/organelles/").json(), client.get("/api/v1/organelles/mito/").json()
    cell("secret", "mito", visibility="private")
    assert (text_of(client, "/organelles/"), text_of(client, "/organelles/mito/")) == before
    assert (client.get("/api/v1/organelles/").json(), client.get("/api/v1/organelles/mito/").json()) == listed
    assert "The cell secret" in text_of(admin_client, "/organelles/mito/")
    assert admin_client.get("/api/v1/organelles/mito/").json()["segmentation_count"] == 1


def test_the_api_says_the_same(client: Client) -> None:
    cell("one", "mito", "mito_mem")
    classes = client.get("/api/v1/organelles/").json()["results"]
    assert len(classes) == OrganelleClass.objects.count()
    mito = next(it for it in classes if it["name"] == "mito")
    assert mito == {
        "name": "mito",
        "label": "mitochondrion",
        "parent": None,
        "go_id": "GO:0005739",
        "go_label": "mitochondrion",
        "synonyms": ["mitochondria"],
        "colour": OrganelleClass.objects.get(short_name="mito").colour,
        "segmentation_count": 1,
        "url": "http://testserver/api/v1/organelles/mito/",
        "page_url": "http://testserver/organelles/mito/",
    }
    detail = client.get("/api/v1/organelles/mito/").json()
    assert [it["name"] for it in detail["parts"]] == ["mito_mem", "mito_lum", "mito_ribo"]
    assert detail["segmentations"] == [
        {
            "dataset": "one@1",
            "path": "mito",
            "title": "mito of one",
            "type": "instance",
            "method": "model",
            "url": "http://testserver/api/v1/datasets/one@1/volumes/mito/",
            "page_url": "http://testserver/datasets/one@1/segmentations/mito/",
            "data_url": "http://testserver/data/one@1/mito/",
        }
    ]


def test_the_number_of_queries_does_not_grow(client: Client, django_assert_max_num_queries: Any) -> None:
    for index in range(12):
        cell(f"cell-{index}", "mito", "er", "golgi")
    for path in (
        *("/organelles/", "/organelles/?view=table", "/organelles/mito/"),
        *("/api/v1/organelles/", "/api/v1/organelles/mito/"),
    ):
        with django_assert_max_num_queries(14):
            assert client.get(path).status_code == 200
