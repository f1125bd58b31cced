"""What zarr-python and tensorstore wrote is what inspection gives back, and what the catalogue computes from it.

Expected sizes and edges are worked out here, voxel by voxel, from the numbers that were written.
"""

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import tensorstore
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

from datasets.catalogue.models import Volume
from datasets.catalogue.models.volume import extent_nm
from datasets.publishing.inspection import Inspection, inspect
from datasets.storage.arrays import open_array
from datasets.storage.keys import join_key
from datasets.storage.roots import Root, all_roots, configure_roots
from datasets.volumes.problems import errors_of

NM = {"nanometer": 1.0, "micrometer": 1000.0, "angstrom": 0.1}
TYPES = {"t": "time", "c": "channel"}

V2_COMPRESSORS = {
    "none": None,
    "blosc": numcodecs.Blosc(cname="lz4", clevel=3),
    "zstd": numcodecs.Zstd(level=1),
    "gzip": numcodecs.GZip(level=1),
    "zlib": numcodecs.Zlib(level=1),
    "lz4": numcodecs.LZ4(),
    "bz2": numcodecs.BZ2(level=1),
    "lzma": numcodecs.LZMA(preset=0),
}
V3_COMPRESSORS = {
    "blosc": BloscCodec(cname="zstd", clevel=1),
    "zstd": ZstdCodec(level=1),
    "gzip": GzipCodec(level=1),
    "crc32c": Crc32cCodec(),
}
DTYPES = ["u1", "<u2", ">u2", "<u4", ">i4", "<u8", "<f4", ">f4", "<f8", "<i8"]


@pytest.fixture(scope="module")
def written() -> Iterator[Path]:
    before = all_roots()
    with tempfile.TemporaryDirectory() as folder:
        configure_roots([Root(name="data", url=Path(folder).as_uri())])
        yield Path(folder)
        configure_roots(before)


@st.composite
def images(draw: st.DrawFn) -> dict[str, Any]:
    """Axes in any order of space, with or without time and channels; sizes, units, chunks and shifts of all sorts."""
    axes = draw(st.sampled_from([[], ["t"], ["c"], ["t", "c"]]))
    axes = axes + draw(st.permutations("zyx"))[: draw(st.integers(2, 3))]
    spatial = [axis for axis in axes if axis in "zyx"]
    size = st.floats(0.01, 1e4, allow_nan=False).map(lambda value: float(f"{value:.5g}"))
    return {
        "axes": axes,
        "shape": [draw(st.integers(1, 9)) for _ in axes],
        "chunks": [draw(st.integers(1, 5)) for _ in axes],
        "units": {axis: draw(st.sampled_from(sorted(NM))) for axis in spatial},
        "scale": [draw(size) for _ in axes],
        "translation": [draw(st.just(0.0) | size | size.map(lambda value: -value)) for _ in axes],
        "common": draw(st.none() | st.lists(size, min_size=len(axes), max_size=len(axes))),
        "levels": draw(st.integers(1, 3)),
        "version": draw(st.sampled_from(["0.4", "0.5"])),
        "dtype": draw(st.sampled_from(DTYPES)),
        "separator": draw(st.sampled_from([".", "/"])),
        "order": draw(st.sampled_from("CF")),
        "codec": draw(st.sampled_from([*V2_COMPRESSORS])),
        "codec3": draw(st.sampled_from([*V3_COMPRESSORS])),
        "is_transposed": draw(st.booleans()),
        "shards": draw(st.none() | st.integers(1, 3)),
    }


def _levels(image: dict[str, Any]) -> Iterator[tuple[list[int], list[float], list[float]]]:
    """Shape, scale and translation of each level: half the size along each space axis, rounded up, edges in place."""
    for index in range(image["levels"]):
        factor = [2**index if axis in "zyx" else 1 for axis in image["axes"]]
        shape = [-(-size // f) for size, f in zip(image["shape"], factor, strict=True)]
        scale = [s * f for s, f in zip(image["scale"], factor, strict=True)]
        shift = [t + (f - 1) * s / 2 for t, s, f in zip(image["translation"], image["scale"], factor, strict=True)]
        yield shape, scale, shift


def _write(folder: Path, image: dict[str, Any]) -> list[np.ndarray]:
    """Write the image with zarr-python; its arrays' values."""
    datasets, arrays = [], []
    for index, (shape, scale, shift) in enumerate(_levels(image)):
        values = np.random.default_rng(index).integers(0, 100, shape).astype(image["dtype"])
        datasets.append({
            "path": f"s{index}",
            "coordinateTransformations": [
                {"type": "scale", "scale": scale},
                {"type": "translation", "translation": shift},
            ],
        })  # fmt: skip
        options: dict[str, Any] = {}
        chunks = tuple(image["chunks"])
        if image["version"] == "0.4":
            compressor = V2_COMPRESSORS[image["codec"]]
            options = {
                "zarr_format": 2, "order": image["order"], "compressors": compressor,
                "chunk_key_encoding": {"name": "v2", "separator": image["separator"]},
            }  # fmt: skip
        else:
            options = {
                "zarr_format": 3, "dimension_names": image["axes"], "compressors": [V3_COMPRESSORS[image["codec3"]]],
                "serializer": BytesCodec(endian="big" if image["dtype"][0] == ">" else "little"),
                "filters": [TransposeCodec(order=tuple(reversed(range(len(shape)))))] if image["is_transposed"] else [],
                "shards": tuple(c * image["shards"] for c in chunks) if image["shards"] else None,
                "chunk_key_encoding": {"name": "default", "separator": image["separator"]},
            }  # fmt: skip
        stored = zarr.create_array(
            folder / f"s{index}", shape=shape, chunks=chunks, dtype=values.dtype, fill_value=0, **options
        )
        stored[...] = values
        arrays.append(values)
    multiscale: dict[str, Any] = {
        "name": "image", "type": "mean", "datasets": datasets,
        "axes": [
            {"name": axis, "type": TYPES.get(axis, "space")}
            | ({"unit": image["units"][axis]} if axis in image["units"] else {})
            for axis in image["axes"]
        ],
    }  # fmt: skip
    if image["common"]:
        multiscale["coordinateTransformations"] = [{"type": "scale", "scale": image["common"]}]
    attributes = (
        {"multiscales": [{**multiscale, "version": "0.4"}]}
        if image["version"] == "0.4"
        else {"ome": {"version": "0.5", "multiscales": [multiscale]}}
    )
    zarr.create_group(folder, zarr_format=2 if image["version"] == "0.4" else 3, attributes=attributes)
    return arrays


def _volume(found: Inspection) -> Volume:
    return Volume(
        axes=list(found.multiscale.axes.names) if found.multiscale else [],
        levels=[level.to_json() for level in found.levels],
    )


@given(images())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_what_was_written_is_found(written: Path, image: dict[str, Any]) -> None:
    folder = Path(tempfile.mkdtemp(dir=written))
    arrays = _write(folder, image)

    found = inspect(f"data:{folder.name}")
    data = found.to_json()

    assert found.conformant, data["problems"]
    assert (data["ngff_version"], data["axes"]) == (image["version"], image["axes"])
    assert data["axis_units"] == [image["units"].get(axis) for axis in image["axes"]]
    assert data["dtype"] == np.dtype(image["dtype"]).name
    assert found.downloadable
    volume = _volume(found)
    common = image["common"] or [1.0] * len(image["axes"])
    for level, values, (shape, scale, shift) in zip(volume.levels, arrays, _levels(image), strict=True):
        assert level["shape"] == shape
        assert level["chunk_shape"] == image["chunks"]
        is_sharded = image["version"] == "0.5" and image["shards"]
        assert level["shard_shape"] == ([c * image["shards"] for c in image["chunks"]] if is_sharded else None)
        assert level["scale"] == pytest.approx([s * c for s, c in zip(scale, common, strict=True)])
        assert level["translation"] == pytest.approx([t * c for t, c in zip(shift, common, strict=True)])
        array = open_array(found.root, join_key(found.key, level["path"]), zarr_format=found.zarr_format)  # type: ignore[arg-type]
        np.testing.assert_array_equal(array[...], values)

    # Edges of the finest level: the outermost of all its voxels' corners, each placed on its own.
    low, high = extent_nm(volume)
    for position, axis in enumerate(image["axes"]):
        if axis not in image["units"]:
            continue
        nm = NM[image["units"][axis]] * common[position]
        corners = [
            ((index + side) * image["scale"][position] + image["translation"][position]) * nm
            for index, side in itertools.product(range(image["shape"][position]), (-0.5, 0.5))
        ]
        tolerance = 1e-9 * max(map(abs, corners))
        assert low[axis] == pytest.approx(min(corners), abs=tolerance)
        assert high[axis] == pytest.approx(max(corners), abs=tolerance)
        # Every level begins at the same edge.
        for level in volume.levels:
            edge = level["translation_nm"][axis] - level["scale_nm"][axis] / 2
            assert edge == pytest.approx(min(corners), abs=1e-6 * max(map(abs, corners)))


@pytest.mark.parametrize(
    ("codec", "is_viewable"),
    [(codec, codec not in ("lz4", "bz2", "lzma")) for codec in V2_COMPRESSORS],
)
def test_codecs_of_v2_are_known_by_name(written: Path, codec: str, is_viewable: bool) -> None:
    folder = Path(tempfile.mkdtemp(dir=written))
    zarr.create_array(
        folder / "s0", data=np.ones((4, 4), "u2"), zarr_format=2, compressors=V2_COMPRESSORS[codec], chunks=(2, 2)
    )
    _write_group(folder, zarr_format=2)
    found = inspect(f"data:{folder.name}")
    assert found.levels[0].facts.codecs == (() if codec == "none" else (codec,))
    assert (found.downloadable, found.publishable) == (True, is_viewable)


def test_codecs_around_and_inside_a_shard_are_all_known(written: Path) -> None:
    folder = Path(tempfile.mkdtemp(dir=written))
    sharding = ShardingCodec(chunk_shape=(2, 2), codecs=[TransposeCodec(order=(1, 0)), BytesCodec(), ZstdCodec()])
    with pytest.warns(zarr.errors.ZarrUserWarning, match="partial reads"):
        zarr.create_array(
            folder / "s0",
            shape=(8, 8), dtype="u2", chunks=(4, 4), serializer=sharding, compressors=[GzipCodec()],
            dimension_names=["y", "x"],
        )  # fmt: skip
    _write_group(folder, zarr_format=3)
    found = inspect(f"data:{folder.name}")
    facts = found.levels[0].facts
    assert (facts.chunk_shape, facts.shard_shape) == ((2, 2), (4, 4))
    assert (facts.codecs, facts.shard_codecs) == (("transpose", "bytes", "zstd"), ("gzip",))
    assert [problem.id for problem in errors_of(found.problems)] == ["codec-not-viewable"]


def test_a_codec_nobody_here_can_decode_is_named(written: Path) -> None:
    folder = Path(tempfile.mkdtemp(dir=written))
    zarr.create_array(folder / "s0", data=np.ones((4, 4), "u2"), zarr_format=2, compressors=None, chunks=(2, 2))
    document = folder / "s0" / ".zarray"
    document.write_text(document.read_text().replace('"compressor": null', '"compressor": {"id": "secret"}'))
    _write_group(folder, zarr_format=2)
    (problem,) = errors_of(inspect(f"data:{folder.name}").problems)
    assert problem.id == "codec-unknown"
    assert "secret" in problem.message


@pytest.mark.parametrize("driver", ["zarr", "zarr3"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "uint64"])
def test_what_tensorstore_wrote_is_found(written: Path, driver: str, dtype: str) -> None:
    folder = Path(tempfile.mkdtemp(dir=written))
    values = np.arange(35).reshape(5, 7).astype(dtype)
    metadata: dict[str, Any] = (
        {"chunks": [2, 3], "compressor": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1}}
        if driver == "zarr"
        else {
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 6]}},
            "dimension_names": ["y", "x"],
            "codecs": [{
                "name": "sharding_indexed",
                "configuration": {"chunk_shape": [2, 3], "codecs": [
                    {"name": "bytes", "configuration": {"endian": "big"}}, {"name": "gzip"},
                ]},
            }],
        }
    )  # fmt: skip
    store = tensorstore.open(
        {"driver": driver, "kvstore": (folder / "s0").as_uri() + "/", "metadata": metadata},
        create=True, dtype=dtype, shape=values.shape,
    ).result()  # fmt: skip
    store.write(values).result()
    _write_group(folder, zarr_format=2 if driver == "zarr" else 3)

    found = inspect(f"data:{folder.name}")

    assert found.publishable, found.problems
    (level,) = found.levels
    assert (level.facts.shape, level.facts.dtype, level.facts.chunk_shape) == ((5, 7), dtype, (2, 3))
    assert level.facts.shard_shape == (None if driver == "zarr" else (4, 6))
    array = open_array(found.root, f"{found.key}/s0", zarr_format=found.zarr_format)  # type: ignore[arg-type]
    np.testing.assert_array_equal(array[...], values)


def _write_group(folder: Path, *, zarr_format: int) -> None:
    axes = [{"name": axis, "type": "space", "unit": "nanometer"} for axis in "yx"]
    datasets = [{"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": [4, 4]}]}]
    multiscale = {"name": "image", "axes": axes, "datasets": datasets}
    attributes = (
        {"multiscales": [{**multiscale, "version": "0.4"}]}
        if zarr_format == 2
        else {"ome": {"version": "0.5", "multiscales": [multiscale]}}
    )
    zarr.create_group(folder, zarr_format=zarr_format, attributes=attributes)  # type: ignore[arg-type]
