"""The still pictures made at publication: the right slice, the right way round, in proportion, whatever the axes."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from django.test import Client
from PIL import Image

from datasets.catalogue.models import DatasetVersion, OrganelleClass
from datasets.catalogue.pictures import layer_picture, picture_names, read_picture
from datasets.catalogue.slices import slices_of
from datasets.publishing.actions import publish
from datasets.publishing.specification import check_specification
from datasets.storage import planes
from datasets.storage.arrays import KeyStore
from tests.published import publish_once
from tests.samples import em_levels, specification, write_image, write_once

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

VOXEL_NM = {"t": 1.0, "c": 1.0, "z": 20.0, "y": 10.0, "x": 5.0}
SHAPE = {"t": 2, "c": 2, "z": 16, "y": 40, "x": 60}
BLOCK = {"z": (5, 11), "y": (4, 24), "x": (25, 50)}
"""A box of bright voxels that holds the middle of the image, different in every direction."""


def block_levels(axes: str, value: int, other: int = 0, dtype: str = "uint8") -> list[np.ndarray[Any, Any]]:
    """One level: ``value`` in the block, ``other`` around it; later times are all ``value``, later channels 0."""
    array = np.full([SHAPE[axis] for axis in axes], value, dtype=dtype)
    if "c" in axes:
        array[tuple(slice(1, None) if axis == "c" else slice(None) for axis in axes)] = 0
    first = tuple(0 if axis in "tc" else slice(None) for axis in axes)
    space = [axis for axis in axes if axis not in "tc"]
    inner = np.full([SHAPE[axis] for axis in space], other, dtype=dtype)
    inner[tuple(slice(*BLOCK[axis]) for axis in space)] = value
    array[first] = inner
    return [array]


def write_block(folder: Path, axes: str) -> None:
    zarr.create_group(folder, zarr_format=3)
    voxel_nm = [VOXEL_NM[axis] for axis in axes]
    write_image(folder / "em", block_levels(axes, 200, 100), voxel_nm=voxel_nm, axes=axes, chunk=64)
    labels = block_levels(axes, 3, dtype="uint16")
    write_image(folder / "labels" / "cells", labels, voxel_nm=voxel_nm, axes=axes, chunk=64)


def published(root: Path, axes: str) -> DatasetVersion:
    write_once(write_block, root / f"{axes}.zarr", axes)
    data = specification(f"data:{axes}.zarr", views=[])
    data["volumes"][0]["contrast"] = [0, 255]
    return publish_once(data, root.parent)


def pixels(version: DatasetVersion, name: str) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(read_picture(version, name)))).astype(int)


@pytest.mark.parametrize("axes", ["zyx", "xyz", "yxz", "tczyx"])
@pytest.mark.parametrize(("name", "right", "down"), [("xy", "x", "y"), ("xz", "x", "z"), ("yz", "z", "y")])
def test_a_slice_shows_its_plane_in_proportion(data_root: Path, axes: str, name: str, right: str, down: str) -> None:
    picture = pixels(published(data_root, axes), f"slice-{name}")
    height, width, _ = picture.shape
    extent = {axis: SHAPE[axis] * VOXEL_NM[axis] for axis in "xyz"}
    assert width / height == pytest.approx(extent[right] / extent[down], rel=0.01)
    for along, axis, size in ((picture[height // 2], right, width), (picture[:, width // 2], down, height)):
        bright = np.flatnonzero(along.max(axis=1) > 150)
        low, high = (edge / SHAPE[axis] * size for edge in BLOCK[axis])
        assert bright[0] == pytest.approx(low, abs=size / 60)
        assert bright[-1] == pytest.approx(high, abs=size / 60)


def test_channels_that_are_on_are_shown_in_their_colours_and_windows(data_root: Path) -> None:
    array = np.zeros((3, 8, 16, 16), dtype="uint16")
    array[0, :, :8], array[1, :, :, :8], array[2] = 500, 900, 900
    window = {"min": 0, "max": 65535, "start": 100, "end": 900}
    channels = [
        {"color": "FF0000", "window": window},
        {"color": "0000FF", "window": window},
        {"color": "00FF00", "window": window, "active": False},
    ]
    write_image(data_root / "film", [array], axes="czyx", voxel_nm=(1, 10, 10, 10), omero={"channels": channels})
    data = specification("data:", volumes=[{"path": "film", "kind": "light", "title": "Light"}], views=[])
    picture = pixels(publish(specification=check_specification(data), base=Path(), by=None).version, "slice-xy")
    height, width, _ = picture.shape
    corners = {(0, 0): (128, 0, 255), (0, 1): (128, 0, 0), (1, 0): (0, 0, 255), (1, 1): (0, 0, 0)}
    for (row, column), colour in corners.items():
        middle = picture[height // 4 + row * height // 2, width // 4 + column * width // 2]
        assert np.abs(middle - colour).max() < 8, (row, column)


def test_labels_are_coloured_where_they_are_and_the_pictures_are_as_large_as_said(data_root: Path) -> None:
    version = published(data_root, "zyx")
    for plane in slices_of(version, picture_names(version)).planes:
        grey, coloured = pixels(version, f"slice-{plane.name}"), pixels(version, f"slice-{plane.name}-labels")
        assert grey.shape == coloured.shape == (plane.height, plane.width, 3)
        assert np.ptp(grey[plane.height // 2, plane.width // 2]) < 5
        assert np.ptp(coloured[plane.height // 2, plane.width // 2]) > 20
        assert np.ptp(coloured[2, 2]) < 8


def test_a_flat_image_has_one_slice(data_root: Path) -> None:
    version = published(data_root, "yx")
    assert {name for name in picture_names(version) if name.startswith("slice")} == {"slice-xy", "slice-xy-labels"}
    (plane,) = slices_of(version, picture_names(version)).planes
    assert (plane.name, plane.where) == ("xy", "300\u00a0×\u00a0400\u00a0nm")


def test_labels_without_an_image_are_shown_on_black(data_root: Path) -> None:
    write_image(data_root / "block.zarr" / "labels" / "cells", block_levels("zyx", 3, dtype="uint16"))
    data = specification("data:block.zarr", views=[])
    data["volumes"] = data["volumes"][1:]
    version = publish(specification=check_specification(data), base=Path(), by=None).version
    assert "em" not in picture_names(version)
    picture = pixels(version, "slice-xy-labels")
    assert picture[2, 2].max() < 12
    assert picture[picture.shape[0] // 3, picture.shape[1] // 2].max() > 150
    assert all(plane.em_url == "" and plane.labels_url for plane in slices_of(version, picture_names(version)).planes)


def organelles(*names: str) -> list[dict[str, Any]]:
    return [
        {
            "path": f"labels/{name}",
            "kind": "segmentation",
            "title": name,
            "segmentation": {"type": "semantic", "method": "model", "organelles": [{"organelle": name}]},
        }
        for name in names
    ]


def test_several_organelles_are_shown_together_each_in_its_colour(data_root: Path) -> None:
    folder = data_root / "cell.zarr"
    write_image(folder / "em", em_levels((20, 32, 32), 1))
    for name, at in (("mito", slice(0, 12)), ("er", slice(20, 32))):
        array = np.zeros((20, 32, 32), dtype="uint8")
        array[:, :, at] = 1
        write_image(folder / "labels" / name, [array])
    data = specification("data:cell.zarr", views=[])
    data["volumes"] = [data["volumes"][0], *organelles("mito", "er")]
    version = publish(specification=check_specification(data), base=Path(), by=None).version
    picture = pixels(version, "slice-xy-labels")
    width = picture.shape[1]
    for name, columns in (("mito", slice(0, width // 4)), ("er", slice(-width // 4, None))):
        colour = OrganelleClass.objects.get(short_name=name).colour
        wanted = np.array([int(colour[index : index + 2], 16) for index in (1, 3, 5)])
        tint = picture[:, columns].mean(axis=(0, 1)) - picture[:, width // 2].mean(axis=0)
        assert np.corrcoef(tint, wanted)[0, 1] > 0.9, name
    shown = slices_of(version, picture_names(version))
    assert shown.labels == "mitochondrion and endoplasmic reticulum"


def test_a_layer_is_pictured_where_its_labels_are(data_root: Path) -> None:
    folder = data_root / "cell.zarr"
    write_image(folder / "em", em_levels((40, 160, 160), 1), voxel_nm=(4, 4, 4))
    array = np.zeros((40, 160, 160), dtype="uint16")
    array[31:35, 10:20, 120:140] = 9
    write_image(folder / "labels" / "cells", [array], voxel_nm=(4, 4, 4))
    version = publish(
        specification=check_specification(specification("data:cell.zarr", views=[])), base=Path(), by=None
    ).version
    layer, middle = pixels(version, layer_picture("labels/cells")), pixels(version, "labels")
    coloured = np.ptp(layer, axis=2) > 20
    assert coloured[layer.shape[0] // 2, layer.shape[1] // 2], "the labels are in the middle of their picture"
    assert 0.1 < coloured.mean() < 0.9
    assert not (np.ptp(middle, axis=2) > 20).any(), "the middle slice has none of them"


def test_many_layers_read_the_image_under_them_once(data_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = data_root / "cell.zarr"
    write_image(folder / "em", em_levels((20, 32, 32), 1))
    array = np.ones((20, 32, 32), dtype="uint8")
    volumes = [{"path": "em", "kind": "em", "title": "EM"}]
    for index in range(12):
        write_image(folder / "labels" / f"l{index}", [array])
        volumes.append({**specification("")["volumes"][1], "path": f"labels/l{index}"})
    read: list[str] = []
    get = KeyStore._read

    def counting(store: KeyStore, key: str, byte_range: Any) -> bytes:
        read.append(key)
        return get(store, key, byte_range)

    monkeypatch.setattr(KeyStore, "_read", counting)
    version = publish(
        specification=check_specification(specification("data:cell.zarr", views=[], volumes=volumes)),
        base=Path(),
        by=None,
    ).version
    assert len(picture_names(version)) == 1 + 1 + 6 + 12
    em = Counter(place for place in read if "/em/0/c/" in place)
    assert em
    assert max(em.values()) <= 6, "for its contrast, the whole, three slices, and once for all layers"


def test_what_has_no_coarse_level_has_no_picture_and_the_others_have(
    data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planes, "MOST_CHUNKS", 20)
    folder = data_root / "cell.zarr"
    write_image(folder / "em", em_levels((8, 32, 32), 1))
    write_image(folder / "labels" / "cells", [np.ones((8, 128, 128), dtype="uint8")], voxel_nm=(10, 2.5, 2.5))
    version = publish(
        specification=check_specification(specification("data:cell.zarr", views=[])), base=Path(), by=None
    ).version
    assert picture_names(version) == {"em", "slice-xy", "slice-xz", "slice-yz", "slice-xz-labels", "slice-yz-labels"}


@pytest.mark.shared_data
def test_where_the_middle_is_empty_the_nearest_plane_with_something_in_it_is_shown(
    data_root: Path, shared_data: Path
) -> None:
    raw = np.load(shared_data / "em" / "fib25-training_sample2" / "raw.npz")["raw"][:24, :160]
    resin = np.random.default_rng(1).integers(149, 152, (40, 160, 250), dtype=np.uint8)
    padded = np.concatenate([raw[:12], resin, raw[12:], np.full((20, 160, 250), 255, np.uint8)])
    write_image(data_root / "cell.zarr" / "em", [padded[:: 2**k, :: 2**k, :: 2**k] for k in range(2)], chunk=64)
    write_image(data_root / "cell.zarr" / "labels" / "cells", [np.ones_like(padded)], chunk=64)
    data = specification("data:cell.zarr", views=[])
    data["volumes"][0]["contrast"] = [0, 2000]
    version = publish(specification=check_specification(data), base=Path(), by=None).version
    # The middle of 84 planes is the 42nd, in resin; the nearest that is not is the 52nd, the first of what follows.
    shown = pixels(version, "em")[:, :, 0]
    voxels = np.asarray(Image.fromarray(shown.astype(np.uint8)).resize((250, 156), Image.Resampling.BOX))
    alike = [np.corrcoef(voxels.ravel(), plane[2:158].ravel())[0, 1] for plane in raw]
    assert 12 <= int(np.argmax(alike)) <= 14
    assert max(alike) > 0.9
    assert shown.std() > 30, "in a window that is measured there"
    coloured = pixels(version, "labels")
    assert np.corrcoef(coloured.mean(axis=2).ravel(), shown.ravel())[0, 1] > 0.9, "the labels lie over the same plane"


def test_what_cannot_be_rendered_is_shown_by_the_picture_that_its_data_carry(
    data_root: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planes, "MOST_CHUNKS", 0)
    em = write_image(data_root / "cell.zarr" / "em", em_levels((8, 32, 32), 1))
    Image.new("RGB", (320, 320), (200, 40, 40)).save(em / "small.png")
    (em / "broken.jpeg").write_bytes(b"no picture")
    Image.new("RGB", (900, 900)).save(data_root / "cell.zarr" / "outside.png")
    document = json.loads((em / "zarr.json").read_text())
    document["attributes"]["thumbnails"] = [
        {"path": "small.png", "media_type": "image/png", "width": 320, "height": 320},
        {"path": "broken.jpeg", "media_type": "image/jpeg", "width": 640, "height": 640},
        {"path": "../outside.png", "media_type": "image/png", "width": 900, "height": 900},
        {"path": "absent.png", "media_type": "image/png", "width": 800, "height": 800},
        {"url": "https://images.example.org/a.png", "media_type": "image/png", "width": 999, "height": 999},
        "nonsense",
    ]
    (em / "zarr.json").write_text(json.dumps(document))
    data = specification("data:cell.zarr", views=[])
    data["volumes"] = data["volumes"][:1]
    version = publish(specification=check_specification(data), base=Path(), by=None).version
    assert picture_names(version) == {"carried"}
    picture = pixels(version, "carried")
    assert picture.shape == (200, 320, 3)
    assert np.abs(picture - (200, 40, 40)).max() < 8
    assert client.get("/datasets/small-cell/thumbnail.webp").content == read_picture(version, "carried")
    for path in ("/datasets/", "/search/?q=cell"):
        assert "/datasets/small-cell@1/pictures/carried.webp" in client.get(path).content.decode()
