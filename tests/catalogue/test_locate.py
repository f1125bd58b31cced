"""Where an object lies: ``/api/v1/datasets/<ref>/volumes/<path>/locate``."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from datasets.catalogue.models import Dataset, DatasetVersion
from tests.published import publish_once
from tests.samples import em_levels, specification, write_container, write_image, write_once

pytestmark = pytest.mark.django_db
BIG = 2**64 - 2
VOXEL_NM, FIRST_NM = (5.24, 4.0, 4.0), (100.0, 20.0, 0.0)


@pytest.fixture(autouse=True)
def fresh_throttle() -> None:
    cache.clear()


LABELS = np.zeros((40, 48, 56), np.uint64)
LABELS[8:24, 8:24, 8:40] = BIG
LABELS[8:24, 8:24, 40:48] = BIG + 1
LABELS[33, 35, 37] = 7


def write_big(folder: Path) -> None:
    write_container(folder)
    geometry = {"voxel_nm": VOXEL_NM, "translation_nm": FIRST_NM}
    write_image(folder / "labels" / "big", [LABELS, LABELS[::2, ::2, ::2]], **geometry)
    write_image(folder / "fine", em_levels(), **geometry)


@pytest.fixture
def labelled(data_root: Path) -> np.ndarray:
    """A dataset ``big-cell``; its labels (z, y, x), on levels by stride: a box of BIG, and one voxel of 7."""
    write_once(write_big, data_root / "big.zarr")
    spec = specification("data:big.zarr", name="big-cell", views=[])
    spec["volumes"][0]["path"], spec["volumes"][1]["path"] = "fine", "labels/big"
    publish_once(spec, data_root.parent)
    return LABELS


def locate(client: Client, segment: object, status: int = 200, ref: str = "big-cell", path: str = "labels/big") -> Any:
    response = client.get(f"/api/v1/datasets/{ref}/volumes/{path}/locate?segment={segment}")
    assert response.status_code == status, response.content
    return response.json()


def test_a_large_object_is_found_on_the_coarsest_level(client: Client, labelled: np.ndarray) -> None:
    found = locate(client, BIG)
    assert (found["segment"], found["level"]) == (str(BIG), "1")
    z, y, x = (
        round((at - first) / size)
        for at, first, size in zip(found["position_nm"][::-1], FIRST_NM, VOXEL_NM, strict=True)
    )
    assert int(labelled[z, y, x]) == BIG


def test_a_small_object_is_found_on_a_finer_level_at_its_voxel(client: Client, labelled: np.ndarray) -> None:
    found = locate(client, 7)
    assert found["level"] == "0"
    assert found["position_nm"] == pytest.approx([37 * 4.0, 20 + 35 * 4.0, 100 + 33 * 5.24])


def test_one_more_than_a_label_is_another_label(client: Client, labelled: np.ndarray) -> None:
    problem = locate(client, BIG - 1, 404)
    assert problem["type"].endswith("/problems/segment-absent/")
    assert "levels 1, 0" in problem["detail"]
    assert int(locate(client, BIG + 1)["segment"]) == BIG + 1


def test_a_level_over_the_limit_is_not_searched(
    client: Client, labelled: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    coarse = 20 * 24 * 28
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, locate_voxels=coarse))
    assert locate(client, BIG)["level"] == "1"
    problem = locate(client, 7, 413)
    assert problem["type"].endswith("/problems/segment-search-too-large/")
    assert "level 1" in problem["detail"]
    assert "level 0" in problem["detail"]


@pytest.mark.parametrize("segment", ["", "0", "-1", "1.5", "x", 2**64, "1" * 30, "٣"])
def test_what_is_no_label_is_refused(client: Client, labelled: np.ndarray, segment: object) -> None:
    assert locate(client, segment, 400)["type"].endswith("/problems/query-invalid/")


def test_an_image_has_no_segments(client: Client, labelled: np.ndarray) -> None:
    locate(client, 7, 404, path="fine")
    locate(client, 7, 404, path="nothing")


def test_what_is_not_public_is_not_searched_for_strangers(
    client: Client, admin_client: Client, small_cell: DatasetVersion
) -> None:
    Dataset.objects.update(visibility="private")
    locate(client, 102, 404, ref="small-cell", path="labels/cells")
    assert locate(admin_client, 102, ref="small-cell", path="labels/cells")["segment"] == "102"


def test_an_array_that_took_the_place_of_another_is_not_searched(
    client: Client, labelled: np.ndarray, data_root: Path
) -> None:
    (data_root / "big.zarr" / "labels" / "big").rename(data_root / "elsewhere")
    write_image(data_root / "big.zarr" / "labels" / "big", [labelled[2:], labelled[2::2, ::2, ::2]])
    assert locate(client, BIG, 503)["type"].endswith("/problems/object-changed/")
