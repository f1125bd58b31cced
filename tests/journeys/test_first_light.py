"""First light over a folder and over a bucket: inspect, publish, serve, browse, read, see."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore
import zarr
from playwright.sync_api import Page

from tests.journeys.conftest import Demo
from tests.journeys.viewer_page import SMALL, VALUE_AT, look_at, open_viewer, position_nm
from tests.samples import em_levels, label_levels, write_container

SPECIFICATION = """
name = "small-cell"
title = "A small cell"
description = "Made for tests."
licence = "CC-BY-4.0"
visibility = "public"
data = "own:cells/small.zarr"

[specimen]
organism = "Drosophila melanogaster"
sample = "noise"

[acquisition]
method = "FIB-SEM"

[[volumes]]
path = "em"
kind = "em"
title = "EM"

[[volumes]]
path = "labels/cells"
kind = "segmentation"
title = "Cells"
segmentation = { type = "instance", method = "manual", subject = "Cells" }
"""


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_container(tmp_path_factory.mktemp("container") / "small.zarr")


@pytest.fixture(scope="module")
def published(either_demo: Demo, container: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The portal after a curator has put data into its root and published them, while it was running."""
    either_demo.put(container, "cells/small.zarr")
    inspected = either_demo.manage("inspect", "own:cells/small.zarr/em", "--json")
    assert inspected.returncode == 0, inspected.stderr
    found = json.loads(inspected.stdout)
    assert found["publishable"], found
    assert [level["shape"] for level in found["levels"]] == [[40, 48, 56], [20, 24, 28]]
    specification = tmp_path_factory.mktemp("specification") / "small-cell.toml"
    specification.write_text(SPECIFICATION)
    done = either_demo.manage("publish", str(specification))
    assert done.returncode == 0, done.stderr
    assert "small-cell@1: " in done.stdout
    yield either_demo
    # Other journeys look at the gallery as a stranger finds it.
    assert either_demo.manage("visibility", "small-cell", "private").returncode == 0


def get(url: str, **headers: str) -> tuple[int, Any, bytes]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    with urllib.request.urlopen(request) as answer:
        return answer.status, answer.headers, answer.read()


def test_what_is_not_there_is_said_and_leaves_nothing(either_demo: Demo, tmp_path: Path) -> None:
    inspected = either_demo.manage("inspect", "own:cells/nothing.zarr", "--json")
    assert [problem["id"] for problem in json.loads(inspected.stdout)["problems"]] == ["not-zarr"]
    specification = tmp_path / "nothing.toml"
    specification.write_text(SPECIFICATION.replace("small", "nothing"))
    refused = either_demo.manage("publish", str(specification))
    assert refused.returncode != 0
    assert "not-zarr" in refused.stderr
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"{either_demo.url}/datasets/nothing-cell/")


def test_pages_show_it(published: Demo) -> None:
    assert b"A small cell" in get(f"{published.url}/datasets/")[2]
    assert b"small-cell" in get(f"{published.url}/datasets/small-cell/")[2]
    document = json.loads(get(f"{published.url}/api/v1/datasets/small-cell/")[2])
    assert document["name"] == "small-cell"


def test_its_picture_was_made_and_is_shown(published: Demo) -> None:
    status, headers, picture = get(f"{published.url}/datasets/small-cell@1/pictures/em.webp")
    assert (status, headers["content-type"]) == (200, "image/webp")
    assert picture[:4] == b"RIFF"


def test_folders_are_browsed_as_they_are(published: Demo, container: Path) -> None:
    def walk(address: str, folder: Path) -> int:
        names = json.loads(get(address, accept="application/json")[2])["results"]
        assert names == sorted(f"{path.name}/" if path.is_dir() else path.name for path in folder.iterdir())
        return len(names) + sum(walk(address + name, folder / name) for name in names if name.endswith("/"))

    # The version mounts its volumes and the documents above them: the whole container.
    assert walk(f"{published.url}/data/small-cell@1/", container) > 100


def test_every_object_is_served_byte_for_byte(published: Demo, container: Path) -> None:
    for path in (path for path in container.rglob("*") if path.is_file()):
        key = path.relative_to(container).as_posix()
        _, headers, content = get(f"{published.url}/data/small-cell@1/{key}")
        assert content == path.read_bytes()
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        assert headers["access-control-allow-origin"] == "*"


def test_clients_read_the_arrays(published: Demo, container: Path) -> None:
    for volume, levels in (("em", em_levels()), ("labels/cells", label_levels())):
        for level, expected in enumerate(levels):
            url = f"{published.url}/data/small-cell@1/{volume}/{level}"
            np.testing.assert_array_equal(zarr.open_array(url, mode="r")[...], expected)
            store = {"driver": "http", "base_url": f"{url}/"}
            opened = tensorstore.open({"driver": "zarr3", "kvstore": store}, read=True).result()
            np.testing.assert_array_equal(opened.read().result(), expected)


def test_the_viewer_shows_the_arrays_values(published: Demo, page: Page, console: list[str]) -> None:
    em, labels = em_levels()[0], label_levels()[0]
    page.set_viewport_size(SMALL)
    open_viewer(page, f"{published.url}/datasets/small-cell/view/?layers=em,labels/cells&position=70,50,30")
    assert position_nm(page) == pytest.approx([70, 50, 30], abs=0.01)
    for z, y, x in ((3, 5, 7), (20, 30, 40), (39, 47, 55)):
        at = look_at(page, {"x": x * 10, "y": y * 10, "z": z * 10})
        assert page.evaluate(VALUE_AT, ["em", at]) == str(em[z, y, x])
        assert page.evaluate(VALUE_AT, ["labels/cells", at]) == str(labels[z, y, x])


def test_the_demo_is_not_published_twice(either_demo: Demo) -> None:
    again = either_demo.manage("publish", "deploy/demo/fib25-ts2.toml")
    assert "already published, nothing changed" in again.stdout
