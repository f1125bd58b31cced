"""The loops of :mod:`datasets.volumes.downsampling`, compiled. Import this where it is used: it costs a second.

Blocks are (z, y, x), C-contiguous; ``fz``, ``fy``, ``fx`` are 1 or 2: how many voxels make one along each axis. An odd
edge repeats its last voxel, which is what the NumPy functions do, to the bit.
"""

from typing import Any

import numba
import numpy as np

compiled: Any = numba.njit(nogil=True, cache=True, error_model="numpy")


@compiled
def mean_of_integers(block: Any, out: Any, total: Any, fz: int, fy: int, fx: int) -> None:
    """Sums, rounded half to even. One axis is halved at least.

    ``total`` is as long as a row of ``out``, of a type that holds the sum of eight voxels: the narrower it is, the more
    of them the processor adds at once.
    """
    shift = (fz == 2) + (fy == 2) + (fx == 2)
    below_half = (1 << (shift - 1)) - 1
    nz, ny, nx = block.shape
    pairs = nx // 2
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
            line = out[z, y]
            for x in range(line.size):
                # What is exactly half rounds up where the whole part is odd.
                line[x] = (np.int64(total[x]) + below_half + ((np.int64(total[x]) >> shift) & 1)) >> shift


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
        z0, z1 = fz * z, min(fz * z + fz, nz) - 1
        for y in range(out.shape[1]):
            y0, y1 = fy * y, min(fy * y + fy, ny) - 1
            # Most blocks hold one label; the counting is for the others.
            near, beside, below, across = block[z0, y0], block[z0, y1], block[z1, y0], block[z1, y1]
            line = out[z, y]
            for x in range(line.size):
                x0, x1 = fx * x, min(fx * x + fx, nx) - 1
                first = near[x0]
                same = (near[x1] == first) & (beside[x0] == first) & (beside[x1] == first) & (below[x0] == first)
                if same & (below[x1] == first) & (across[x0] == first) & (across[x1] == first):
                    line[x] = first
                else:
                    line[x] = _most_frequent(block, labels, z0, y0, x0, fz, fy, fx)


@compiled
def _most_frequent(block: Any, labels: Any, z0: int, y0: int, x0: int, fz: int, fy: int, fx: int) -> Any:
    nz, ny, nx = block.shape
    count = 0
    for dz in range(fz):
        for dy in range(fy):
            for dx in range(fx):
                labels[count] = block[min(z0 + dz, nz - 1), min(y0 + dy, ny - 1), min(x0 + dx, nx - 1)]
                count += 1
    best, most = labels[0], 0
    for one in range(count):
        found = 0
        for other in range(count):
            found += labels[other] == labels[one]
        if found > most:
            best, most = labels[one], found
    return best
