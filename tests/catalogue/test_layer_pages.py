"""The page of one layer."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from datasets.catalogue.models import Dataset, DatasetVersion, OrganelleClass
from datasets.catalogue.pictures import layer_picture
from datasets.serving.cutouts.formats import FORMATS
from tests.catalogue.test_organelle_pages import segment
from tests.catalogue.test_pages import make_dataset, text_of

pytestmark = pytest.mark.django_db


def plain(page: str) -> str:
    return unescape(page).replace("\u00a0", " ")


def test_a_segmentation_says_what_it_is_and_how_to_get_it(client: Client, small_cell: DatasetVersion) -> None:
    page = plain(text_of(client, "/datasets/small-cell/segmentations/labels/cells/"))
    for words in (
        "<h1>Cells</h1>",
        'href="/datasets/small-cell@1/">A small cell</a>',
        "<dt>What</dt><dd>Instance segmentation</dd>",
        "<dt>Made</dt><dd>By hand</dd>",
        '<dt>Over</dt><dd><a class="link" href="/datasets/small-cell@1/volumes/em/">EM</a></dd>',
        "560 × 480 × 400 nm",
        "56 × 48 × 40",
        "28 × 24 × 20",
        "16 × 16 × 16",
        "uint16",
        "OME-Zarr 0.5 · Zarr v3 · axes z, y, x",
        f'src="/datasets/small-cell@1/pictures/{layer_picture("labels/cells")}.webp"',
        'alt="Cells, in colour over EM, one slice"',
        'href="/datasets/small-cell@1/view/?layers=em,labels/cells"',
        "http://testserver/data/small-cell@1/labels/cells/",
        'zarr.open("http://testserver/data/small-cell@1/labels/cells/0", mode="r")',
        "/api/v1/datasets/small-cell@1/volumes/labels/cells/",
    ):
        assert words in page, words
    assert "Shard" not in page


def test_a_piece_is_asked_for_without_a_script(client: Client, small_cell: DatasetVersion) -> None:
    page = plain(text_of(client, "/datasets/small-cell/segmentations/labels/cells/"))
    form = page[page.index('<form class="cutout-form fields"') : page.index("Its size first")]
    assert 'action="/api/v1/datasets/small-cell@1/volumes/labels/cells/cutout"' in form
    assert 'value="-5, -5, -5, 555, 475, 395"' in form
    asked = {"bbox": "-5, -5, -5, 555, 475, 395"}
    for name in ("level", "format"):
        (options,) = re.findall(rf'<select name="{name}">(.*?)</select>', form, re.DOTALL)
        values = re.findall(r'<option value="([^"]+)">', options)
        assert values == {"level": ["0", "1"], "format": list(FORMATS)}[name]
        asked[name] = values[0]
    action = "/api/v1/datasets/small-cell@1/volumes/labels/cells/cutout"
    assert client.get(action, asked | {"estimate": "1"}).json()["shape_zyx"] == [40, 48, 56]


def test_an_image_has_the_same_page_under_its_own_name(client: Client, small_cell: DatasetVersion) -> None:
    page = plain(text_of(client, "/datasets/small-cell@1/volumes/em/"))
    assert "<dt>What</dt><dd>Electron micrograph</dd>" in page
    assert "Over" not in page
    assert client.get("/datasets/small-cell@1/segmentations/em/")["Location"] == "/datasets/small-cell@1/volumes/em/"
    wrong = client.get("/datasets/small-cell/volumes/labels/cells/")
    assert wrong["Location"] == "/datasets/small-cell@1/segmentations/labels/cells/"


def test_a_layer_that_does_not_exist_has_no_page(client: Client, small_cell: DatasetVersion) -> None:
    text_of(client, "/datasets/small-cell/segmentations/labels/nothing/", status=404)
    text_of(client, "/datasets/small-cell/segmentations/labels/", status=404)
    text_of(client, "/datasets/small-cell/volumes/../em/", status=404)


def test_coverage_tells_found_from_not_found_from_not_looked_for(client: Client) -> None:
    def fill(version: DatasetVersion) -> None:
        segment(version, "a/b", "mito")
        volume = segment(version, "c", "er", found="absent")
        volume.segmentation.coverage.create(
            organelle=OrganelleClass.objects.get(short_name="golgi"),
            found="not_annotated",
            label_value=3,
        )

    make_dataset("cell", before_freezing=fill)
    present = text_of(client, "/datasets/cell/segmentations/a/b/")
    assert '<a class="link quiet" href="/organelles/mito/">mitochondrion</a>' in present
    assert '<span class="badge good">present</span>' in present
    assert "term/GO:0005739" in present
    other = text_of(client, "/datasets/cell/segmentations/c/")
    assert '<span class="badge">absent</span>' in other
    assert '<span class="badge">not annotated</span>' in other
    assert "label 3" in other


def test_a_layer_without_levels_or_picture_has_a_page(client: Client) -> None:
    make_dataset("cell", before_freezing=lambda version: segment(version, "a", "mito", levels=()))
    page = text_of(client, "/datasets/cell/segmentations/a/")
    assert "No level is known" in page
    assert "No picture yet" in page


def test_what_a_curator_writes_about_a_layer_is_never_run(client: Client) -> None:
    title = "<script>alert(1)</script>" + "x" * 155
    make_dataset("cell", before_freezing=lambda version: segment(version, "a", "mito", title=title))
    for path in ("/datasets/cell/segmentations/a/", "/organelles/mito/", "/datasets/cell/"):
        page = text_of(client, path)
        assert "<script>alert" not in page
        assert title in unescape(page)


def test_layers_of_a_private_dataset_are_absent(client: Client, small_cell: DatasetVersion) -> None:
    Dataset.objects.update(visibility="private")
    for path in ("segmentations/labels/cells/", "segmentations/nothing/", "volumes/em/"):
        text_of(client, f"/datasets/small-cell/{path}", status=404)


def test_one_layer_of_many_asks_no_more(client: Client, django_assert_max_num_queries: Any) -> None:
    def fill(version: DatasetVersion) -> None:
        for index in range(200):
            segment(version, f"layer-{index}", "mito")

    make_dataset("many", before_freezing=fill)
    with django_assert_max_num_queries(16):
        text_of(client, "/datasets/many/")
    with django_assert_max_num_queries(14):
        text_of(client, "/datasets/many/segmentations/layer-7/")
