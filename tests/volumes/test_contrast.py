"""A window of grey values that shows something, whatever the image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from datasets.volumes.contrast import contrast_window


def test_outliers_do_not_set_the_window():
    image = np.concatenate([np.linspace(1000, 2000, 10_000), [0, 65535]]).astype(np.uint16)
    low, high = contrast_window(image)
    assert low == pytest.approx(1005, abs=2)
    assert high == pytest.approx(1995, abs=2)
    assert contrast_window(image, low=0, high=100) == (0, 65535)


@given(
    st.sampled_from(["bool", "uint8", "uint16", "int16", "uint64", "float32", "float64"]).flatmap(
        lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_side=0, max_dims=3, max_side=4))
    )
)
def test_there_is_always_a_finite_window(image):
    low, high = contrast_window(image)
    assert low < high
    assert np.isfinite([low, high]).all()


@pytest.mark.parametrize(("value", "window"), [(0, (0, 1)), (128, (128, 129)), (255, (254, 255))])
def test_a_constant_image_has_a_window_within_its_type(value, window):
    assert contrast_window(np.full((4, 4), value, np.uint8)) == window


def test_an_almost_empty_image_shows_what_there_is():
    image = np.zeros((100, 100), np.uint8)
    image[0, 0] = 7
    assert contrast_window(image) == (0, 7)


def test_values_that_are_not_finite_are_left_out():
    assert contrast_window(np.array([np.nan, 1, 2, np.inf], np.float32), low=0, high=100) == (1, 2)
    assert contrast_window(np.array([np.nan, np.inf])) == (0, 1)
