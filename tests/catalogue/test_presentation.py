"""Quantities in words."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.presentation import (
    describe_licence,
    format_bytes,
    format_count,
    format_date,
    format_extent,
    format_list,
    format_shape,
    format_voxel,
    scale_bar,
)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (412, "412 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_600, "1 MB"),
        (17_812_345, "17.8 MB"),
        (21_000_000, "21 MB"),
        (1_400_000_000_000, "1.4 TB"),
        (3 * 10**18, "3000 PB"),
    ],
)
def test_sizes(size: int, words: str) -> None:
    assert plain(format_bytes(size)) == words


@given(st.integers(min_value=0, max_value=10**17))
def test_a_size_keeps_three_digits_of_truth(size: int) -> None:
    digits, unit = plain(format_bytes(size)).split()
    assert float(digits) < 1000
    said = float(digits) * 1000 ** ("B", "kB", "MB", "GB", "TB", "PB").index(unit)
    assert said == pytest.approx(size, rel=0.0051)


@pytest.mark.parametrize(
    ("size_nm", "words"),
    [
        ({"z": 10, "y": 10, "x": 10}, "10 nm"),
        ({"z": 5.24, "y": 4, "x": 4}, "4 × 4 × 5.24 nm"),
        ({"y": 4, "x": 8}, "8 × 4 nm"),
        ({"z": 50_000, "y": 4600, "x": 4600}, "4.6 × 4.6 × 50 µm"),
        ({}, ""),
    ],
)
def test_voxels_are_said_in_the_order_x_y_z(size_nm: dict[str, float], words: str) -> None:
    assert plain(format_voxel(size_nm)) == words


@pytest.mark.parametrize(
    ("size_nm", "words"),
    [
        ({"z": 2500, "y": 2500, "x": 2500}, "2.5 × 2.5 × 2.5 µm"),
        ({"z": 40, "y": 48_000, "x": 51_234.5}, "51.23 × 48 × 0.04 µm"),
        ({"y": 300, "x": 400}, "400 × 300 nm"),
    ],
)
def test_extents_are_said_in_one_unit(size_nm: dict[str, float], words: str) -> None:
    assert plain(format_extent(size_nm)) == words


def test_counts_agree_with_their_noun() -> None:
    assert [plain(format_count(n, "layer")) for n in (0, 1, 3051)] == ["0 layers", "1 layer", "3,051 layers"]
    assert plain(format_count(2, "body", "bodies")) == "2 bodies"


@given(st.floats(min_value=1e-3, max_value=1e12))
def test_a_scale_bar_is_a_round_length_and_as_long_as_it_says(width_nm: float) -> None:
    bar = scale_bar(width_nm)
    assert bar is not None
    assert 9.9 < bar.width_percent <= 25.001
    digits, unit = plain(bar.label).split()
    assert re.fullmatch(r"[125]0*|0\.0*[125]|[125]e-\d+|[125]e\+\d+", digits), digits
    said_nm = float(digits) * {"nm": 1, "µm": 1e3, "mm": 1e6, "m": 1e9}[unit]
    assert said_nm == pytest.approx(width_nm * bar.width_percent / 100)


def test_nothing_has_no_scale_bar() -> None:
    assert scale_bar(0) is None
    assert scale_bar(float("nan")) is None


@pytest.mark.parametrize(
    ("spdx", "name", "url"),
    [
        ("CC-BY-4.0", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        ("CC-BY-NC-SA-3.0", "CC BY‑NC‑SA 3.0", "https://creativecommons.org/licenses/by-nc-sa/3.0/"),
        ("CC-BY-3.0-US", "CC BY 3.0 US", "https://creativecommons.org/licenses/by/3.0/us/"),
        ("CC0-1.0", "CC0 1.0 (public domain)", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("ODbL-1.0", "ODbL-1.0", "https://spdx.org/licenses/ODbL-1.0.html"),
        ("LicenseRef-Ask-us", "LicenseRef-Ask-us", ""),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0", ""),
    ],
)
def test_licences(spdx: str, name: str, url: str) -> None:
    licence = describe_licence(spdx)
    assert (plain(licence.name), licence.url) == (name, url)


def test_days_and_shapes() -> None:
    assert format_date(date(2026, 5, 3)) == "3 May 2026"
    assert plain(format_shape(["z", "y", "x"], [1250, 8, 12000])) == "12,000 × 8 × 1,250"
    assert plain(format_shape(["t", "c", "z", "y", "x"], [1, 3, 2, 4, 5])) == "5 × 4 × 2 · 3 channels · 1 time"
    assert plain(format_shape(["y", "x"], [4, 5])) == "5 × 4"


def test_words_are_listed_as_one_says_them() -> None:
    assert [format_list(list("abc"[:count])) for count in range(4)] == ["", "a", "a and b", "a, b and c"]
