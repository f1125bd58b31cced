"""Units of axes and lengths as people say them."""

import pytest

from datasets.volumes.lengths import NM_PER_UNIT, SECONDS_PER_UNIT, LengthUnitUnknown, format_length, nm_per

# NGFF 0.4 and 0.5, section "axes" metadata, word for word.
SPACE_UNITS = [
    "angstrom",
    "attometer",
    "centimeter",
    "decimeter",
    "exameter",
    "femtometer",
    "foot",
    "gigameter",
    "hectometer",
    "inch",
    "kilometer",
    "megameter",
    "meter",
    "micrometer",
    "mile",
    "millimeter",
    "nanometer",
    "parsec",
    "petameter",
    "picometer",
    "terameter",
    "yard",
    "yoctometer",
    "yottameter",
    "zeptometer",
    "zettameter",
]
TIME_UNITS = [
    "attosecond",
    "centisecond",
    "day",
    "decisecond",
    "exasecond",
    "femtosecond",
    "gigasecond",
    "hectosecond",
    "hour",
    "kilosecond",
    "megasecond",
    "microsecond",
    "millisecond",
    "minute",
    "nanosecond",
    "petasecond",
    "picosecond",
    "second",
    "terasecond",
    "yoctosecond",
    "yottasecond",
    "zeptosecond",
    "zettasecond",
]


def test_the_tables_are_those_of_the_specification():
    assert sorted(NM_PER_UNIT) == SPACE_UNITS
    assert sorted(SECONDS_PER_UNIT) == TIME_UNITS


@pytest.mark.parametrize(
    ("unit", "nm"),
    [("nanometer", 1), ("micrometer", 1e3), ("angstrom", 0.1), ("millimeter", 1e6), ("meter", 1e9), ("inch", 2.54e7)],
)
def test_a_unit_in_nanometres(unit, nm):
    assert nm_per(unit) == nm


@pytest.mark.parametrize(
    ("unit", "meant"), [("micron", "micrometer"), ("µm", "micrometer"), ("Nanometers", "nanometer")]
)
def test_an_unknown_unit_is_refused_and_the_fix_names_what_was_meant(unit, meant):
    with pytest.raises(LengthUnitUnknown) as caught:
        nm_per(unit, where="axis z")
    assert f'"{unit}"' in caught.value.what
    assert caught.value.fix == f'Write "{meant}".'
    assert caught.value.problem()["where"] == "axis z"


def test_a_unit_nobody_can_guess_is_told_how_to_spell():
    with pytest.raises(LengthUnitUnknown, match="nanometer"):
        nm_per("pixel")


@pytest.mark.parametrize(
    ("length_nm", "text"),
    [
        (0, "0 nm"), (0.1, "0.1 nm"), (4, "4 nm"), (4.56, "4.56 nm"), (10.0, "10 nm"), (999, "999 nm"),
        (999.99, "1 µm"), (1000, "1 µm"), (2500, "2.5 µm"), (3200, "3.2 µm"), (1.5e6, "1.5 mm"), (2e9, "2 m"),
        (-2500, "-2.5 µm"),
    ],
)  # fmt: skip
def test_a_length_as_people_say_it(length_nm, text):
    assert format_length(length_nm) == text
