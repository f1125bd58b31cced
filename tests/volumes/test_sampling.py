"""Sampling, against scipy's map_coordinates on the same voxels, however these are cut into chunks."""

import itertools
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from datasets.volumes import sampling
from datasets.volumes.grids import ChunkGrid
from datasets.volumes.planes import PixelGrid
from datasets.volumes.sampling import (
    DecodedChunks,
    as_sampled,
    meeting_chunks,
    sample_linear,
    sample_nearest,
)

TOLERANCE = 1e-4
"""Of the largest voxel. Weights and sums are float32, scipy's are float64."""

STEP = st.floats(-1.5, 1.5)
VECTOR = st.tuples(STEP, STEP, STEP)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[np.ndarray, ChunkGrid, PixelGrid]:
    """Voxels, a chunk grid, and pixels that mostly lie in them and partly beside them."""
    shape = draw(st.tuples(*[st.integers(1, 12)] * 3))
    chunk = draw(st.tuples(*[st.integers(1, 13)] * 3))
    seed = draw(st.integers(0, 2**31))
    first = tuple(draw(st.floats(-3, size + 2)) for size in shape)
    pixels = PixelGrid(first, draw(VECTOR), draw(VECTOR), draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    voxels = np.random.default_rng(seed).integers(0, 256, size=shape, dtype=np.uint8)
    voxels[voxels < 60] = 0
    return voxels, ChunkGrid(shape, chunk), pixels


def coordinates(pixels: PixelGrid) -> np.ndarray:
    """(3, height, width), as scipy takes them, computed as the loops do: a pixel on an edge is on the same side."""
    rows, columns = np.indices((pixels.height, pixels.width))
    return np.array(
        [a + rows * d + columns * c for a, c, d in zip(pixels.first, pixels.across, pixels.down, strict=True)]
    )


def inside(at: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.all([(a >= -0.5) & (a < size - 0.5) for a, size in zip(at, shape, strict=True)], axis=0)


def decoded(array: np.ndarray) -> DecodedChunks:
    """A whole array as one chunk."""
    voxels = as_sampled(array)
    return DecodedChunks(ChunkGrid(voxels.shape, voxels.shape), voxels.dtype, {(0, 0, 0): voxels})


def chunks_of(voxels: np.ndarray, grid: ChunkGrid, pixels: PixelGrid, *, linear: bool) -> DecodedChunks:
    """Those chunks that are said to be needed, and no others."""
    parts = {}
    for index in meeting_chunks(grid, pixels, linear=linear):
        part = voxels[grid.slices(index)]
        parts[index] = as_sampled(part) if part.any() else None
    return DecodedChunks(grid, as_sampled(voxels[:1, :1, :1]).dtype, parts)


@given(scenes())
@settings(max_examples=300)
def test_linear_is_scipys_map_coordinates(scene: tuple[np.ndarray, ChunkGrid, PixelGrid]) -> None:
    voxels, grid, pixels = scene
    at = coordinates(pixels)
    expected = map_coordinates(voxels.astype(np.float64), at, order=1, mode="nearest")
    expected[~inside(at, voxels.shape)] = 0
    values = sample_linear(chunks_of(voxels, grid, pixels, linear=True), pixels)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, expected, atol=TOLERANCE * 255)


@given(scenes())
@settings(max_examples=300)
def test_nearest_is_the_voxel_a_pixel_lies_in(scene: tuple[np.ndarray, ChunkGrid, PixelGrid]) -> None:
    voxels, grid, pixels = scene
    at = coordinates(pixels)
    index = np.floor(at + 0.5).astype(int)
    is_inside = inside(at, voxels.shape)
    held = tuple(np.clip(i, 0, size - 1) for i, size in zip(index, voxels.shape, strict=True))
    expected = np.where(is_inside, voxels[held], 0)
    np.testing.assert_array_equal(sample_nearest(chunks_of(voxels, grid, pixels, linear=False), pixels), expected)


@given(scenes(), st.booleans())
def test_no_chunk_is_asked_for_that_does_not_matter(
    scene: tuple[np.ndarray, ChunkGrid, PixelGrid], linear: bool
) -> None:
    voxels, grid, pixels = scene
    at = coordinates(pixels)[:, inside(coordinates(pixels), voxels.shape)]
    reach = 1 if linear else 0.5
    needed = set()
    for point in at.T:
        # Beyond the outermost centres it is as at these: the voxel beside them is read there, with no weight.
        point = np.clip(point, 0, np.array(voxels.shape) - 1)
        voxel_ranges = [
            range(max(int(np.ceil(a - reach - 1e-9)), 0), min(int(np.floor(a + reach + 1e-9)), size - 1) + 1)
            for a, size in zip(point, voxels.shape, strict=True)
        ]
        needed |= {grid.containing(voxel) for voxel in itertools.product(*voxel_ranges)}
    assert set(meeting_chunks(grid, pixels, linear=linear)) <= needed


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_planes_along_the_axes_are_the_voxels_themselves(axis: int) -> None:
    voxels = np.random.default_rng(1).integers(0, 2**8, size=(9, 10, 11), dtype=np.uint8)
    down, across = (np.eye(3)[other] for other in range(3) if other != axis)
    first = 4.0 * np.eye(3)[axis]
    height, width = (size for other, size in enumerate(voxels.shape) if other != axis)
    pixels = PixelGrid(tuple(first), tuple(across), tuple(down), width, height)
    plane = np.take(voxels, 4, axis=axis)
    assert pixels.on_voxels == pixels
    np.testing.assert_array_equal(sample_linear(decoded(voxels), pixels), plane)
    np.testing.assert_array_equal(sample_nearest(decoded(voxels), pixels), plane)


def test_pixels_that_lie_beside_the_centres_are_not_on_voxels() -> None:
    pixels = PixelGrid((4, 0, 0), (0, 0, 1), (0, 1, 0), 100, 100)
    assert replace(pixels, first=(4 + 1e-9, 0, -1e-9)).on_voxels == pixels
    assert replace(pixels, first=(4.5, 0, 0)).on_voxels is None
    assert replace(pixels, across=(0, 0, 1 + 1e-6)).on_voxels is None, "it adds up over a hundred pixels"


def test_labels_beyond_the_reach_of_floats_are_exact() -> None:
    labels = (np.arange(27, dtype=np.uint64) + np.uint64(2**64 - 30)).reshape(3, 3, 3)
    pixels = PixelGrid((1.2, 0.1, -0.1), (0, 0.1, 0.9), (0, 0.9, 0.1), 3, 3)
    values = sample_nearest(decoded(labels), pixels)
    assert values.dtype == np.uint64
    np.testing.assert_array_equal(values, labels[1])


@pytest.mark.parametrize("dtype", ["?", "i1", ">u2", "<f2", "f8"])
def test_other_types_are_sampled_as_they_are(dtype: str) -> None:
    voxels = np.array([0, 1, 1, 0, 1, 0, 1, 1]).reshape(2, 2, 2).astype(dtype)
    pixels = PixelGrid((0, 0, 0), (0, 0, 1), (0, 1, 0), 2, 2)
    np.testing.assert_array_equal(sample_nearest(decoded(voxels), pixels), voxels[0])


@pytest.mark.parametrize("first", [(1e30, 0.0, 0.0), (float("nan"), 0.0, 0.0), (1e16, -1e16, 1e16)])
def test_places_without_meaning_are_outside(first: tuple[float, float, float]) -> None:
    pixels = PixelGrid(first, (1e14, -1e14, 1e14), (-1e14, 1e14, 3e13), 64, 64)
    voxels = np.ones((4, 4, 4), np.uint8)
    assert sample_linear(decoded(voxels), pixels).shape == (64, 64)
    assert len(meeting_chunks(ChunkGrid((4, 4, 4), (1, 1, 1)), pixels, linear=True)) <= 64


def test_a_hair_below_the_upper_edge_is_the_last_voxel() -> None:
    edge = float(np.nextafter(0.5, 0))
    assert edge + 0.5 == 1, "so it is rounded onto the edge"
    memory = np.array([5, 99, 99, 99], np.uint8)  # behind the only voxel lies what is not the array's
    chunks = DecodedChunks(ChunkGrid((1, 1, 1), (4, 4, 4)), memory.dtype, {(0, 0, 0): memory[:1].reshape(1, 1, 1)})
    for axis in np.eye(3):
        pixels = PixelGrid(tuple(axis * edge), (0, 0, 0), (0, 0, 0), 1, 1)
        assert sample_nearest(chunks, pixels) == 5


def test_a_chunk_of_another_shape_is_not_read() -> None:
    chunks = DecodedChunks(ChunkGrid((4, 4, 4), (4, 4, 4)), np.dtype("u1"), {(0, 0, 0): np.ones((4, 4, 3), "u1")})
    with pytest.raises(ValueError, match="not uint8"):
        sample_nearest(chunks, PixelGrid((0, 0, 0), (0, 0, 1), (0, 1, 0), 4, 4))


def test_where_the_program_cannot_be_written_to_its_loops_are_kept_in_the_folder_named(tmp_path: Path) -> None:
    """As in a container whose program belongs to root: a copy that is read-only."""
    program = tmp_path / "program" / "datasets"
    source = Path(sampling.__file__).parent
    (program / "volumes").mkdir(parents=True)
    for path in [source.parent / "__init__.py", *source.glob("*.py")]:
        (program / path.relative_to(source.parent)).write_bytes(path.read_bytes())
    script = (
        "import os; real = os.access; os.access = lambda path, mode: mode != os.W_OK and real(path, mode)\n"
        "import pathlib, numpy as np\n"
        "from datasets.volumes import compiled, sampling\n"
        f"compiled.keep_kernels_in(pathlib.Path({str(tmp_path / 'kept')!r}))\n"
        "from datasets.volumes.grids import ChunkGrid\n"
        "from datasets.volumes.planes import PixelGrid\n"
        "pixels = PixelGrid((0, 0, 0), (0, 0, 1), (0, 1, 0), 2, 2)\n"
        "voxels = np.ones((2, 2, 2), 'u1')\n"
        "chunks = sampling.DecodedChunks(ChunkGrid((2, 2, 2), (2, 2, 2)), voxels.dtype, {(0, 0, 0): voxels})\n"
        "assert sampling.sample_nearest(chunks, pixels).all()\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=program.parent, check=True)
    assert list((tmp_path / "kept").rglob("*.nbc"))
    assert not list(program.rglob("*.nbc"))
