"""Cutouts: every format equal to the array and in its right place, whatever the box, level, unit and stored order."""

import asyncio
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.http import HttpResponseBase
from django.test import Client

from tests.samples import em_levels, label_levels

CUTOUT = "/api/v1/datasets/small-cell@1/volumes/em/cutout"
pytestmark = pytest.mark.django_db


def body_of(response: HttpResponseBase) -> bytes:
    """What was sent in full."""

    async def collect() -> bytes:
        return b"".join([part async for part in response])  # type: ignore[attr-defined]

    assert response.status_code == 200, response.content  # type: ignore[attr-defined]
    body = asyncio.run(collect())
    response.close()
    if "Content-Length" in response.headers:
        assert len(body) == int(response.headers["Content-Length"])
    return body


def cut(client: Client, bbox: str, path: str = CUTOUT, **query: Any) -> bytes:
    return body_of(client.get(path, {"bbox": bbox, **query}))


def test_npy(client: Client, small_cell: Any) -> None:
    array = np.load(io.BytesIO(cut(client, "100,50,200,300,250,400")))
    np.testing.assert_array_equal(array, em_levels()[0][20:40, 5:25, 10:30])
    labels = np.load(
        io.BytesIO(cut(client, "2,3,4,20,18,17", CUTOUT.replace("em", "labels/cells"), unit="voxel", level="1"))
    )
    np.testing.assert_array_equal(labels, label_levels()[1][4:17, 3:18, 2:20])


def test_an_estimate_says_what_would_be_sent(client: Client, small_cell: Any) -> None:
    query = {"bbox": "100,50,200,300,250,400"}
    assert client.get(CUTOUT, query | {"estimate": "1"}).json() == {
        "level": "0",
        "levels": [{"path": "0", "size_bytes": 8000}, {"path": "1", "size_bytes": 1000}],
        "bbox_voxel": [10, 5, 20, 30, 25, 40],
        "bbox_nm": [95, 45, 195, 295, 245, 395],
        "shape_zyx": [20, 20, 20],
        "dtype": "uint8",
        "format": "npy",
        "filename": "small-cell-v1-em-0-10-5-20.npy",
        "size_bytes": 8128,
        "is_exact": True,
        "limit_bytes": 4 * 1024**3,
    }
    described = client.head(CUTOUT, query)
    assert described["Content-Length"] == "8128"
    assert described["Content-Disposition"] == 'attachment; filename="small-cell-v1-em-0-10-5-20.npy"'
