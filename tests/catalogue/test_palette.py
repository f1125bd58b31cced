"""The organelle palette: told apart by colour-blind eyes, visible on the viewer's black, parts tinted like the whole.

The colour arithmetic is written out here, because only this test needs it:
sRGB (IEC 61966-2-1) to CIELAB under D65; CIEDE2000 after Sharma, Wu and Dalal, Color Res. Appl. 30 (2005) 21-30;
dichromacy after Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009) 1291-1298, severity 1.0, on linear RGB;
hues in Oklab (B. Ottosson 2020), where a tint keeps its hue.
"""

import math
import re
from itertools import combinations

import numpy as np
import pytest

from datasets.catalogue.organelles import load_facts

COLOUR = {fact.short_name: fact.colour for fact in load_facts()}
PARENT = {fact.short_name: fact.parent for fact in load_facts()}
WHOLE = [name for name in COLOUR if not PARENT[name]]

# The ten groups that are shown together; endosomes and lysosomes are one group in two greens.
SHOWN_TOGETHER = ("mito", "er", "golgi", "nuc", "pm", "endo", "lyso", "mt", "ribo", "ld", "ves")

VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ_FROM_RGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
LMS_FROM_RGB = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OKLAB_FROM_LMS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)

type Vector = np.ndarray[tuple[int], np.dtype[np.float64]]


def linear_rgb(colour: str) -> Vector:
    """Linear red, green, blue in 0..1 of ``#rrggbb``."""
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: Vector) -> Vector:
    """CIELAB of linear RGB, white D65."""
    ratio = XYZ_FROM_RGB @ rgb / XYZ_FROM_RGB.sum(axis=1)
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def seen(colour: str, vision: str) -> Vector:
    """CIELAB of a colour as eyes of that kind see it."""
    return lab(np.clip(VISION[vision] @ linear_rgb(colour), 0, 1))


def ciede2000(one: Vector, other: Vector) -> float:
    """The difference of two CIELAB colours; about 1 is just noticeable side by side (Sharma 2005, eq. 2 to 22)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    c7 = ((math.hypot(a1, b1) + math.hypot(a2, b2)) / 2) ** 7
    stretch = 1 + 0.5 * (1 - math.sqrt(c7 / (c7 + 25**7)))
    c1, c2 = math.hypot(a1 * stretch, b1), math.hypot(a2 * stretch, b2)
    h1, h2 = (math.degrees(math.atan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))

    grey = c1 * c2 == 0
    turn = 0.0 if grey else (h2 - h1 + 180) % 360 - 180
    delta_l, delta_c = l2 - l1, c2 - c1
    delta_h = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))

    lightness, c = (l1 + l2) / 2, (c1 + c2) / 2
    h = h1 + h2 if grey else (h1 + turn / 2) % 360

    def cos(degrees: float) -> float:
        return math.cos(math.radians(degrees))

    t = 1 - 0.17 * cos(h - 30) + 0.24 * cos(2 * h) + 0.32 * cos(3 * h + 6) - 0.20 * cos(4 * h - 63)
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / math.sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c, 1 + 0.015 * c * t
    rotation = -2 * math.sqrt(c**7 / (c**7 + 25**7)) * math.sin(math.radians(60 * math.exp(-(((h - 275) / 25) ** 2))))
    dl, dc, dh = delta_l / s_l, delta_c / s_c, delta_h / s_h
    return math.sqrt(dl**2 + dc**2 + dh**2 + rotation * dc * dh)


def contrast_with_black(colour: str) -> float:
    """WCAG 2 contrast ratio against #000000."""
    return float(XYZ_FROM_RGB[1] @ linear_rgb(colour) + 0.05) / 0.05


def oklch(colour: str) -> tuple[float, float, float]:
    """Lightness 0..1, chroma and hue in degrees."""
    lightness, a, b = OKLAB_FROM_LMS @ np.cbrt(LMS_FROM_RGB @ linear_rgb(colour))
    return float(lightness), math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def closest(names: list[str] | tuple[str, ...], vision: str) -> tuple[float, str, str]:
    """The smallest difference between any two of the named classes, and which two."""
    views = {name: seen(COLOUR[name], vision) for name in names}
    return min((ciede2000(views[a], views[b]), a, b) for a, b in combinations(names, 2))


def whole_of(name: str) -> str:
    while PARENT[name]:
        name = PARENT[name]
    return name


# Pairs and differences from table 1 of Sharma, Wu and Dalal 2005.
@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.4900, -0.0010), (50, -2.4900, 0.0009), 7.1792),
        ((50, 2.4900, -0.0010), (50, -2.4900, 0.0011), 7.2195),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (61, -5, 29), 22.8977),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_difference_is_the_published_one(one: Vector, other: Vector, difference: float) -> None:
    assert ciede2000(one, other) == pytest.approx(difference, abs=5e-5)
    assert ciede2000(other, one) == pytest.approx(difference, abs=5e-5)


@pytest.mark.parametrize("vision", VISION)
def test_eyes_of_every_kind_see_the_same_greys(vision: str) -> None:
    for grey in ("#000000", "#808080", "#ffffff"):
        assert ciede2000(seen(grey, vision), seen(grey, "normal")) < 0.01


@pytest.mark.parametrize(
    ("vision", "least"), [("normal", 18), ("protanopia", 13), ("deuteranopia", 13), ("tritanopia", 12)]
)
def test_what_is_shown_together_is_told_apart(vision: str, least: float) -> None:
    assert closest(SHOWN_TOGETHER, vision) >= (least,)


@pytest.mark.parametrize(("vision", "least"), [("normal", 10), ("protanopia", 6), ("deuteranopia", 6)])
def test_whole_structures_are_told_apart(vision: str, least: float) -> None:
    assert closest(WHOLE, vision) >= (least,)


def test_each_class_has_a_colour_of_its_own_that_is_visible_in_the_viewer() -> None:
    assert len(set(COLOUR.values())) == len(COLOUR)
    for name, colour in COLOUR.items():
        assert re.fullmatch(r"#[0-9a-f]{6}", colour), name
        assert contrast_with_black(colour) >= 3, name


def test_a_part_is_a_tint_of_the_whole() -> None:
    for name in set(COLOUR) - set(WHOLE):
        _, chroma, hue = oklch(COLOUR[name])
        _, whole_chroma, whole_hue = oklch(COLOUR[whole_of(name)])
        assert abs((hue - whole_hue + 180) % 360 - 180) <= 12, name
        assert 0.25 * whole_chroma <= chroma <= 1.2 * whole_chroma, name


def test_endosomes_and_lysosomes_are_kin() -> None:
    (endo, _, endo_hue), (lyso, _, lyso_hue) = oklch(COLOUR["endo"]), oklch(COLOUR["lyso"])
    assert abs(endo_hue - lyso_hue) <= 30
    assert endo > lyso


@pytest.mark.parametrize("whole", sorted({whole_of(name) for name in COLOUR if PARENT[name]}))
def test_parts_of_one_whole_are_told_apart(whole: str) -> None:
    family = [name for name in COLOUR if whole_of(name) == whole]
    assert closest(family, "normal") >= (6 if whole == "nuc" else 10,)  # fifteen violets do not lie further apart
    assert closest(family, "protanopia") >= (5,)
    assert closest(family, "deuteranopia") >= (5,)


def test_a_membrane_is_lighter_than_what_it_holds() -> None:
    pairs = [(name, name.replace("_mem", "_lum")) for name in COLOUR if name.endswith("_mem")]
    for membrane, lumen in pairs:
        assert oklch(COLOUR[membrane])[0] > oklch(COLOUR[lumen])[0], membrane
    assert pairs
