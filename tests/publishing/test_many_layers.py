"""Two hundred layers in one dataset: what publishing costs grows with their number and with nothing else."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from datasets.publishing.actions import publish
from datasets.publishing.findings import find
from datasets.publishing.specification import check_specification
from tests.samples import specification, write_image

pytestmark = pytest.mark.django_db

_opened: list[str] | None = None


def _count_opens(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _opened is not None:
        _opened.append(os.fspath(arguments[0]) if isinstance(arguments[0], str | os.PathLike) else str(arguments[0]))


sys.addaudithook(_count_opens)  # for good: Python takes none back


@contextmanager
def opens() -> Iterator[list[str]]:
    """The files that are opened, or looked for in vain, meanwhile."""
    global _opened
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None


def _specification(count: int, name: str) -> dict[str, Any]:
    volumes = [{"path": "em", "kind": "em", "title": "EM", "contrast": [0, 9]}]
    volumes += [
        {
            "path": f"labels/{n:03}",
            "kind": "segmentation",
            "title": f"Labels {n}",
            "segmentation": {"type": "instance", "method": "manual", "subject": f"Thing {n}"},
        }
        for n in range(count)
    ]
    layers = [volume["path"] for volume in volumes][:200]
    views = [{"name": "all", "title": "All", "layers": layers, "position_nm": [40, 40, 40]}]
    return check_specification(specification("data:", name=name, volumes=volumes, views=views))


@pytest.fixture
def layers(data_root: Path) -> Path:
    write_image(data_root / "em", [np.ones((8, 8, 8), "u1")])
    for n in range(200):
        write_image(data_root / "labels" / f"{n:03}", [np.full((8, 8, 8), n, "u1")])
    return data_root


def test_the_cost_of_a_layer_does_not_grow_with_their_number(layers: Path) -> None:
    costs = {}
    for count in (20, 200):
        with (
            opens() as files,
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            published = publish(specification=_specification(count, f"layers-{count}"), base=Path(), by=None)
        assert published.created
        with opens() as metadata:
            find(_specification(count, "again"), base=Path())
        costs[count] = (len(metadata) / count, len(files) / count, len(queries) / count)
    for few, many in zip(costs[20], costs[200], strict=True):
        assert many <= few
    assert costs[200][0] <= 8  # opens of metadata for each layer of one level
    assert costs[200][2] <= 12  # statements for each layer


def test_two_hundred_layers_are_shown(layers: Path, client: Client) -> None:
    publish(specification=_specification(200, "layers"), base=Path(), by=None)
    assert len(client.get("/api/v1/datasets/layers/").json()["volumes"]) == 201
    assert client.get("/datasets/layers/").status_code == 200
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/api/v1/datasets/layers/state").status_code == 200
    assert len(queries) < 30
