"""The ways to open a volume elsewhere: what is offered, to whom, and that links carry what they must."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.conf import settings
from django.test import Client, override_settings
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.models import Dataset, DatasetVersion, Volume
from datasets.catalogue.pages.opening import OpeningLink, opening_links
from datasets.catalogue.viewers import VIZARR, WebViewer, template_fault

pytestmark = pytest.mark.django_db
SITE = "https://cells.example.org"


def ways(version: DatasetVersion, volume: Volume, site: str = SITE) -> dict[str, OpeningLink]:
    found = opening_links(version, volume, data_url=f"{site}/data/", site_url=site)
    assert len({way.identifier for way in found}) == len(found)
    assert all(bool(way.url) != bool(way.text) for way in found)
    return {way.identifier: way for way in found}


def configured(**changes: Any) -> Any:
    return override_settings(CONFIG=replace(settings.CONFIG, **changes))


def volume_of(version: DatasetVersion, path: str, **changes: Any) -> Volume:
    volume = version.volumes.get(path=path)
    for field, value in changes.items():
        setattr(volume, field, value)
    return volume


def test_programs_are_offered_and_say_what_was_not_tried(small_cell: DatasetVersion) -> None:
    found = ways(small_cell, volume_of(small_cell, "em"))
    assert {name: way.tested for name, way in found.items()} == {
        "open-zarr": True,
        "open-tensorstore": True,
        "open-neuroglancer": True,
        "open-curl": True,
        "open-napari": False,
        "open-fiji": False,
    }
    assert found["open-fiji"].text == f"{SITE}/data/small-cell@1/em"
    assert (
        "viewer.add_image(levels, multiscale=True, scale=(10, 10, 10), contrast_limits=(" in found["open-napari"].text
    )
    compile(found["open-napari"].text, "napari", "exec")
    assert "add_labels" in ways(small_cell, volume_of(small_cell, "labels/cells"))["open-napari"].text


def test_a_volume_that_imagej_has_no_type_for_is_not_offered_to_fiji(small_cell: DatasetVersion) -> None:
    assert "open-fiji" not in ways(small_cell, volume_of(small_cell, "labels/cells", dtype="uint64"))


def test_vizarr_gets_what_its_documentation_says_it_reads(small_cell: DatasetVersion) -> None:
    old = {"zarr_format": 2, "ngff_version": "0.4"}
    found = ways(small_cell, volume_of(small_cell, "em", **old))["open-in-vizarr"]
    assert parse_qs(urlsplit(found.url).query) == {"source": [f"{SITE}/data/small-cell@1/em"]}
    assert "open-in-vizarr" not in ways(small_cell, volume_of(small_cell, "em"))
    assert "open-in-vizarr" not in ways(small_cell, volume_of(small_cell, "em", dtype="uint64", **old))


def test_a_viewer_of_the_operator_is_offered_what_it_reads(small_cell: DatasetVersion) -> None:
    mine = WebViewer("Mine", "https://viewer.example/?src={url}&mode=3d", formats=("zarr3",), kinds=("labels",))
    with configured(viewers=(mine,)):
        assert "open-in-mine" not in ways(small_cell, volume_of(small_cell, "em"))
        link = ways(small_cell, volume_of(small_cell, "labels/cells"))["open-in-mine"]
    assert link.url == (
        "https://viewer.example/?src=https%3A%2F%2Fcells.example.org%2Fdata%2Fsmall-cell%401%2Flabels%2Fcells&mode=3d"
    )


@pytest.mark.parametrize(
    ("site", "offered"),
    [
        ("https://cells.example.org", True),
        ("http://cells.example.org", False),
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
    ],
)
def test_no_link_leads_where_the_browser_would_refuse_to_read(
    small_cell: DatasetVersion, site: str, offered: bool
) -> None:
    with configured(viewers=(replace(VIZARR, formats=("zarr3",)),)):
        assert ("open-in-vizarr" in ways(small_cell, volume_of(small_cell, "em"), site)) is offered


def test_what_is_not_public_is_offered_to_no_other_site(small_cell: DatasetVersion) -> None:
    everything = configured(viewers=(replace(VIZARR, formats=("zarr3",)),), neuroglancer_url="https://ng.example/")
    with everything:
        assert any(way.url for way in ways(small_cell, volume_of(small_cell, "em")).values())
        Dataset.objects.update(visibility="private")
        private = DatasetVersion.objects.get()
        assert not any(way.url for way in ways(private, volume_of(private, "em")).values())


def test_another_neuroglancer_gets_the_state_with_its_sources_pinned(
    client: Client, small_cell: DatasetVersion
) -> None:
    with configured(neuroglancer_url="https://ng.example/v/1/", public_url=SITE):
        link = ways(small_cell, volume_of(small_cell, "labels/cells"))["open-in-neuroglancer"]
        assert link.url == f"{SITE}/api/v1/datasets/small-cell@1/neuroglancer?layers=labels%2Fcells"
        answer = client.get(link.url.removeprefix(SITE))
    assert answer.status_code == 302
    address, _, fragment = answer["Location"].partition("#!")
    assert address == "https://ng.example/v/1/"
    (layer,) = json.loads(unquote(fragment))["layers"]
    assert layer["name"] == "labels/cells"
    assert f"{SITE}/data/small-cell@1/labels/cells/|zarr3:" in json.dumps(layer["source"])


def test_without_another_neuroglancer_there_is_none(client: Client, small_cell: DatasetVersion) -> None:
    assert "open-in-neuroglancer" not in ways(small_cell, volume_of(small_cell, "em"))
    answer = client.get("/api/v1/datasets/small-cell/neuroglancer")
    assert answer.status_code == 404
    assert "CISTERNA_NEUROGLANCER_URL" in answer.json()["fix"]


@given(st.text(min_size=1, max_size=60))
def test_an_address_survives_the_way_through_a_template(address: str) -> None:
    viewer = WebViewer("Mine", "https://viewer.example/?a=1&src={url}#here")
    assert template_fault(viewer.template) == ""
    query = urlsplit(viewer.link(address)).query
    assert parse_qs(query, keep_blank_values=True)["src"] == [address]


@pytest.mark.parametrize(
    "template",
    [
        "viewer.example/?src={url}",
        "ftp://viewer.example/{url}",
        "https://viewer.example/",
        "https://{url}/",
        "https://viewer.example/?src={url}&x={name}",
        "https://viewer.example/ {url}",
        "javascript:alert({url})",
        "https://[::1/{url}",
    ],
)
def test_a_template_that_cannot_work_is_named(template: str) -> None:
    assert template_fault(template)
