"""Axes by name, in whatever order an array is stored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.volumes.axes import Axes, Axis, AxisUnknown
from datasets.volumes.lengths import LengthUnitUnknown

CZYX = Axes((Axis("c", "channel"), *(Axis(name, "space", "micrometer") for name in "zyx")))


def test_axes_are_found_by_name():
    assert CZYX.names == ("c", "z", "y", "x")
    assert CZYX.index("y") == 2
    assert CZYX.spatial.names == ("z", "y", "x")
    assert [axis.name for axis in CZYX] == list("czyx")
    assert CZYX[0].type == "channel"


@given(st.permutations("tczyx"), st.permutations("tczyx"))
def test_transposing_by_the_permutation_brings_the_axes_into_the_order_asked_for(stored, wanted):
    sizes = dict(zip("tczyx", (2, 3, 4, 5, 6), strict=True))
    array = np.empty([sizes[name] for name in stored])
    axes = Axes(tuple(Axis(name) for name in stored))
    assert np.transpose(array, axes.permutation(wanted)).shape == tuple(sizes[name] for name in wanted)


@pytest.mark.parametrize("names", ["zyx", "czyz", "czyxt", ""])
def test_a_permutation_names_every_axis_once(names):
    with pytest.raises(AxisUnknown) as caught:
        CZYX.permutation(names)
    assert "c, z, y, x" in caught.value.fix


def test_an_unknown_axis_is_named_with_those_there_are():
    with pytest.raises(AxisUnknown, match=r'no axis "t".*c, z, y, x'):
        CZYX.index("t")


def test_nanometres_per_unit():
    assert Axes((Axis("c"), Axis("y", "space", "micrometer"), Axis("x", "space", "angstrom"))).nm_per_unit == (
        1000,
        0.1,
    )
    for unit in ("micron", ""):
        with pytest.raises(LengthUnitUnknown, match="axis x"):
            _ = Axes((Axis("x", "space", unit),)).nm_per_unit
