"""Units of NGFF axes, and lengths as people say them. Inside the program every length is in nanometres."""

from collections.abc import Sequence
from typing import Final

from datasets.volumes.errors import CisternaError

# What a space axis is read in where none has a unit: volume EM states voxels in nanometres, and NGFF names no default.
DEFAULT_LENGTH_UNIT: Final = "nanometer"

_SI_EXPONENTS: Final = {
    "yocto": -24, "zepto": -21, "atto": -18, "femto": -15, "pico": -12, "nano": -9, "micro": -6, "milli": -3,
    "centi": -2, "deci": -1, "": 0, "hecto": 2, "kilo": 3, "mega": 6, "giga": 9, "tera": 12, "peta": 15,
    "exa": 18, "zetta": 21, "yotta": 24,
}  # fmt: skip


def _times_ten_to(exponent: int) -> float:
    # Written as a literal, not multiplied: float("1e-9") is the nearest double, 10.0**-9 need not be.
    return float(f"1e{exponent}")


# The units NGFF 0.4 and 0.5 list for "space" (section "axes" metadata), as factors to nanometres. Closed on purpose.
NM_PER_UNIT: Final[dict[str, float]] = {
    **{f"{prefix}meter": _times_ten_to(exponent + 9) for prefix, exponent in _SI_EXPONENTS.items()},
    "angstrom": 0.1,
    "inch": 25.4e6,
    "foot": 304.8e6,
    "yard": 914.4e6,
    "mile": 1609.344e9,
    "parsec": 3.0856775814913673e25,
}

# The units NGFF 0.4 and 0.5 list for "time", as factors to seconds.
SECONDS_PER_UNIT: Final[dict[str, float]] = {
    **{f"{prefix}second": _times_ten_to(exponent) for prefix, exponent in _SI_EXPONENTS.items()},
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86400.0,
}

_MEANT_BY: Final = {
    "nm": "nanometer", "nanometers": "nanometer", "nanometre": "nanometer", "nanometres": "nanometer",
    "um": "micrometer", "µm": "micrometer", "μm": "micrometer", "micron": "micrometer", "microns": "micrometer",
    "micrometers": "micrometer", "micrometre": "micrometer", "micrometres": "micrometer",
    "mm": "millimeter", "millimeters": "millimeter", "millimetre": "millimeter", "millimetres": "millimeter",
    "m": "meter", "metre": "meter", "meters": "meter", "å": "angstrom", "angstroms": "angstrom", "ångström": "angstrom",
}  # fmt: skip


class LengthUnitUnknown(CisternaError):
    """A space axis has a unit that NGFF does not list."""

    slug = "length-unit-unknown"
    status = 422
    title = "Unknown unit of length"


def unit_fix(unit: object) -> str:
    """What to write instead of a unit that is not in the table."""
    meant = _MEANT_BY.get(unit.lower()) if isinstance(unit, str) else None
    if meant:
        return f'Write "{meant}".'
    return 'Write the unit as NGFF spells it, such as "nanometer" or "micrometer", and state the scale in it.'


def assumed_length_unit(units: Sequence[object]) -> str:
    """What a space axis without a unit is read in: the unit of the other space axes where they agree on one.

    ``units`` are those of all space axes, ``None`` where none is stated.
    """
    stated = {unit for unit in units if isinstance(unit, str)}
    return stated.pop() if len(stated) == 1 else DEFAULT_LENGTH_UNIT


def nm_per(unit: str, *, where: str = "") -> float:
    """Nanometres in one ``unit``, spelled as in NGFF (``"micrometer"`` → 1000.0).

    Raises LengthUnitUnknown.
    """
    try:
        return NM_PER_UNIT[unit]
    except KeyError:
        raise LengthUnitUnknown(f'"{unit}" is not a unit of length in NGFF', where=where, fix=unit_fix(unit)) from None


def format_length(length_nm: float) -> str:
    """A length in the unit a person says, to four digits: ``10`` → "10 nm", ``2500`` → "2.5 µm"."""
    units = (("nm", 1.0), ("µm", 1e3), ("mm", 1e6), ("m", 1e9))
    text = ""
    for symbol, nm in units:
        digits = f"{length_nm / nm:.4g}"
        text = f"{digits} {symbol}"
        # Rounded first, compared afterwards: 999.99 nm is said as 1 µm.
        if abs(float(digits)) < 1000:
            return text
    return text
