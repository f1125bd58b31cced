"""Which voxels a box means: by their centres, half-open, exactly where an edge goes through one."""

from fractions import Fraction
from itertools import pairwise
from math import ceil

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from datasets.volumes.boxes import SAME_PLACE, Box, BoxInvalid, VoxelBox, VoxelGrid

decimals = st.decimals(-10_000, 10_000, places=3, allow_nan=False)
sizes = st.decimals("0.001", "500", places=3)


def grid(size: int, scale: float, translation: float) -> VoxelGrid:
    return VoxelGrid((size, 1, 1), (scale, 1, 1), (translation, 0, 0))


def along_x(box: VoxelBox) -> tuple[int, int]:
    return box.start[0], box.stop[0]


@given(st.integers(1, 10**6), sizes, decimals, decimals, decimals)
def test_centres_decide_and_an_edge_through_one_takes_it_below_and_leaves_it_above(
    size: int, scale: object, translation: object, one: object, other: object
) -> None:
    """Judged with fractions of the decimal numbers that people write."""
    step, first, low, high = (Fraction(str(number)) for number in (scale, translation, *sorted((one, other))))  # type: ignore[type-var]
    assume(low < high)
    exact = [(edge - first) / step for edge in (low, high)]
    # Nearer than that an edge counts as on the centre: with three decimals only the exact ones are.
    assume(all(at == round(at) or abs(at - round(at)) > 2 * SAME_PLACE for at in exact))
    box = grid(size, float(step), float(first)).voxels_in(Box((float(low), -1, -1), (float(high), 1, 1)))
    assert along_x(box) == tuple(min(max(ceil(at), 0), size) for at in exact)


@given(st.floats(0.01, 1000), st.floats(-1e6, 1e6), st.lists(st.floats(-1e7, 1e7), min_size=2, max_size=9, unique=True))
def test_adjoining_boxes_share_no_voxel_and_leave_none_out(
    scale: float, translation: float, edges: list[float]
) -> None:
    edges.sort()
    cells = grid(10**5, scale, translation)
    parts = [along_x(cells.voxels_in(Box((low, -1, -1), (high, 1, 1)))) for low, high in pairwise(edges)]
    for (_, stop), (start, _) in pairwise(parts):
        assert stop == start
    assert (parts[0][0], parts[-1][1]) == along_x(cells.voxels_in(Box((edges[0], -1, -1), (edges[-1], 1, 1))))


@given(st.floats(1e-3, 1e4), st.floats(-1e7, 1e7), st.integers(0, 10**5), st.integers(1, 10**5))
def test_the_space_that_voxels_cover_means_these_voxels(scale: float, shift: float, start: int, count: int) -> None:
    cells = grid(10**6, scale, shift)
    voxels = VoxelBox((start, 0, 0), (start + count, 1, 1))
    assert cells.voxels_in(cells.edges_nm(voxels)) == voxels
    assert cells.voxels_between(Box((start, 0, 0), (start + count, 1, 1))) == voxels


def test_an_axis_that_is_not_there_takes_every_box() -> None:
    flat = VoxelGrid((10, 10, 1), (1, 1, 1), (0, 0, 0), (True, True, False))
    assert flat.voxels_in(Box((2, 3, 500), (4, 5, 600))) == VoxelBox((2, 3, 0), (4, 5, 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not six numbers"),
        ("1,2,3,4,5", "not six numbers"),
        ("1,2,3,4,5,6,7", "not six numbers"),
        ("0,0,0,1,nan,1", "not six numbers"),
        ("0,0,0,1,inf,1", "not six numbers"),
        ("0,0,0,x,1,1", "not six numbers"),
        ("0,0,0,1,0,1", "no extent along y"),
        ("0,0,5,1,1,4", "no extent along z"),
    ],
)
def test_what_is_no_box_is_refused(text: str, said: str) -> None:
    with pytest.raises(BoxInvalid, match=said):
        Box.parse(text)
