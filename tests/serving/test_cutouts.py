"""Cutouts: every format equal to the array and in its right place, whatever the box, level, unit and stored order."""

import asyncio
import io
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
import zarr
from django.http import HttpResponseBase
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ome_zarr_models.v05.image import Image
from ome_zarr_models.v05.image_label import ImageLabel

from datasets.catalogue.actions.withdrawal import retire_version
from datasets.catalogue.filenames import stem_of
from datasets.catalogue.models import Dataset
from datasets.publishing.actions import publish
from datasets.publishing.inspection import inspect_key
from datasets.publishing.specification import check_specification
from datasets.storage.roots import get_root
from tests.connections import one_connection
from tests.samples import UNIT, specification, write_image

CUTOUT = "/api/v1/datasets/small-cell@1/volumes/{}/cutout"
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@dataclass(frozen=True)
class Stored:
    """A volume as it lies there: its levels in stored order, and by axis name the voxel size and first place."""

    axes: str
    levels: list[np.ndarray]
    voxel_nm: dict[str, float]
    translation_nm: dict[str, float]

    @property
    def spatial(self) -> str:
        return "".join(axis for axis in self.axes if axis in "xyz")

    def zyx(self, level: int, c: int = 0, t: int = 0) -> np.ndarray:
        """What NumPy makes of it: (z, y, x)."""
        block = self.levels[level][tuple({"c": c, "t": t}.get(axis, slice(None)) for axis in self.axes)]
        block = block.transpose([self.spatial.index(axis) for axis in "zyx" if axis in self.spatial])
        return block if block.ndim == 3 else block[None]

    def place_nm(self, level: int, axis: str, voxel: int) -> Fraction:
        """The centre of a voxel, exactly."""
        size, shift = (Fraction(repr(table.get(axis, default))) for table, default in self._tables)
        return shift + size * (Fraction(2**level - 1, 2) + voxel * 2**level) if axis in self.axes else Fraction(0)

    def size_nm(self, level: int, axis: str) -> float:
        return self.voxel_nm[axis] * 2**level if axis in self.axes else 1.0

    @property
    def _tables(self) -> tuple[tuple[dict[str, float], int], tuple[dict[str, float], int]]:
        return (self.voxel_nm, 1), (self.translation_nm, 0)


def _stored(axes: str, dtype: str, seed: int, count: int = 2, **sizes: int) -> Stored:
    shape = tuple(({"x": 44, "y": 37, "z": 33, "c": 3, "t": 2} | sizes)[axis] for axis in axes)
    rng = np.random.default_rng(seed)
    if dtype == "float32":
        fine = rng.normal(size=shape).astype(dtype)
    else:
        most = min(np.iinfo(dtype).max, 2**63)
        fine = rng.integers(0, most, size=shape, dtype=dtype) * (rng.random(shape) < 0.5).astype(dtype)
    stride = [tuple(slice(None, None, 2**k if axis in "xyz" else 1) for axis in axes) for k in range(count)]
    voxel = {"x": 4.6, "y": 0.7, "z": 45.0}
    shift = {"x": -12.3, "y": 1000.1, "z": 22.5}
    return Stored(axes, [fine[it] for it in stride], voxel, shift)


VOLUMES = {
    "em": _stored("zyx", "uint8", 1),
    "xyz": _stored("xyz", "float32", 2),
    "tczyx": _stored("tczyx", "uint16", 3),
    "flat": _stored("yx", "int16", 4, count=1),
    "labels/cells": _stored("zyx", "uint64", 5),
}


WRITTEN: dict[str, dict[str, Any]] = {"xyz": {"shard": 32}, "tczyx": {"version": "0.4"}}
"""Shards, and Zarr v2."""


@pytest.fixture(autouse=True)
def kept_connection(db: None) -> Iterator[None]:
    """Answers are closed here, and those to a HEAD by the view that does not send them."""
    with one_connection():
        yield


@pytest.fixture
def published(db: None, data_root: Path) -> Any:
    for path, volume in VOLUMES.items():
        write_image(
            data_root / "small.zarr" / path,
            volume.levels,
            axes=volume.axes,
            voxel_nm=[volume.voxel_nm.get(axis, 1) for axis in volume.axes],
            translation_nm=[volume.translation_nm.get(axis, 0) for axis in volume.axes],
            units=dict.fromkeys(volume.spatial, UNIT),
            **WRITTEN.get(path, {}),
        )
    described = specification("data:small.zarr", views=[])
    described["volumes"] += [{"path": path, "kind": "em", "title": path} for path in ("xyz", "tczyx", "flat")]
    return publish(specification=check_specification(described), base=Path(), by=None).version


def body_of(response: HttpResponseBase) -> bytes:
    """What was sent in full."""

    async def collect() -> bytes:
        return b"".join([part async for part in response])  # type: ignore[attr-defined]

    assert response.status_code == 200, response.content  # type: ignore[attr-defined]
    body = asyncio.run(collect())
    with one_connection():
        response.close()
    if "Content-Length" in response.headers:
        assert len(body) == int(response.headers["Content-Length"])
    return body


def cut(path: str, bbox: str, **query: Any) -> bytes:
    return body_of(Client().get(CUTOUT.format(path), {"bbox": bbox, **query}))


@dataclass(frozen=True)
class Read:
    """What an independent reader finds: the voxels (z, y, x), their size and the centre of the first, by axis, nm."""

    array: np.ndarray
    voxel_nm: dict[str, float]
    first_nm: dict[str, float]


def read_npy(body: bytes, folder: Path) -> Read:
    return Read(np.load(io.BytesIO(body)), {}, {})


def read_tiff(body: bytes, folder: Path) -> Read:
    with tifffile.TiffFile(io.BytesIO(body)) as file:
        page, described = file.pages.first, file.imagej_metadata
        assert described is not None
        assert described["unit"] == "nm"
        array = file.asarray()
        assert len(file.pages) == described["images"]
        across, down = (page.tags[name].value for name in ("XResolution", "YResolution"))
    voxel = {"x": across[1] / across[0], "y": down[1] / down[0], "z": described["spacing"]}
    first = {axis: -float(described[f"{axis}origin"]) * voxel[axis] for axis in "xyz"}
    return Read(array if array.ndim == 3 else array[None], voxel, first)


def read_nifti(body: bytes, folder: Path) -> Read:
    image = nibabel.Nifti1Image.from_bytes(body) if body[:4] == b"\x5c\1\0\0" else nibabel.Nifti2Image.from_bytes(body)
    assert image.header.get_xyzt_units()[0] == "micron"
    np.testing.assert_allclose(image.header.get_sform(), image.header.get_qform())
    affine = image.affine
    assert np.count_nonzero(affine[:3, :3]) == 3
    voxel = {axis: affine[i, i] * 1000 for i, axis in enumerate("xyz")}
    return Read(
        np.asarray(image.dataobj).transpose(), voxel, {axis: affine[i, 3] * 1000 for i, axis in enumerate("xyz")}
    )


def read_zarr(body: bytes, folder: Path) -> Read:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
    path = folder / "cut.zip"
    path.write_bytes(body)
    with zarr.storage.ZipStore(path, mode="r") as store:
        group = zarr.open_group(store, mode="r", zarr_format=3)
        is_label = "image-label" in group.attrs["ome"]  # type: ignore[operator]
        model = (ImageLabel if is_label else Image).from_zarr(group)
        dataset = model.attributes.ome.multiscales[0].datasets[0]  # type: ignore[union-attr]
        scale, shift = dataset.coordinateTransformations
        array = np.asarray(group[dataset.path])
    return Read(array, *(dict(zip("zyx", it, strict=True)) for it in (scale.scale, shift.translation)))


READERS = {"npy": read_npy, "tiff": read_tiff, "nifti": read_nifti, "zarr": read_zarr}


@st.composite
def boxes(draw: st.DrawFn) -> tuple[str, int, dict[str, tuple[int, int]], dict[str, str]]:
    """A volume, a level, the voxels of a box, and how these are asked for: in voxels, or in nm with edges anywhere
    between two centres, and at the first that is in or the first that is out."""
    path = draw(st.sampled_from(sorted(VOLUMES)))
    volume = VOLUMES[path]
    level = draw(st.integers(0, len(volume.levels) - 1))
    shape = dict(zip("zyx", volume.zyx(level).shape, strict=True))
    unit = draw(st.sampled_from(["nm", "voxel"]))
    ends, edges = {}, {}
    for axis in "xyz":
        start = draw(st.integers(0, shape[axis] - 1))
        stop = draw(st.integers(start + 1, shape[axis]))
        ends[axis] = (start, stop)
        beyond = draw(st.sampled_from([0, 0, 5])) if stop == shape[axis] else 0  # clipped
        # A share of a voxel before the first centre that is in, and before the first that is out: 0 is on it.
        shares = draw(st.tuples(*[st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(99, 100)])] * 2))
        edges[axis] = []
        for voxel, share in zip((start, stop + beyond), shares, strict=True):
            if unit == "voxel":
                edges[axis].append(str(voxel))
            else:
                size = Fraction(repr(volume.voxel_nm[axis])) * 2**level if axis in volume.axes else Fraction(1)
                edge = volume.place_nm(level, axis, voxel) - share * size
                edges[axis].append(f"{float(edge):.12g}" if axis in volume.axes else str(voxel))
    query = {"unit": unit, "level": str(level), "bbox": ",".join(edges[axis][i] for i in (0, 1) for axis in "xyz")}
    for axis, most in (("c", 2), ("t", 1)):
        if axis in volume.axes:
            query[axis] = str(draw(st.integers(0, most)))
    return path, level, ends, query


def test_every_format_is_the_array_in_its_place(published: Any, tmp_path: Path) -> None:
    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(boxes(), st.sampled_from(sorted(READERS)))
    def judge(box: tuple[str, int, dict[str, tuple[int, int]], dict[str, str]], name: str) -> None:
        path, level, ends, query = box
        volume = VOLUMES[path]
        read = READERS[name](cut(path, format=name, **query), tmp_path)
        places = {axis: int(query.get(axis, 0)) for axis in "ct"}
        expected = volume.zyx(level, **places)[tuple(slice(*ends[axis]) for axis in "zyx")]
        assert read.array.dtype == expected.dtype
        np.testing.assert_array_equal(read.array, expected)
        for axis, first in read.first_nm.items():
            size = volume.size_nm(level, axis)
            assert read.voxel_nm[axis] == pytest.approx(size, rel=1e-6)
            assert first == pytest.approx(float(volume.place_nm(level, axis, ends[axis][0])), abs=2e-3 * size)

    judge()


def test_a_cutout_can_be_published(published: Any, data_root: Path) -> None:
    """What inspection says of the OME-Zarr in an archive, unpacked."""
    for path in ("em", "labels/cells"):
        body = cut(path, "0,0,0,900,2000,900", format="zarr")
        folder = data_root / "again" / path
        zipfile.ZipFile(io.BytesIO(body)).extractall(folder)
        found = inspect_key(get_root("data"), f"again/{path}")
        assert [it for it in found.problems if it.severity == "error"] == []


def test_an_estimate_says_what_would_be_sent(published: Any, client: Client, admin_client: Client) -> None:
    query = {"bbox": "-14.7,1000,0,30,1003,99", "format": "tiff"}
    assert client.get(CUTOUT.format("em"), query | {"estimate": "1"}).json() == {
        "level": "0",
        "levels": [{"path": "0", "size_bytes": 10 * 5 * 2}, {"path": "1", "size_bytes": 5 * 2 * 1}],
        "bbox_voxel": [0, 0, 0, 10, 5, 2],
        "bbox_nm": pytest.approx([-14.6, 999.75, 0, 31.4, 1003.25, 90]),
        "shape_zyx": [2, 5, 10],
        "dtype": "uint8",
        "format": "tiff",
        "filename": "small-cell-v1-em-0-0-0-0.tif",
        "size_bytes": len(cut("em", **query)),
        "is_exact": True,
        "limit_bytes": 4 * 1024**3,
    }
    described = client.head(CUTOUT.format("em"), query)
    assert int(described["Content-Length"]) == len(cut("em", **query))
    assert described["Content-Disposition"] == 'attachment; filename="small-cell-v1-em-0-0-0-0.tif"'
    assert described["Cache-Control"] == "public, max-age=3600"
    assert stem_of(published, 'labels/a"b; 細胞/s0', "slice") == "small-cell-v1-labels-a-b-s0-slice"
    unpinned = client.head(
        CUTOUT.format("em").replace("@1", ""), query | {"format": "zarr"}, headers={"Accept": "application/zip"}
    )
    assert unpinned.status_code == 200
    assert unpinned["Cache-Control"] == "no-cache"
    assert "Content-Length" not in unpinned

    Dataset.objects.update(visibility="private")
    assert client.get(CUTOUT.format("em"), query).status_code == 404
    for more in ({}, {"estimate": "1"}):
        response = admin_client.get(CUTOUT.format("em"), query | more)
        assert (response.status_code, response["Cache-Control"]) == (200, "private, no-store")
        response.close()


def test_an_array_that_is_gone_or_another_is_not_cut(published: Any, client: Client, data_root: Path) -> None:
    def problem() -> str:
        response = client.get(CUTOUT.format("em"), {"bbox": "0,0,0,100,1020,99"})
        assert response.status_code == 503
        assert response["Retry-After"]
        return str(response.json()["type"].split("/")[-2])

    image, fine = data_root / "small.zarr" / "em", VOLUMES["em"].levels[0]
    for other in (fine.astype("uint16"), np.pad(fine, 1)):
        shutil.rmtree(image)
        write_image(image, [other])
        assert problem() == "object-changed"
    (image / "0" / "zarr.json").write_text("{")
    assert problem() == "object-changed"
    image.rename(data_root / "elsewhere")
    assert problem() == "storage-unavailable"


REFUSED = {
    "bbox=1e6,0,0,2e6,10,10": (422, "box-outside"),
    "bbox=0,0,0,0.1,0.1,0.1": (422, "box-outside"),
    "bbox=0,0,0,10,0,10": (422, "box-invalid"),
    "bbox=0,0,0,10,-10,10": (422, "box-invalid"),
    "bbox=0,0,0,10,nan,10": (422, "box-invalid"),
    "bbox=0,0,0,10": (422, "box-invalid"),
    "": (400, "query-invalid"),
    "bbox=-99,0,0,99,999,99&format=hdf5": (400, "query-invalid"),
    "bbox=-99,0,0,99,9999,99&unit=mm": (400, "query-invalid"),
    "bbox=-99,0,0,99,9999,99&level=9": (404, "not-found"),
    "bbox=-99,0,0,99,9999,99&token=abc": (400, "query-invalid"),
    "bbox=-99,0,0,99,9999,99&access_token=abc": (400, "query-invalid"),
    "bbox=-99,0,0,99,9999,99&c=1": (422, "axis-unknown"),
    "bbox=-99,0,0,99,9999,99&t=-1": (400, "query-invalid"),
}


def test_what_cannot_be_cut_out_is_said_by_name(published: Any, client: Client, settings: Any) -> None:
    def problem(path: str, query: str) -> tuple[int, str, dict[str, Any]]:
        response = client.get(f"{CUTOUT.format(path)}?{query}")
        body = response.json()
        assert client.get(body["type"]).status_code == 200, "every problem has its page"
        kept = [response[name] for name in ("Cache-Control", "Access-Control-Allow-Origin")]
        assert kept == ["private, no-store", "*"], "errors, too, can be read elsewhere, and nobody keeps them"
        return response.status_code, body["type"].split("/")[-2], body

    for query, expected in REFUSED.items():
        assert problem("em", query)[:2] == expected, query
    whole = "unit=voxel&bbox=0,0,0,999,999,999"
    assert problem("tczyx", f"{whole}&c=3")[:2] == (422, "box-outside")
    assert problem("nothing", whole)[:2] == (404, "not-found")

    settings.CONFIG = replace(settings.CONFIG, cutout_bytes=33 * 37 * 44 - 1)
    for query in (whole, f"{whole}&estimate=1"):
        status, slug, body = problem("em", query)
        assert (status, slug) == (413, "cutout-too-large")
        assert (body["size_bytes"], body["limit_bytes"], body["nearest_level"]) == (33 * 37 * 44, 33 * 37 * 44 - 1, "1")
    settings.CONFIG = replace(settings.CONFIG, cutout_bytes=1)
    assert problem("em", whole)[2]["nearest_level"] is None

    settings.CONFIG = replace(settings.CONFIG, cutout_bytes=37)
    status, slug, body = problem("em", "unit=voxel&bbox=9,0,9,10,37,10")
    assert (status, slug, body["size_bytes"]) == (413, "cutout-too-large", 37)
    assert "chunks are read whole" in body["detail"]

    retire_version(name="small-cell", number=1, reason="For a test", by=None)
    assert problem("em", whole)[:2] == (410, "version-retired")
