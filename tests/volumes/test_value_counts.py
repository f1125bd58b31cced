"""Percentiles that blocks find together are those of the whole array."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from datasets.volumes.value_counts import Selection, count_values, nearest_rank, passes_of

TYPES = [
    "bool",
    "uint8",
    "int8",
    "uint16",
    "int16",
    ">u2",
    "uint32",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
]


def select(blocks: list[np.ndarray], percentiles: tuple[float, ...]) -> list[float]:
    selection = Selection(blocks[0].dtype)
    while not selection.is_done:
        counts = [count_values(block, selection.prefixes, selection.turn) for block in blocks]
        selection.take(sum(counts[1:], start=counts[0]), percentiles)
    return selection.values()


@given(
    st.sampled_from(TYPES).flatmap(lambda dtype: arrays.arrays(dtype, st.integers(1, 40))),
    st.lists(st.floats(0, 100), min_size=1, max_size=4),
    st.integers(1, 5),
)
def test_blocks_find_the_percentiles_of_the_whole(values, percentiles, parts):
    finite = np.sort(values[np.isfinite(values)]) if values.dtype.kind == "f" else np.sort(values)
    expected = [float(finite[nearest_rank(finite.size, each)]) for each in percentiles] if finite.size else []
    assert select(np.array_split(values, parts), tuple(percentiles)) == expected


def test_the_ranks_are_those_that_numpy_calls_nearest():
    values = np.random.default_rng(3).normal(size=10_001).astype(np.float32)
    found = select(np.array_split(values, 7), (0.5, 50, 99.5))
    assert found == [float(it) for it in np.percentile(values, (0.5, 50, 99.5), method="nearest")]


@pytest.mark.parametrize(("dtype", "passes"), [("bool", 1), ("uint8", 1), ("uint16", 1), ("float32", 2), ("int64", 4)])
def test_sixteen_bits_are_looked_at_in_a_pass(dtype, passes):
    assert passes_of(dtype) == passes


def test_what_has_no_order_is_refused():
    with pytest.raises(TypeError, match="complex64 has no order"):
        count_values(np.zeros(3, np.complex64))
