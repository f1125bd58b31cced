"""Counting different things without keeping them: HyperLogLog (Flajolet et al. 2007), small numbers by linear counting.

A sketch is 1024 registers of a byte. Its error is about 3 percent, and below a few hundred nearly none. From a sketch
nobody can be read: it keeps, of all that fell into a register, how rare the rarest was.
"""

import math
from collections.abc import Iterable
from hashlib import blake2b

REGISTERS = 1024
_INDEX_BITS = 10
_BIAS = 0.7213 / (1 + 1.079 / REGISTERS)


def sketch_of(things: Iterable[bytes], key: bytes, sketch: bytes = b"") -> bytes:
    """``sketch`` (empty: a new one) with ``things`` counted in. Who has not ``key`` cannot try what was counted."""
    registers = bytearray(sketch or bytes(REGISTERS))
    for thing in things:
        digest = int.from_bytes(blake2b(thing, key=key, digest_size=8).digest())
        index, rest = digest % REGISTERS, digest >> _INDEX_BITS
        rank = 64 - _INDEX_BITS - rest.bit_length() + 1
        registers[index] = max(registers[index], rank)
    return bytes(registers)


def merge_sketches(one: bytes, other: bytes) -> bytes:
    """The sketch of what is in either."""
    return bytes(map(max, one, other)) if one and other else one or other


def estimate_distinct(sketch: bytes) -> int:
    """How many different things were counted in."""
    if not sketch:
        return 0
    estimate = _BIAS * REGISTERS**2 / sum(2.0**-rank for rank in sketch)
    empty = sketch.count(0)
    if empty and estimate <= 2.5 * REGISTERS:
        estimate = REGISTERS * math.log(REGISTERS / empty)
    return round(estimate)
