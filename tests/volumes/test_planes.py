"""Planes and sampling, against arithmetic done another way."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.volumes.planes import Plane, middle_slice, sample_linear, sample_nearest, turn

BLOCK = np.random.default_rng(3).integers(0, 255, size=(5, 6, 7), dtype=np.uint8)


def test_whole_coordinates_are_the_voxels_themselves() -> None:
    coordinates = np.stack(np.indices(BLOCK.shape), axis=-1).astype(float)
    np.testing.assert_array_equal(sample_nearest(BLOCK, coordinates), BLOCK)
    np.testing.assert_array_equal(sample_linear(BLOCK, coordinates), BLOCK)


@given(st.tuples(st.floats(-2, 7), st.floats(-2, 8), st.floats(-2, 9)))
def test_linear_is_the_weighted_mean_of_the_eight_neighbours(at: tuple[float, float, float]) -> None:
    value = sample_linear(BLOCK, np.array([at]))[0]
    if any(not -0.5 <= c < size - 0.5 for c, size in zip(at, BLOCK.shape, strict=True)):
        assert value == 0
        return
    held = [min(max(c, 0), size - 1) for c, size in zip(at, BLOCK.shape, strict=True)]
    expected = 0.0
    for corner in itertools.product(*((int(np.floor(c)), int(np.floor(c)) + 1) for c in held)):
        weight = np.prod([1 - abs(c - i) for c, i in zip(held, corner, strict=True)])
        if weight > 0:
            expected += weight * float(BLOCK[corner])
    assert value == pytest.approx(expected, abs=1e-3)


@given(st.tuples(st.floats(-2, 7), st.floats(-2, 8), st.floats(-2, 9)))
def test_nearest_is_the_voxel_the_point_lies_in(at: tuple[float, float, float]) -> None:
    index = tuple(int(np.floor(c + 0.5)) for c in at)
    inside = all(0 <= i < size for i, size in zip(index, BLOCK.shape, strict=True))
    assert sample_nearest(BLOCK, np.array([at]))[0] == (BLOCK[index] if inside else 0)


def test_pixels_lie_around_the_centre_at_their_distance() -> None:
    positions = Plane(centre_nm=(100, 200, 300), nm_per_pixel=4, width=3, height=2).positions_nm()
    assert positions.shape == (2, 3, 3)
    np.testing.assert_allclose(positions[0, 0], (96, 198, 300))
    np.testing.assert_allclose(positions[1, 2], (104, 202, 300))


def test_a_quarter_turn_about_z_brings_x_to_y() -> None:
    half = np.sqrt(0.5)
    assert turn((1, 0, 0), (0, 0, half, half)) == pytest.approx((0, 1, 0), abs=1e-12)
    assert turn((0, 1, 0), (0, 0, 3, 3)) == pytest.approx((-1, 0, 0), abs=1e-12)


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_turning_keeps_lengths_and_right_angles(quaternion: list[float]) -> None:
    right, down = turn((1, 0, 0), quaternion), turn((0, 1, 0), quaternion)
    assert np.linalg.norm(right) == pytest.approx(1)
    assert np.dot(right, down) == pytest.approx(0, abs=1e-9)


BOX_LOW = {"z": -2.62, "y": 100.0, "x": -2.0}
BOX_HIGH = {"z": 521.38, "y": 300.0, "x": 398.0}


@pytest.mark.parametrize(("name", "right", "down"), [("xy", "x", "y"), ("xz", "x", "z"), ("yz", "z", "y")])
def test_a_middle_slice_reaches_from_edge_to_edge(name: str, right: str, down: str) -> None:
    plane = middle_slice(name, BOX_LOW, BOX_HIGH, nm_per_pixel=0.5)
    assert plane is not None
    positions = plane.positions_nm()
    assert positions.shape == (plane.height, plane.width, 3)
    for axis, along in (("x", positions[..., 0]), ("y", positions[..., 1]), ("z", positions[..., 2])):
        low, high = BOX_LOW[axis], BOX_HIGH[axis]
        if axis in (right, down):
            assert along.min() == pytest.approx(low + 0.25, abs=0.26)
            assert along.max() == pytest.approx(high - 0.25, abs=0.26)
        else:
            assert np.ptp(along) == 0
            assert along.flat[0] == pytest.approx((low + high) / 2)
    assert np.ptp(positions[0, :, "xyz".index(right)]) > 0
    assert np.ptp(positions[:, 0, "xyz".index(down)]) > 0


def test_a_flat_box_has_one_slice() -> None:
    flat = {"y": 0.0, "x": 0.0}, {"y": 10.0, "x": 20.0}
    assert middle_slice("xz", *flat, nm_per_pixel=1) is None
    assert middle_slice("yz", *flat, nm_per_pixel=1) is None
    plane = middle_slice("xy", *flat, nm_per_pixel=1)
    assert plane is not None
    assert (plane.width, plane.height, plane.centre_nm) == (20, 10, (10, 5, 0))


def test_a_slice_of_a_sheet_is_one_pixel_high() -> None:
    plane = middle_slice("xz", {"x": 0.0, "z": 0.0}, {"x": 50_000.0, "z": 10.0}, nm_per_pixel=50)
    assert plane is not None
    assert (plane.width, plane.height) == (1000, 1)
