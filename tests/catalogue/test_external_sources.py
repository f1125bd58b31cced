"""Volumes that stay elsewhere: what is opened of them, where they lie, and what cannot be done with them."""

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.catalogue.actions.versions import freeze
from datasets.catalogue.external_sources import http_folder, source_url
from datasets.catalogue.models import Dataset, DatasetVersion, Volume
from datasets.catalogue.neuroglancer_links import build_state
from tests.catalogue.test_pages import config_of, text_of
from tests.catalogue.test_versions import everything

pytestmark = pytest.mark.django_db

ORIGIN = "https://bucket.s3.amazonaws.com"


@pytest.fixture
def version(monkeypatch: pytest.MonkeyPatch) -> DatasetVersion:
    """A public version with one volume, in a bucket that may be read."""
    reverse("catalogue:datasets")  # what is read of the settings once, when the pages are loaded, stays as it is
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, external_origins=(ORIGIN,)))
    version = freeze(draft=everything(), by=None)
    Dataset.objects.update(visibility="public")
    return version


def test_every_page_and_answer_is_given_without_its_data(client: Client, version: DatasetVersion) -> None:
    for path in (
        "/",
        "/datasets/cell/",
        "/datasets/cell@1/segmentations/mito/",
        "/datasets/cell/view/",
        "/datasets/cell/slices/",
        "/organelles/mito/",
        "/api/v1/datasets/cell/",
        "/api/v1/datasets/cell/state",
        "/api/v1/datasets/cell/volumes/mito/",
        "/datasets/cell/metadata.bibtex",
    ):
        assert client.get(path).status_code == 200, path


def test_what_needs_its_data_says_where_they_are(client: Client, version: DatasetVersion) -> None:
    for asked in ("locate?segment=1", "slice", "cutout?bbox=0,0,0,10,10,10"):
        answer = client.get(f"/api/v1/datasets/cell@1/volumes/mito/{asked}")
        assert answer.status_code == 409, asked
        assert answer.json()["type"].endswith("/problems/external/"), answer.json()
        assert "s3://bucket/cell.n5/labels/mito" in answer.json()["detail"]


def test_an_address_is_written_as_the_viewer_reads_it() -> None:
    for url, format_, source in (
        ("s3://bucket/a.n5/em", "n5", "s3://bucket/a.n5/em/|n5:"),
        ("n5://https://host/a.n5/", "n5", "https://host/a.n5/|n5:"),
        ("gs://bucket/em", "precomputed", "https://storage.googleapis.com/bucket/em/|neuroglancer-precomputed:"),
        ("https://host/a.zarr/em", "zarr", "https://host/a.zarr/em/|zarr:"),
    ):
        assert source_url(Volume(external_url=url, external_format=format_)) == source


def test_an_address_is_asked_for_where_the_viewer_would() -> None:
    for url, folder in (
        ("s3://bucket/a.n5/em", "https://bucket.s3.amazonaws.com/a.n5/em/"),
        ("n5://s3://bucket/a.n5", "https://bucket.s3.amazonaws.com/a.n5/"),
        ("s3+https://host/bucket/em", "https://host/bucket/em/"),
        ("precomputed://gs://bucket/em/", "https://storage.googleapis.com/bucket/em/"),
        ("https://host/a.zarr/em", "https://host/a.zarr/em/"),
    ):
        assert http_folder(url) == folder


def test_labels_come_with_their_meshes(version: DatasetVersion) -> None:
    (layer,) = build_state(version, data_url="http://testserver/data/")["layers"]
    assert layer["type"] == "segmentation"
    assert [source["url"] for source in layer["source"]] == [
        "s3://bucket/cell.n5/labels/mito/|n5:",
        "s3://bucket/mesh/|neuroglancer-precomputed:",
    ]


def test_nothing_is_opened_of_another_origin(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    freeze(draft=everything(), by=None)
    Dataset.objects.update(visibility="public")
    page = config_of(text_of(client, "/datasets/cell/view/"))
    assert [layer["name"] for layer in page["layers"]] == ["ground-truth-crops"]
    assert "bucket" not in str([page["state"], page["offered"], page["layers"]])
    assert page["elsewhere"][0]["address"] == "s3://bucket/cell.n5/labels/mito"
    assert client.get("/datasets/cell/view/?layers=mito").status_code == 404


def test_a_view_shows_what_is_opened_of_its_layers(
    client: Client, version: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = config_of(text_of(client, "/datasets/cell/view/?view=default"))
    assert [(layer["name"], layer.get("visible", True)) for layer in page["state"]["layers"]] == [("mito", True)]
    assert page["stops"][0]["layers"] == ["mito"]
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, external_origins=()))
    assert 'href="/datasets/cell@1/view/?view=default"' in text_of(client, "/datasets/cell/")
    page = config_of(text_of(client, "/datasets/cell/view/?view=default"))
    assert [layer["name"] for layer in page["state"]["layers"]] == ["ground-truth-crops"]
    assert page["stops"][0]["layers"] == []
    assert client.get("/api/v1/datasets/cell@1/state?view=default").status_code == 200


def test_without_a_place_the_view_opens_in_the_middle_of_what_was_imaged(version: DatasetVersion) -> None:
    draft = DatasetVersion.objects.get()
    state: Any = build_state(draft, data_url="http://testserver/data/")
    assert "position" not in state, "only the data say where their middle is"
    for axis, extent in zip("xyz", (400, 200, 100), strict=True):
        setattr(draft.acquisition, f"extent_{axis}_nm", extent)
    state = build_state(draft, data_url="http://testserver/data/")
    at = [place * scale for place, (scale, _) in zip(state["position"], state["dimensions"].values(), strict=True)]
    assert at == pytest.approx([200e-9, 100e-9, 50e-9])


def test_crops_are_a_layer_where_somebody_asks_for_it(client: Client, version: DatasetVersion) -> None:
    asked = client.get("/api/v1/datasets/cell@1/state?layers=mito,ground-truth-crops").json()["layers"]
    assert [layer["name"] for layer in asked] == ["mito", "ground-truth-crops"]
    (box,) = asked[1]["annotations"]
    assert (box["id"], box["pointA"], box["pointB"]) == ("234", [2759] * 3, [3559] * 3)
    assert box["description"] == "Crop 234 · training · no mitochondrion"
    plain = client.get("/api/v1/datasets/cell@1/state").json()["layers"]
    assert [layer["name"] for layer in plain] == ["mito"]
    page = config_of(text_of(client, "/datasets/cell@1/view/"))
    assert [layer["name"] for layer in page["offered"]] == ["ground-truth-crops"]
    assert page["layers"][1]["crops"][0]["highNm"] == [3559] * 3


def test_ground_truth_alone_is_shown_around_itself(
    client: Client, version: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, external_origins=()))
    state = build_state(DatasetVersion.objects.get(), data_url="http://testserver/data/")
    (layer,) = state["layers"]
    assert layer["type"] == "annotation"
    at = [place * scale for place, (scale, _) in zip(state["position"], state["dimensions"].values(), strict=True)]
    assert at == pytest.approx([3159e-9] * 3)
    with CaptureQueriesContext(connection) as asked:
        page = config_of(text_of(client, "/datasets/cell/view/"))
    assert page["stops"][0]["positionNm"] == [3159] * 3
    assert sum('FROM "catalogue_crop"' in query["sql"] for query in asked) == 2, "for the state, and for the list"


def test_a_view_of_data_elsewhere_alone_is_shared_with_the_dataset_it_is_of(
    client: Client, version: DatasetVersion
) -> None:
    state = client.get("/api/v1/datasets/cell@1/state").json()

    def share(**more: str) -> Any:
        return client.post("/api/v1/links", {"state": state, **more}, content_type="application/json")

    assert share().status_code == 422
    assert share(dataset="cell").status_code == 422
    assert share(dataset="cell@2").status_code == 404
    link = share(dataset="cell@1").json()
    page = config_of(text_of(client, link["url"]))
    assert page["dataset"]["reference"] == "cell@1"
    assert [layer["name"] for layer in page["state"]["layers"]] == ["mito"]
    Dataset.objects.update(visibility="private")
    assert client.get(link["url"]).status_code == 404
    assert share(dataset="cell@1").status_code == 404


def test_a_crop_of_the_viewer_leads_to_its_line_in_the_list(client: Client, version: DatasetVersion) -> None:
    (crop,) = config_of(text_of(client, "/datasets/cell@1/view/"))["layers"][1]["crops"]
    assert crop["url"] == "/crops/?dataset=cell&crop=234"
    page = text_of(client, crop["url"])
    assert "1\u00a0crop</h2>" in page
    assert '<th scope="row">234</th>' in page
