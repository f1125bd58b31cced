"""Planes, against arithmetic done another way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.volumes.planes import Plane, PlaneInvalid, facing, middle_slice, turn
from tests.positions import positions_nm


def test_pixels_lie_around_the_centre_at_their_distance() -> None:
    positions = positions_nm(Plane(centre_nm=(100, 200, 300), nm_per_pixel=4, width=3, height=2))
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
    positions = positions_nm(plane)
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


DIRECTION = st.tuples(*[st.floats(-1e3, 1e3)] * 3).filter(lambda it: np.linalg.norm(it) > 1e-3)
LOOK = {"centre_nm": (1.0, 2.0, 3.0), "nm_per_pixel": 2.0, "width": 4, "height": 3}


@pytest.mark.parametrize(
    ("normal", "right", "down"),
    [
        ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
        ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
        ((-1, 0, 0), (0, 0, 1), (0, 1, 0)),
        ((0, 0, -7), (-1, 0, 0), (0, 1, 0)),
    ],
)
def test_planes_across_the_axes_look_as_the_viewers_panels(
    normal: tuple[float, ...], right: tuple[float, ...], down: tuple[float, ...]
) -> None:
    plane = facing(normal, None, **LOOK)
    assert (plane.right, plane.down) == (right, down)


@given(DIRECTION, DIRECTION)
def test_a_plane_lies_across_its_normal_with_up_upwards(normal: tuple[float, ...], up: tuple[float, ...]) -> None:
    towards = np.array(normal) / np.linalg.norm(normal)
    upwards = np.array(up) / np.linalg.norm(up)
    if np.linalg.norm(np.cross(towards, upwards)) < 1e-4:
        return
    plane = facing(normal, up, **LOOK)
    right, down = np.array(plane.right), np.array(plane.down)
    np.testing.assert_allclose([right @ right, down @ down], 1, atol=1e-9)
    np.testing.assert_allclose([right @ down, right @ towards, down @ towards, right @ upwards], 0, atol=1e-9)
    assert down @ upwards < 0
    np.testing.assert_allclose(np.cross(right, down), towards, atol=1e-9)


@pytest.mark.parametrize(
    ("normal", "up"),
    [
        ((0, 0, 0), None),
        ((float("nan"), 0, 1), None),
        ((0, float("inf"), 0), None),
        ((0, 0, 1), (0, 0, 0)),
        ((0, 0, 1), (0, 0, -2)),
        ((1, 2, 3), (1e300, 2e300, 3e300)),
        ((0, 0, 1), (float("nan"), 0, 0)),
    ],
)
def test_what_is_no_plane_is_refused(normal: tuple[float, ...], up: tuple[float, ...] | None) -> None:
    with pytest.raises(PlaneInvalid):
        facing(normal, up, **LOOK)


@given(DIRECTION, st.integers(1, 9), st.integers(1, 9))
def test_pixels_in_voxels_are_the_positions_in_nm(normal: tuple[float, ...], width: int, height: int) -> None:
    plane = facing(normal, None, centre_nm=(50, -20, 7), nm_per_pixel=3, width=width, height=height)
    scale, shift = {"x": 4.0, "y": 5.0, "z": 8.0}, {"x": 1.0, "y": -3.0, "z": 0.5}
    grid = plane.pixels(scale, shift)
    rows, columns = np.indices((height, width))
    for number, axis in enumerate("zyx"):
        voxels = grid.first[number] + rows * grid.down[number] + columns * grid.across[number]
        nm = positions_nm(plane)[..., "xyz".index(axis)]
        np.testing.assert_allclose(voxels * scale[axis] + shift[axis], nm, atol=1e-6)
