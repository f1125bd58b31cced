"""Written images, read by software that is not ours: zarr, tensorstore, ome-zarr-models."""

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from ome_zarr_models.v05.image import Image
from ome_zarr_models.v05.image_label import ImageLabel

from datasets.storage.pyramids import PyramidDiffers, PyramidExists, put_in_place, write_pyramid
from datasets.volumes.downsampling import mean_2x, mode_2x

ZYX: dict[str, Any] = {
    "axes": ("z", "y", "x"),
    "voxel_size_nm": {"x": 4.0, "y": 6.0, "z": 30.0},
    "translation_nm": {"x": 100.0, "y": -50.0, "z": 7.0},
    "chunk_shape": (16, 16, 16),
}


def random_array(shape: tuple[int, ...], dtype: str, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, size=shape).astype(dtype)


def read_with_tensorstore(path: Path) -> np.ndarray:
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/"}}
    return np.asarray(tensorstore.open(spec, read=True).result().read().result())


@pytest.mark.parametrize(
    ("kind", "dtype", "halve"), [("em", "uint8", mean_2x), ("labels", "uint16", mode_2x), ("labels", "uint64", mode_2x)]
)
def test_levels_hold_the_halved_arrays(tmp_path: Path, kind: Any, dtype: str, halve: Any) -> None:
    array = random_array((33, 70, 131), dtype)
    write_pyramid(tmp_path / "image", array, kind=kind, name="image", **ZYX)
    expected = array
    for level in ("0", "1", "2"):
        stored = zarr.open_array(tmp_path / "image" / level, mode="r", zarr_format=3)
        assert stored.dtype == array.dtype
        np.testing.assert_array_equal(stored[...], expected)
        np.testing.assert_array_equal(read_with_tensorstore(tmp_path / "image" / level), expected)
        expected = halve(expected)
    assert not (tmp_path / "image" / "3").exists(), "131 → 66 → 33 is below 64"


def test_metadata_is_valid_ngff_and_every_voxel_keeps_its_place(tmp_path: Path) -> None:
    write_pyramid(tmp_path / "em", random_array((9, 40, 150), "uint8"), kind="em", name="the EM", **ZYX)
    image = Image.from_zarr(zarr.open_group(tmp_path / "em", mode="r", zarr_format=3))
    (multiscale,) = image.attributes.ome.multiscales
    assert (multiscale.name, multiscale.type) == ("the EM", "mean")
    assert multiscale.metadata["method"] == "datasets.volumes.downsampling.mean_2x"
    assert [(axis.name, axis.type, axis.unit) for axis in multiscale.axes] == [
        (axis, "space", "nanometer") for axis in "zyx"
    ]
    fine_scale, fine_start = np.array([30.0, 6.0, 4.0]), np.array([7.0, -50.0, 100.0])
    for k, dataset in enumerate(multiscale.datasets):
        scale, translation = (np.array(list(dict(t).values())[1]) for t in dataset.coordinateTransformations)
        np.testing.assert_allclose(scale, fine_scale * 2**k)
        # The corner of the first voxel, not its centre, is the same at every level.
        np.testing.assert_allclose(translation - scale / 2, fine_start - fine_scale / 2)


def test_arrays_name_their_dimensions_are_zstd_and_zero_where_nothing_is_stored(tmp_path: Path) -> None:
    array = np.zeros((32, 32, 32), "uint32")
    array[20, 20, 20] = 7
    write_pyramid(tmp_path / "labels", array, kind="labels", name="labels", **ZYX)
    stored = zarr.open_array(tmp_path / "labels" / "0", mode="r", zarr_format=3)
    assert stored.metadata.dimension_names == ("z", "y", "x")
    assert stored.fill_value == 0
    assert [type(codec).__name__ for codec in stored.compressors] == ["ZstdCodec"]
    chunks = [path for path in (tmp_path / "labels" / "0" / "c").rglob("*") if path.is_file()]
    assert chunks == [tmp_path / "labels" / "0" / "c" / "1" / "1" / "1"]


def test_labels_name_their_image(tmp_path: Path) -> None:
    write_pyramid(
        tmp_path / "cells", random_array((8, 8, 8), "uint8"), kind="labels", name="c", source_image="../em", **ZYX
    )
    label = ImageLabel.from_zarr(zarr.open_group(tmp_path / "cells", mode="r", zarr_format=3))
    assert label.attributes.ome.image_label.source.image == "../em"
    assert label.attributes.ome.multiscales[0].type == "mode"


def test_channels_are_kept_apart_and_shards_have_their_index_first(tmp_path: Path) -> None:
    array = random_array((2, 20, 70, 70), "uint16")
    write_pyramid(
        tmp_path / "em",
        array,
        kind="em",
        name="em",
        **ZYX | {"axes": ("c", "z", "y", "x"), "chunk_shape": (1, 8, 8, 8)},
        shard_shape=(1, 32, 32, 32),
    )
    stored = zarr.open_array(tmp_path / "em" / "1", mode="r", zarr_format=3)
    np.testing.assert_array_equal(stored[...], mean_2x(array, axes=(1, 2, 3)))
    np.testing.assert_array_equal(read_with_tensorstore(tmp_path / "em" / "1"), stored[...])
    (codec,) = stored.metadata.to_dict()["codecs"]
    assert codec["name"] == "sharding_indexed"
    assert codec["configuration"]["index_location"] == "start"
    image = Image.from_zarr(zarr.open_group(tmp_path / "em", mode="r", zarr_format=3))
    assert image.attributes.ome.multiscales[0].axes[0].type == "channel"
    assert dict(image.attributes.ome.multiscales[0].datasets[1].coordinateTransformations[0])["scale"][0] == 1


@settings(max_examples=25)
@given(
    shape=st.tuples(*[st.integers(1, 20)] * 3),
    levels=st.integers(1, 4),
    dtype=st.sampled_from(["uint8", "int16", "float32"]),
    seed=st.integers(0, 2**16),
)
def test_any_image_comes_back(
    tmp_path_factory: pytest.TempPathFactory, shape: tuple[int, ...], levels: int, dtype: str, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("pyramids") / "image"
    array = (random_array(shape, dtype, seed) - np.array(100).astype(dtype)).astype(dtype)
    if dtype == "float32":
        array.flat[0] = -0.0
        array.flat[-1] = np.nan
    write_pyramid(folder, array, kind="em", name="image", levels=levels, **ZYX)
    assert sorted(path.name for path in folder.iterdir()) == [*map(str, range(levels)), "zarr.json"]
    assert zarr.open_array(folder / "0", mode="r", zarr_format=3)[...].tobytes() == array.tobytes()
    assert os.listdir(folder.parent) == ["image"], "no draft is left"  # noqa: PTH208


def test_nothing_is_written_over(tmp_path: Path) -> None:
    write_pyramid(tmp_path / "em", random_array((8, 8, 8), "uint8"), kind="em", name="first", **ZYX)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(PyramidExists, match="taken"):
        write_pyramid(tmp_path / "em", random_array((8, 8, 8), "uint8", 6), kind="em", name="second", **ZYX)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_of_two_writers_one_wins_and_nothing_half_written_is_seen(tmp_path: Path) -> None:
    outcomes: list[str] = []

    def write(seed: int) -> None:
        try:
            write_pyramid(tmp_path / "em", random_array((40, 40, 40), "uint8", seed), kind="em", name=str(seed), **ZYX)
            outcomes.append("written")
        except PyramidExists:
            outcomes.append("refused")

    threads = [threading.Thread(target=write, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if (tmp_path / "em").exists():
            Image.from_zarr(zarr.open_group(tmp_path / "em", mode="r", zarr_format=3))
    assert sorted(outcomes) == ["refused", "written"]
    group = zarr.open_group(tmp_path / "em", mode="r", zarr_format=3)
    winner = int(group.attrs["ome"]["multiscales"][0]["name"])  # type: ignore[index, call-overload, arg-type]
    np.testing.assert_array_equal(group["0"][...], random_array((40, 40, 40), "uint8", winner))  # type: ignore[index]
    assert [path.name for path in tmp_path.iterdir()] == ["em"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_pyramid(tmp_path / "labels", np.ones((100, 8, 8), "float32"), kind="labels", name="not labels", **ZYX)
    assert list(tmp_path.iterdir()) == []


def test_what_reads_back_differently_is_not_put_in_place(tmp_path: Path) -> None:
    array = random_array((128, 128, 128), "uint8")
    done = threading.Event()

    def change() -> None:  # a source that does not hold still, as a failing disk would not
        while not done.is_set():
            np.add(array, 1, out=array)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        with pytest.raises(PyramidDiffers, match="other values"):
            write_pyramid(tmp_path / "em", array, kind="em", name="em", levels=1, **ZYX)
    finally:
        done.set()
        thread.join()
    assert list(tmp_path.iterdir()) == []


def test_byte_order_does_not_matter(tmp_path: Path) -> None:
    array = random_array((8, 8, 8), ">u2")
    write_pyramid(tmp_path / "em", array, kind="em", name="em", **ZYX)
    np.testing.assert_array_equal(read_with_tensorstore(tmp_path / "em" / "0"), array)


def test_a_draft_is_kept_when_its_place_is_taken(tmp_path: Path) -> None:
    for name in ("draft", "place"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    with pytest.raises(PyramidExists):
        put_in_place(tmp_path / "draft", tmp_path / "place")
    assert (tmp_path / "draft" / "file").read_text() == "draft"
    assert (tmp_path / "place" / "file").read_text() == "place"
