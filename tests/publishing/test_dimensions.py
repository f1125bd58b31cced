"""Time, channels, units: what the metadata say of every axis reaches the catalogue and the API."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client

from datasets.catalogue.models import Volume
from datasets.publishing.actions import publish
from datasets.publishing.specification import check_specification
from tests.samples import specification, write_image

pytestmark = pytest.mark.django_db

WINDOW = {"min": 0, "max": 65535, "start": 100, "end": 900}


def _publish(folder: Path, **volume: Any) -> Volume:
    data = specification(
        "data:", volumes=[{"path": folder.name, "kind": "light", "title": "Light", **volume}], views=[]
    )
    return publish(specification=check_specification(data), base=Path(), by=None).version.volumes.get()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_film_of_two_channels(data_root: Path, client: Client, version: str) -> None:
    folder = write_image(
        data_root / "film",
        [np.arange(3 * 2 * 4 * 8 * 8, dtype="u2").reshape(3, 2, 4, 8, 8)],
        axes="tczyx",
        voxel_nm=(0.5, 1, 2, 0.25, 0.25),
        translation_nm=(10, 0, 4, 0, -1),
        units={"t": "minute", "z": "micrometer", "y": "micrometer", "x": "micrometer"},
        omero={
            "channels": [
                {"label": "DNA", "color": "0000FF", "window": WINDOW, "active": False},
                {"color": "#00ff00", "window": WINDOW},
            ]
        },
        version=version,
    )
    _publish(folder)

    (volume,) = client.get("/api/v1/datasets/small-cell/").json()["volumes"]

    assert volume["axes"] == ["t", "c", "z", "y", "x"]
    assert volume["axis_types"] == ["time", "channel", "space", "space", "space"]
    assert volume["axis_units"] == ["minute", None, "micrometer", "micrometer", "micrometer"]
    (level,) = volume["levels"]
    assert level["scale"] == [0.5, 1, 2, 0.25, 0.25]
    assert level["translation"] == [10, 0, 4, 0, -1]
    assert level["scale_nm"] == {"z": 2000, "y": 250, "x": 250}
    assert level["translation_nm"] == {"z": 4000, "y": 0, "x": -1000}
    assert volume["channels"] == [
        {"label": "DNA", "colour": "#0000ff", "low": 100, "high": 900, "active": False},
        {"label": "", "colour": "#00ff00", "low": 100, "high": 900, "active": True},
    ]
