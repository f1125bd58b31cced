"""The loops of :mod:`datasets.volumes.downsampling`, compiled. Import this where it is used: it costs a second.

Blocks are (z, y, x), C-contiguous; ``fz``, ``fy``, ``fx`` are 1 or 2: how many voxels make one along each axis. An odd
edge repeats its last voxel, which is what the NumPy functions do, to the bit.
"""

from typing import Any

import numba
import numpy as np

compiled: Any = numba.njit(nogil=True, cache=True, error_model="numpy")


@compiled
def mean_of_integers(block: Any, out: Any, fz: int, fy: int, fx: int) -> None:
    """Sums in 64 bits, rounded half to even: for whole numbers of up to 32 bits."""
    shift = (fz == 2) + (fy == 2) + (fx == 2)
    count = np.int64(1) << shift
    half = count >> 1
    nz, ny, nx = block.shape
    pairs = nx // 2
    total = np.empty(out.shape[2], np.int64)
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            total[:] = 0
            for dz in range(fz):
                for dy in range(fy):
                    row = block[min(fz * z + dz, nz - 1), min(fy * y + dy, ny - 1)]
                    if fx == 1:
                        for x in range(nx):
                            total[x] += row[x]
                    else:
                        for x in range(pairs):
                            total[x] += np.int64(row[2 * x]) + np.int64(row[2 * x + 1])
                        if nx % 2:
                            total[pairs] += 2 * np.int64(row[nx - 1])
            for x in range(out.shape[2]):
                quotient = total[x] >> shift
                rest = total[x] & (count - 1)
                up = (rest > half) | ((rest == half) & ((quotient & 1) == 1) & (shift > 0))
                out[z, y, x] = quotient + np.int64(up)


@compiled
def mean_of_bytes(block: Any, out: Any, fz: int, fy: int, fx: int) -> None:
    """As :func:`mean_of_integers`, in 16 bits, which the processor adds four times as many of at once: for uint8."""
    shift = np.uint16((fz == 2) + (fy == 2) + (fx == 2))
    count = np.uint16(1) << shift
    low_half = np.uint16((count >> np.uint16(1)) - np.uint16(1)) if shift else np.uint16(0)
    nz, ny, nx = block.shape
    pairs = nx // 2
    total = np.empty(out.shape[2], np.uint16)
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            total[:] = 0
            for dz in range(fz):
                for dy in range(fy):
                    row = block[min(fz * z + dz, nz - 1), min(fy * y + dy, ny - 1)]
                    if fx == 1:
                        for x in range(nx):
                            total[x] += np.uint16(row[x])
                    else:
                        for x in range(pairs):
                            total[x] += np.uint16(row[2 * x]) + np.uint16(row[2 * x + 1])
                        if nx % 2:
                            total[pairs] += np.uint16(2) * np.uint16(row[nx - 1])
            line = out[z, y]
            if shift == 0:
                for x in range(line.size):
                    line[x] = np.uint8(total[x])
            else:
                for x in range(line.size):
                    # Half to even: what is exactly half rounds up where the whole part is odd.
                    line[x] = np.uint8((total[x] + low_half + ((total[x] >> shift) & np.uint16(1))) >> shift)


@compiled
def mean_of_floats(block: Any, out: Any, fz: int, fy: int, fx: int) -> None:
    """Each voxel is divided first and added in double precision, in C order."""
    nz, ny, nx = block.shape
    part = 1.0 / (fz * fy * fx)
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                total = 0.0
                for dz in range(fz):
                    for dy in range(fy):
                        for dx in range(fx):
                            voxel = block[min(fz * z + dz, nz - 1), min(fy * y + dy, ny - 1), min(fx * x + dx, nx - 1)]
                            total += np.float64(voxel) * part
                out[z, y, x] = total


@compiled
def mode(block: Any, out: Any, fz: int, fy: int, fx: int) -> None:
    """The most frequent label; of equally frequent ones the first in C order."""
    nz, ny, nx = block.shape
    labels = np.empty(8, block.dtype)
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                first = block[fz * z, fy * y, fx * x]
                mixed = False
                count = 0
                for dz in range(fz):
                    for dy in range(fy):
                        for dx in range(fx):
                            label = block[min(fz * z + dz, nz - 1), min(fy * y + dy, ny - 1), min(fx * x + dx, nx - 1)]
                            labels[count] = label
                            count += 1
                            mixed |= label != first
                if not mixed:
                    out[z, y, x] = first
                    continue
                best, most = first, 0
                for one in range(count):
                    found = 0
                    for other in range(count):
                        found += labels[other] == labels[one]
                    if found > most:
                        best, most = labels[one], found
                out[z, y, x] = best
