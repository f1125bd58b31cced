"""Angles and quaternions, beside SciPy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from datasets.volumes.turns import angles_of, quaternion_of, turned_axes

ANGLE = st.floats(-180, 180) | st.sampled_from([-180.0, -90.0, 0.0, 45.0, 90.0, 180.0])


@given(st.tuples(ANGLE, ANGLE, ANGLE))
def test_three_angles_are_a_turn_about_fixed_axes(angles: tuple[float, float, float]) -> None:
    theirs = Rotation.from_euler("xyz", angles, degrees=True)
    assert abs(np.dot(quaternion_of(angles), theirs.as_quat())) == pytest.approx(1)
    assert np.array(turned_axes(angles)) == pytest.approx(theirs.as_matrix().T, abs=1e-9)


@given(st.tuples(ANGLE, ANGLE, ANGLE), st.floats(0.01, 100))
def test_the_angles_of_a_quaternion_turn_as_it_does(angles: tuple[float, float, float], length: float) -> None:
    quaternion = length * np.array(quaternion_of(angles))
    found = angles_of(list(quaternion))
    assert all(-180 <= angle <= 180 for angle in found)
    assert abs(found[1]) <= 90
    # A float's sine near 90 degrees tells angles apart to about 1e-6 of a degree.
    assert np.array(turned_axes(found)) == pytest.approx(np.array(turned_axes(angles)), abs=1e-4)
