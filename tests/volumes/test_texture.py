"""Which plane of an image has something in it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from datasets.volumes.texture import EMPTY, RICH, plane_to_show, texture_of_planes


def test_what_is_constant_has_no_texture_whatever_its_value() -> None:
    block = np.zeros((4, 8, 8), np.float32)
    block[1] = 7
    block[2] = np.nan
    block[3, :, ::2] = 10
    assert texture_of_planes(block).tolist() == [0, 0, 0, 10]
    assert texture_of_planes(np.full((2, 1, 1), 3, np.uint8)).tolist() == [0, 0]


def test_an_edge_between_image_and_padding_is_no_texture() -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(100, 130, (64, 64))
    half = image.copy()
    half[32:] = 0
    whole, padded = texture_of_planes(np.stack([image, half]))
    assert padded < whole


@given(
    arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1e6)),
    st.integers(0, 39),
)
def test_it_is_never_empty_and_nearer_than_any_other_rich_one(textures: np.ndarray, middle: int) -> None:
    middle %= len(textures)
    chosen = plane_to_show(textures, middle)
    assert textures[chosen] >= textures.max() * EMPTY
    if chosen != middle:
        nearer = textures[max(0, middle - abs(chosen - middle) + 1) : middle + abs(chosen - middle)]
        assert (nearer < textures.max() * RICH).all()
