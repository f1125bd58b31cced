"""Planes and sampling, against arithmetic done another way."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.volumes.planes import Plane, sample_linear, sample_nearest, turn

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
