"""Finding an object in a label image, against a plain look at the whole array."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from datasets.volumes.grids import ChunkGrid
from datasets.volumes.labels import can_hold, find_label


@given(
    arrays.arrays(
        np.uint64,
        st.tuples(*[st.integers(1, 7)] * 3),
        elements=st.sampled_from([0, 1, 2**53, 2**53 + 1, 2**64 - 1]),
    ),
    st.tuples(*[st.integers(1, 5)] * 3),
    st.sampled_from([1, 2**53, 2**53 + 1, 2**64 - 1]),
)
def test_the_voxel_is_in_the_object_and_nearest_to_its_centroid(
    array: np.ndarray, chunks: tuple[int, int, int], label: int
) -> None:
    found = find_label(ChunkGrid(array.shape, chunks), array.__getitem__, label)
    voxels = np.argwhere(array == np.uint64(label))
    if not len(voxels):
        assert found is None
        return
    assert found is not None
    assert int(array[found]) == label
    distances = ((voxels - voxels.mean(axis=0)) ** 2).sum(axis=1)
    assert ((np.array(found) - voxels.mean(axis=0)) ** 2).sum() == pytest.approx(distances.min())


def test_one_chunk_is_read_at_a_time_and_few_are_read_again() -> None:
    array = np.zeros((40, 40, 40), np.uint8)
    array[2:38, 20, 20] = 9
    sizes: list[int] = []

    def read(box: tuple[slice, ...]) -> np.ndarray:
        sizes.append(array[box].size)
        return array[box]

    found = find_label(ChunkGrid(array.shape, (10, 10, 10)), read, 9)
    assert found in {(19, 20, 20), (20, 20, 20)}
    assert max(sizes) == 1000
    assert len(sizes) <= 64 + 2


@pytest.mark.parametrize(
    ("dtype", "label", "fits"),
    [
        ("uint8", 255, True),
        ("uint8", 256, False),
        ("int32", 2**31, False),
        ("uint64", 2**64 - 1, True),
        ("float32", 1, False),
    ],
)
def test_a_label_beyond_the_type_is_nowhere(dtype: str, label: int, fits: bool) -> None:
    assert can_hold(dtype, label) is fits
