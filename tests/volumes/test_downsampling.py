"""Half the resolution, against a slow oracle that shares nothing with what it checks."""

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from datasets.volumes.downsampling import coarsen, mean_2x, mode_2x

INTEGERS = [f"{kind}int{bits}" for kind in ("", "u") for bits in (8, 16, 32, 64)]


def blocks(array, axes):
    """(place in the result, the real voxels of that block in C order), one by one."""
    steps = [2 if axis in axes else 1 for axis in range(array.ndim)]
    counts = [-(-size // step) for size, step in zip(array.shape, steps, strict=True)]
    for place in itertools.product(*map(range, counts)):
        inside = [
            range(at * step, min((at + 1) * step, size))
            for at, step, size in zip(place, steps, array.shape, strict=True)
        ]
        yield place, counts, [array[voxel].item() for voxel in itertools.product(*inside)]


def slow(array, axes, of_block):
    counts = next(blocks(array, axes))[1]
    result = np.empty(counts, array.dtype)
    for place, _, voxels in blocks(array, axes):
        result[place] = of_block(voxels)
    return result


def rounded_mean(voxels):
    return round(Fraction(sum(voxels), len(voxels)))  # exact, halves to even


def most_frequent(voxels):
    counts = Counter(voxels)
    return next(voxel for voxel in voxels if counts[voxel] == max(counts.values()))


@st.composite
def volumes(draw, dtypes, elements=None):
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    shape = draw(arrays.array_shapes(min_dims=1, max_dims=4, max_side=5))
    volume = draw(arrays.arrays(dtype, shape, elements=elements and elements(dtype)))
    axes = draw(st.sets(st.integers(0, len(shape) - 1)))
    return volume, sorted(axes)


@given(volumes(INTEGERS))
def test_mean_of_integers_equals_the_oracle(given_volume):
    volume, axes = given_volume
    result = mean_2x(volume, axes)
    assert result.dtype == volume.dtype
    np.testing.assert_array_equal(result, slow(volume, axes, rounded_mean))


@given(volumes(["float32", "float64"], lambda dtype: st.floats(-1e6, 1e6, width=dtype.itemsize * 8)))
def test_mean_of_floats_equals_the_oracle(given_volume):
    volume, axes = given_volume
    result = mean_2x(volume, axes)
    assert result.dtype == volume.dtype
    exact = slow(volume.astype("f8"), axes, lambda voxels: sum(map(Fraction, voxels)) / len(voxels))
    if volume.dtype == "float32":  # summed in float64, so nothing is lost before the one rounding
        np.testing.assert_array_equal(result, exact.astype("f4"))
    else:
        np.testing.assert_allclose(result, exact, rtol=1e-14, atol=1e-9)


# A few labels at the ends of the type: ties are frequent, and floats could not tell the large ones apart.
def labels(dtype):
    largest = int(np.iinfo(dtype).max)
    return st.sampled_from([0, 1, 2, largest - 1, largest])


@given(volumes(INTEGERS, labels))
def test_mode_equals_the_oracle(given_volume):
    volume, axes = given_volume
    result = mode_2x(volume, axes)
    assert result.dtype == volume.dtype
    np.testing.assert_array_equal(result, slow(volume, axes, most_frequent))


@given(volumes(["bool"]))
def test_mode_of_masks_equals_the_oracle(given_volume):
    volume, axes = given_volume
    np.testing.assert_array_equal(mode_2x(volume, axes), slow(volume, axes, most_frequent))


@given(st.tuples(*[st.integers(1, 7)] * 3), st.sampled_from(["uint8", "uint64", "float32"]))
def test_a_constant_volume_stays_constant_to_its_odd_edges(shape, dtype):
    """The fault seen elsewhere: edges padded with zeros, so that odd volumes drift to background level after level."""
    volume = np.full(shape, 200, dtype)
    for _ in range(4):
        volume = mean_2x(volume)
        assert (volume == 200).all()
    assert volume.shape == (1, 1, 1)


def test_an_object_at_an_odd_edge_survives_every_level():
    volume = np.zeros((5, 5, 5), np.uint64)
    volume[4, :, :] = 2**63 + 1
    for size in (3, 2, 1):
        volume = mode_2x(volume)
        assert volume.shape == (size,) * 3
        assert (volume[-1] == 2**63 + 1).all() or size == 1


def test_blocks_downsampled_apart_equal_the_whole():
    """Cut at even places, a volume may be worked on block by block."""
    volume = np.random.default_rng(7).integers(0, 4, (9, 10, 11), np.uint32)
    for downsample in (mean_2x, mode_2x):
        pieces = [[[downsample(volume[z, y, x]) for x in (np.s_[:6], np.s_[6:])] for y in (np.s_[:2], np.s_[2:])]
                  for z in (np.s_[:4], np.s_[4:])]  # fmt: skip
        np.testing.assert_array_equal(np.block(pieces), downsample(volume))


def test_halves_go_to_the_even_neighbour_so_brightness_does_not_drift():
    assert mean_2x(np.array([0, 1, 1, 2, 2, 3, 3, 4], np.uint8)).tolist() == [0, 2, 2, 4]
    assert mean_2x(np.array([-1, 0, -2, -1], np.int8)).tolist() == [0, -2]


def test_of_equally_frequent_labels_the_first_in_the_block_wins():
    assert mode_2x(np.array([[5, 0], [0, 5]], np.uint8)).tolist() == [[5]]
    assert mode_2x(np.array([[0, 5], [5, 0]], np.uint8)).tolist() == [[0]]
    assert mode_2x(np.array([[9, 3], [7, 3]], np.uint8)).tolist() == [[3]]


def test_axes_that_are_not_named_keep_their_size():
    czyx = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)
    assert mean_2x(czyx, (1, 2, 3)).shape == (2, 2, 2, 3)
    assert mode_2x(czyx, (-1,)).shape == (2, 3, 4, 3)


def test_the_input_is_not_changed():
    for volume in (np.arange(27, dtype=np.uint8).reshape(3, 3, 3), np.arange(8, dtype=np.uint8).reshape(2, 2, 2)):
        before = volume.copy()
        for axes in (None, ()):
            for downsample in (mean_2x, mode_2x):
                downsample(volume, axes)[...] = 99
        np.testing.assert_array_equal(volume, before)


def test_other_data_types_are_refused():
    with pytest.raises(TypeError, match="mode_2x"):
        mean_2x(np.zeros((2, 2), bool))
    with pytest.raises(TypeError, match="not labels"):
        mode_2x(np.zeros((2, 2), np.float32))


@given(data=st.data())
def test_compiled_loops_do_the_same_to_the_bit(data):
    dtype = np.dtype(data.draw(st.sampled_from(["u1", "i1", "u2", "i4", "u4", "u8", "f4", "f8", "f2", ">u2"])))
    shape = data.draw(arrays.array_shapes(min_dims=1, max_dims=5, max_side=5))
    axes = data.draw(st.lists(st.sampled_from(range(len(shape))), unique=True))
    is_labels = dtype.kind != "f" and data.draw(st.booleans())
    array = data.draw(arrays.arrays(dtype, shape, **({"elements": st.sampled_from([0, 1, 2])} if is_labels else {})))
    with np.errstate(all="ignore"):
        ours = coarsen(array, "mode" if is_labels else "mean", axes)
        reference = (mode_2x if is_labels else mean_2x)(array, axes)
    assert (ours.dtype, ours.shape) == (reference.dtype, reference.shape)
    np.testing.assert_array_equal(ours, reference)
