"""Slices as pictures."""

import numpy as np
import pytest

from datasets.volumes.pictures import apply_window, colour_labels, overlay, segment_colours, tint

# What Neuroglancer 2.41.2 itself answers (SegmentColorHash with seed 0), each channel rounded to 8 bits.
NEUROGLANCER = {
    1: (94, 128, 255),
    2: (255, 53, 120),
    3: (155, 255, 12),
    254: (67, 255, 222),
    2150: (83, 168, 255),
    2**32 - 1: (255, 181, 51),
    2**32: (111, 240, 255),
    2**32 + 5: (236, 74, 255),
    2**53 + 1: (255, 48, 228),
    2**64 - 1: (211, 255, 3),
}


def test_segments_have_the_colours_the_viewer_gives_them() -> None:
    found = segment_colours(np.array(list(NEUROGLANCER), dtype=np.uint64))
    assert np.abs(found.astype(int) - np.array(list(NEUROGLANCER.values()))).max() <= 1


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint64"])
def test_a_label_has_one_colour_whatever_its_type(dtype: str) -> None:
    np.testing.assert_array_equal(
        segment_colours(np.array([1, 2, 3], dtype=dtype)), segment_colours(np.array([1, 2, 3], dtype=np.uint16))
    )


def test_labels_take_the_colours_they_are_given() -> None:
    labels = np.array([[0, 1], [2, 2]], dtype=np.uint16)
    np.testing.assert_array_equal(
        colour_labels(labels, "#0102ff"), [[[0, 0, 0], [1, 2, 255]], [[1, 2, 255], [1, 2, 255]]]
    )
    some = colour_labels(labels, {2: "#0102ff"})
    assert some[1, 0].tolist() == [1, 2, 255]
    np.testing.assert_array_equal(some[0, 1], segment_colours(np.array([1], dtype=np.uint16))[0])


def test_colour_lies_on_labels_only_and_stronger_on_their_borders() -> None:
    labels = np.array([[0, 0, 0, 7, 7]], dtype=np.uint8)
    background = np.full((1, 5, 3), 100, dtype=np.uint8)
    drawn = overlay(background, labels, colour_labels(labels, "#ffffff"), 0.4)[0, :, 0]
    assert drawn.tolist() == [100, 100, 100, 224, 162]


def test_windows_clip_and_nothing_becomes_black() -> None:
    values = np.array([[-10.0, 0.0, 50.0, 100.0, 1000.0, np.nan]])
    assert apply_window(values, (0, 100)).tolist() == [[0, 0, 128, 255, 255, 0]]


def test_a_tint_is_the_colour_of_white() -> None:
    grey = np.array([[0, 128, 255]], dtype=np.uint8)
    assert tint(grey, "#ff8000").tolist() == [[[0, 0, 0], [128, 64, 0], [255, 128, 0]]]
    assert tint(grey, "").tolist() == [[[0, 0, 0], [128, 128, 128], [255, 255, 255]]]
