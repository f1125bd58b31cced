"""Where clicks and steps lead on the page of slices, beside where the planes' pixels lie."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.catalogue.pages.slice_views import (
    INNER_PART,
    SIDE_PIXELS,
    TILTED,
    Frame,
    SliceView,
    clicked,
    moved_to,
    planes_of,
    stepped,
    zoomed_by,
    zoomed_to,
)
from tests.positions import positions_nm


@st.composite
def frames(draw: st.DrawFn, axes: str = "xyz") -> Frame:
    low, high, voxel, counts = {}, {}, {}, {}
    for axis in axes:
        voxel[axis] = draw(st.sampled_from([1.0, 4.0, 5.24, 8.0, 33.3, 1000.0]))
        counts[axis] = draw(st.integers(1, 3000))
        low[axis] = draw(st.sampled_from([-2.0, 0.0, -0.5, 1e6]))
        high[axis] = low[axis] + voxel[axis] * counts[axis]
    return Frame(low, high, voxel, counts)


@st.composite
def scenes(draw: st.DrawFn, axes: str = "xyz") -> tuple[Frame, SliceView]:
    frame = draw(frames(axes))
    somewhere = [draw(st.floats(0, 1)) for _ in "xyz"]
    place = frame.nearest(
        [frame.low_nm.get(axis, 0) + part * (frame.high_nm.get(axis, 0) - frame.low_nm.get(axis, 0))
         for axis, part in zip("xyz", somewhere, strict=True)]
    )  # fmt: skip
    tilt = draw(st.tuples(*[st.integers(-180, 179)] * 3))
    view = SliceView(position_nm=place, around_nm=place, image="em", labels=(), tilt=tilt)
    return frame, zoomed_to(view, draw(st.sampled_from(frame.zooms)), frame)


PIXEL = st.integers(0, SIDE_PIXELS - 1)


@settings(max_examples=40)
@given(scenes(), st.sampled_from(["xy", "xz", "yz", TILTED]), PIXEL, PIXEL)
def test_a_click_leads_to_the_voxel_that_the_pixel_shows(
    scene: tuple[Frame, SliceView], name: str, column: int, row: int
) -> None:
    frame, view = scene
    shown_nm = positions_nm(planes_of(view, frame)[name])[row, column]
    after = clicked(view, frame, name, (column + 0.5) / SIDE_PIXELS, (row + 0.5) / SIDE_PIXELS)
    for axis, at, place in zip("xyz", shown_nm, after.position_nm, strict=True):
        inside = min(max(at, frame.low_nm[axis]), frame.high_nm[axis])
        # Within the voxel, or at its very edge.
        assert abs(place - inside) <= frame.voxel_nm[axis] / 2 * (1 + 1e-6) + 1e-6


@given(scenes(), st.lists(st.tuples(st.sampled_from("xyz"), st.integers(-400, 400)), max_size=4))
def test_the_place_is_a_voxels_middle_and_the_pictures_keep_it_in_sight(
    scene: tuple[Frame, SliceView], steps: list[tuple[str, int]]
) -> None:
    frame, view = scene
    for axis, voxels in steps:
        view = stepped(view, axis, voxels, frame)
    assert frame.nearest(view.position_nm) == view.position_nm
    for name, plane in planes_of(view, frame).items():
        away = np.subtract(view.position_nm, plane.centre_nm) / plane.nm_per_pixel
        if name != TILTED:
            assert abs(np.dot(away, np.cross(plane.right, plane.down))) < 1e-3
        assert abs(np.dot(away, plane.right)) <= SIDE_PIXELS / 2
        assert abs(np.dot(away, plane.down)) <= SIDE_PIXELS / 2


@given(scenes())
def test_pictures_across_an_axis_stand_still_while_the_place_moves_within_them(
    scene: tuple[Frame, SliceView],
) -> None:
    frame, view = scene
    width_nm = frame.whole_nm / view.zoom
    before = planes_of(view, frame)["xy"]
    _, y, z = view.position_nm
    near = moved_to(view, (before.centre_nm[0] + width_nm * (INNER_PART / 2 - 0.01), y, z), frame)
    if abs(near.position_nm[0] - before.centre_nm[0]) < width_nm * INNER_PART / 2:
        assert planes_of(near, frame)["xy"] == before
    assert planes_of(stepped(view, "z", 1, frame), frame)["xy"].centre_nm[:2] == before.centre_nm[:2]


@given(scenes())
def test_zoom_goes_from_the_whole_to_a_few_voxels_and_stays_at_the_place(scene: tuple[Frame, SliceView]) -> None:
    frame, view = scene
    assert frame.zooms[0] == 1
    assert all(later / earlier < 1.51 for earlier, later in zip(frame.zooms, frame.zooms[1:], strict=False))
    assert zoomed_by(view, -1000, frame).zoom == 1
    nearest = zoomed_by(view, 1000, frame)
    assert nearest.zoom == frame.zooms[-1]
    assert nearest.position_nm == view.position_nm
    shown = frame.whole_nm / nearest.zoom / min(frame.voxel_nm.values())
    assert shown >= min(23.9, frame.whole_nm / min(frame.voxel_nm.values()) * 0.999)


def test_a_flat_image_has_one_plane() -> None:
    frame = Frame({"x": 0.0, "y": 0.0}, {"x": 1000.0, "y": 50.0}, {"x": 10.0, "y": 10.0}, {"x": 100, "y": 5})
    view = SliceView(position_nm=(505.0, 25.0, 0.0), around_nm=(505.0, 25.0, 0.0), image="em", labels=())
    assert list(planes_of(view, frame)) == ["xy"]
    assert stepped(view, "z", 5, frame) == view
    assert stepped(view, "y", 50, frame).position_nm == (505.0, 45.0, 0.0)
    assert clicked(view, frame, "yz", 0.1, 0.1) == view
