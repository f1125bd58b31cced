"""Crops in the API with the volumes that they can be read from: those here that reach into the box."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from datasets.catalogue.actions.versions import freeze, revise
from datasets.catalogue.models import CoordinateSpace, Crop, DatasetVersion, Volume

pytestmark = pytest.mark.django_db


def a_box(first_nm: float, voxels: int = 10) -> dict[str, Any]:
    """A cube of voxels of 10 nm, the middle of its first voxel at ``first_nm`` along each axis."""
    said = (("voxel", "_nm", 10), ("translation", "_nm", first_nm), ("shape", "", voxels))
    return {f"{name}_{axis}{unit}": value for name, unit, value in said for axis in "xyz"}


@pytest.fixture
def cell(small_cell: DatasetVersion) -> DatasetVersion:
    """Its next version, with crops: the volumes reach from -5 to 395 nm along their shortest axis, z."""
    draft = revise(dataset=small_cell.dataset, by=None)
    spaces = {
        name: CoordinateSpace.objects.create(version=draft, name=name, main=name == "main")
        for name in ("main", "other")
    }
    Volume.objects.create(
        version=draft, path="elsewhere", kind="em", title="Elsewhere", axes=["z", "y", "x"],
        external_url="s3://bucket/cell.n5/em", external_format="n5",
    )  # fmt: skip
    for name, space, first in (("at-the-edge", None, -100), ("in", spaces["main"], 0), ("over-the-edge", None, 390),
                               ("past-the-edge", None, 400), ("of-another-space", spaces["other"], 0)):  # fmt: skip
        Crop.objects.create(version=draft, name=name, space=space, **a_box(first))
    return freeze(draft=draft, by=None)


def test_volumes_that_reach_into_the_box_are_told_where_asked_for(client: Client, cell: DatasetVersion) -> None:
    address = "/api/v1/crops/?expand=volumes"
    crops = {crop["name"]: crop for crop in client.get(address).json()["results"]}
    inside = crops["in"]["volumes"]
    assert inside == [
        {
            "path": path,
            "kind": kind,
            "method": method,
            "organelles": [],
            "url": f"http://testserver/api/v1/datasets/small-cell@2/volumes/{path}/",
            "data_url": f"http://testserver/data/small-cell@2/{path}/",
        }
        for path, kind, method in (("em", "em", None), ("labels/cells", "segmentation", "manual"))
    ]
    assert client.get(inside[0]["url"]).json()["data_url"] == inside[0]["data_url"]
    found = {name: [volume["path"] for volume in crop["volumes"]] for name, crop in crops.items()}
    both = [volume["path"] for volume in inside]
    assert found == {
        "at-the-edge": [], "in": both, "over-the-edge": both, "past-the-edge": [], "of-another-space": [],
    }  # fmt: skip
    of_version = client.get("/api/v1/datasets/small-cell@2/crops/?expand=volumes").json()["results"]
    assert of_version == list(crops.values())
    assert "volumes" not in client.get("/api/v1/crops/").json()["results"][0]


def test_many_crops_cost_as_many_queries_as_one(client: Client, cell: DatasetVersion) -> None:
    counts = []
    for limit in (1, 5):
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/api/v1/crops/?expand=volumes&limit={limit}")
        counts.append(len(asked))
    assert counts[0] == counts[1]
