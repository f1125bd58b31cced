"""Scale and translation: composed equals applied one after another, and back again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.volumes.transforms import ScaleTranslation

sizes = st.floats(0.01, 1e4)
offsets = st.floats(-1e6, 1e6)
voxels = st.integers(-1000, 100_000) | st.floats(-1000, 1e5)


@st.composite
def transforms(draw, axis_count=3):
    def several(numbers):
        return tuple(draw(st.lists(numbers, min_size=axis_count, max_size=axis_count)))

    return ScaleTranslation(several(sizes), several(offsets))


points = st.lists(st.tuples(voxels, voxels, voxels), min_size=1, max_size=5)


@given(transforms(), transforms(), points)
def test_composed_is_applied_one_after_another(first, second, voxels):
    np.testing.assert_allclose(
        first.then(second).apply(voxels), second.apply(first.apply(voxels)), rtol=1e-9, atol=1e-3
    )


@given(transforms(), points)
def test_inverting_leads_back(transform, voxels):
    # Positions up to 1e9 on voxels down to 0.01: the doubles themselves are that coarse.
    np.testing.assert_allclose(transform.invert(transform.apply(voxels)), voxels, rtol=1e-9, atol=1e-4)


@given(transforms())
def test_the_identity_changes_nothing(transform):
    identity = ScaleTranslation.identity(3)
    assert transform.then(identity) == transform == identity.then(transform)


@given(transforms(), st.permutations([0, 1, 2]), st.integers(1, 3))
def test_a_part_of_the_axes_is_mapped_as_in_the_whole(transform, order, count):
    positions = order[:count]
    voxel = np.array([1.0, 2.5, -3.0])
    np.testing.assert_array_equal(transform.on(positions).apply(voxel[positions]), transform.apply(voxel)[positions])


def test_voxel_zero_is_centred_at_the_translation():
    transform = ScaleTranslation((4.0, 30.0), (2.0, 15.0))
    assert transform.apply([0, 0]).tolist() == [2, 15]
    assert transform.apply([[-0.5, 0.5], [1, 1]]).tolist() == [[0, 30], [6, 45]]


def test_scale_and_translation_have_the_same_axes():
    with pytest.raises(ValueError, match="2 axes"):
        ScaleTranslation((1.0, 1.0), (0.0,))
