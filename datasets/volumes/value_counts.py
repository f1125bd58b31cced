"""Exact percentiles of arrays too large for memory: counts of values, block by block, that add up in any order.

Values are told apart by sixteen of their bits at a time (a radix selection, from the highest on), so what is held is a
few hundred kilobytes whatever the array: one pass for types of sixteen bits, two for float32, four for those of 64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

DIGIT_BITS = 16


@dataclass(frozen=True)
class ValueCounts:
    """How often each next digit follows on each of some prefixes, among an array's finite values."""

    rows: npt.NDArray[np.int64]
    """One row of 2¹⁶ counts for each prefix."""

    def __add__(self, other: ValueCounts) -> ValueCounts:
        return ValueCounts(self.rows + other.rows)


def passes_of(dtype: npt.DTypeLike) -> int:
    """How many times an array of ``dtype`` is counted."""
    return max(1, np.dtype(dtype).itemsize * 8 // DIGIT_BITS)


def count_values(array: npt.NDArray[Any], prefixes: Sequence[int] = (0,), turn: int = 0) -> ValueCounts:
    """Count the digits of a block in pass ``turn``, for values that begin with each of ``prefixes``."""
    keys, bits = _keys(array)
    shift = max(0, bits - DIGIT_BITS * (turn + 1))
    rows = []
    for prefix in prefixes:
        chosen = keys if turn == 0 else keys[keys >> keys.dtype.type(shift + DIGIT_BITS) == keys.dtype.type(prefix)]
        if bits > DIGIT_BITS:
            chosen = (chosen >> keys.dtype.type(shift)).astype(np.uint16)  # which keeps the lowest bits
        rows.append(np.bincount(chosen, minlength=2**DIGIT_BITS))
    return ValueCounts(np.stack(rows).astype(np.int64))


class Selection:
    """The values at some ranks, found pass by pass: hand it the counts of all blocks to each of :attr:`prefixes`."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self.turn = 0
        self.count = 0
        self.prefixes: list[int] = [0]
        self._ranks: list[int] = []
        self._found: list[int] = []

    @property
    def is_done(self) -> bool:
        return self.turn == passes_of(self.dtype) or (self.turn > 0 and not self.count)

    def take(self, counts: ValueCounts, percentiles: Sequence[float]) -> None:
        """The counts of a whole pass. ``percentiles`` are those to be found; ranks are the nearest whole ones."""
        if self.turn == 0:
            self.count = int(counts.rows.sum())
            self._ranks = [nearest_rank(self.count, percentile) for percentile in percentiles]
            self._found = [0] * len(percentiles)
        rows = dict(zip(self.prefixes, np.cumsum(counts.rows, axis=1), strict=True))
        for at, rank in enumerate(self._ranks if self.count else []):
            row = rows[self._found[at]]
            digit = int(np.searchsorted(row, rank, side="right"))
            self._ranks[at] = rank - (int(row[digit - 1]) if digit else 0)
            self._found[at] = self._found[at] << DIGIT_BITS | digit
        self.prefixes = sorted(set(self._found)) or [0]
        self.turn += 1

    def values(self) -> list[float]:
        """The values at the percentiles; none where no value is finite."""
        return [_value(key, self.dtype) for key in self._found] if self.count else []


def nearest_rank(count: int, percentile: float) -> int:
    """The rank (from 0) of a percentile among ``count`` values in order: the nearest whole one, halves to even."""
    return round((count - 1) * percentile / 100) if count else 0


def _keys(array: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], int]:
    """Unsigned integers in the order of the values, and how many bits they have. NaN and infinities are left out."""
    values = array.ravel()
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    bits = values.dtype.itemsize * 8
    unsigned = np.dtype(f"u{values.dtype.itemsize}")
    top = unsigned.type(1 << (bits - 1))
    match values.dtype.kind:
        case "u":
            return values, bits
        case "i":
            return values.view(unsigned) ^ top, bits
        case "f":
            plain = values[np.isfinite(values)].view(unsigned)
            return np.where(plain & top, ~plain, plain | top), bits
    raise TypeError(f"{array.dtype} has no order")


def _value(key: int, dtype: np.dtype[Any]) -> float:
    bits = dtype.itemsize * 8
    top = 1 << (bits - 1)
    match dtype.kind:
        case "i":
            return float(key - top)
        case "f":
            plain = key ^ top if key & top else key ^ (2 * top - 1)
            return float(np.array(plain, f"u{dtype.itemsize}").view(f"f{dtype.itemsize}"))
    return float(key)
