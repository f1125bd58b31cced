"""Quantities as a person says them: 21 MB, 4 × 4 × 5.24 nm, 2.5 × 2.5 × 2.5 µm. Pure: numbers in, text out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from datasets.volumes.lengths import format_length

_NO_BREAK = "\u00a0"
_SPACE_AXES = ("x", "y", "z")


def format_bytes(size_bytes: int) -> str:
    """A size in decimal units, to three digits: ``17_800_000`` → "17.8 MB"."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB", "TB", "PB"):
        # Rounded first, compared afterwards: 999.9 kB is said as 1 MB.
        digits = f"{size:.3g}"
        if float(digits) < 1000 or unit == "PB":
            return f"{float(digits):g}{_NO_BREAK}{unit}"
        size /= 1000
    raise AssertionError("unreachable")


def format_list(words: Sequence[str]) -> str:
    """Words one after the other: "mitochondrion, vesicle and nucleus"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def format_date(day: date) -> str:
    """A day as a person writes it: "3 May 2026"."""
    return f"{day.day} {day:%b %Y}"


def format_shape(axes: Sequence[str], shape: Sequence[int]) -> str:
    """The size of an array in voxels: space axes first, in the order x, y, z, then channels and times."""
    sizes = dict(zip(axes, shape, strict=True))
    space = f"{_NO_BREAK}×{_NO_BREAK}".join(f"{sizes[axis]:,}" for axis in _SPACE_AXES if axis in sizes)
    nouns = {"c": "channel", "t": "time"}
    others = [
        format_count(size, nouns.get(axis, axis)) for axis, size in reversed(sizes.items()) if axis not in _SPACE_AXES
    ]
    return " · ".join(filter(None, [space, *others]))


def format_count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 layer", "3,051 objects"."""
    return f"{number:,}{_NO_BREAK}{one if number == 1 else many or one + 's'}"


def format_voxel(size_nm: Mapping[str, float]) -> str:
    """A voxel's size by axis: "10 nm" where all sides are equal, else "4 × 4 × 5.24 nm" in the order x, y, z."""
    sides = _in_space(size_nm)
    if len({f"{side:.4g}" for side in sides}) == 1:
        sides = sides[:1]
    return _product(sides)


def format_extent(size_nm: Mapping[str, float]) -> str:
    """A volume's size by axis, x, y, z, in the unit of its longest side: "2.5 × 2.5 × 2.5 µm"."""
    return _product(_in_space(size_nm))


def format_place(place_nm: Mapping[str, float]) -> str:
    """A place by axis: "x = 1,200 nm, y = 3,159.5 nm"."""
    return ", ".join(f"{axis} = {at:,.10g}{_NO_BREAK}nm" for axis, at in place_nm.items())


def _in_space(size_nm: Mapping[str, float]) -> list[float]:
    return [size_nm[axis] for axis in _SPACE_AXES if axis in size_nm]


def _product(sides_nm: Sequence[float]) -> str:
    if not sides_nm:
        return ""
    longest = max(sides_nm)
    unit = format_length(longest).split()[1]
    nm = {"nm": 1.0, "µm": 1e3, "mm": 1e6, "m": 1e9}[unit]
    return f"{_NO_BREAK}×{_NO_BREAK}".join(f"{float(f'{side / nm:.4g}'):g}" for side in sides_nm) + f"{_NO_BREAK}{unit}"


@dataclass(frozen=True)
class ScaleBar:
    """A bar to lay over a picture: its length in words, and in per cent of the picture's width."""

    label: str
    width_percent: float


def scale_bar(picture_width_nm: float) -> ScaleBar | None:
    """The longest bar of 1, 2 or 5 times a power of ten that takes at most a quarter of the picture's width."""
    if not picture_width_nm > 0:
        return None
    most_nm = picture_width_nm / 4
    power = float(f"1e{int(f'{most_nm:e}'.partition('e')[2])}")
    length_nm = max((step * power for step in (1, 2, 5) if step * power <= most_nm), default=power)
    return ScaleBar(
        label=format_length(length_nm).replace(" ", _NO_BREAK), width_percent=100 * length_nm / picture_width_nm
    )


_CREATIVE_COMMONS = re.compile(r"CC-(BY(?:-NC)?(?:-SA|-ND)?)-(\d\.\d)(?:-([A-Z]{2}))?")


@dataclass(frozen=True)
class Licence:
    """A licence as people call it, and where its text is (empty where that is not known)."""

    name: str
    url: str


def describe_licence(spdx: str) -> Licence:
    """A licence from its SPDX identifier or expression; an empty one says that none is stated."""
    if not spdx:
        return Licence("none is stated", "")
    if found := _CREATIVE_COMMONS.fullmatch(spdx):
        kind, number, country = found.groups(default="")
        url = f"https://creativecommons.org/licenses/{kind.lower()}/{number}/"
        name = _NO_BREAK.join(filter(None, ("CC", kind.replace("-", "\u2011"), number, country)))
        return Licence(name, f"{url}{country.lower()}/" if country else url)
    if spdx == "CC0-1.0":
        return Licence("CC0 1.0 (public domain)", "https://creativecommons.org/publicdomain/zero/1.0/")
    is_listed = re.fullmatch(r"[A-Za-z0-9.+-]+", spdx) and not spdx.startswith(("LicenseRef-", "DocumentRef-"))
    return Licence(spdx, f"https://spdx.org/licenses/{spdx}.html" if is_listed else "")


def format_duration(seconds: float) -> str:
    """``1 h 05 min``, ``3 min 20 s``"""
    whole = max(round(seconds), 0)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{whole} s"
