"""The loops of :mod:`datasets.volumes.sampling`, compiled. Import this where it is used: it costs a second.

Arrays are (z, y, x). ``table`` holds the address of each chunk's voxels in memory, 0 for one that is all zeros; its
first entry is the chunk ``table_first`` of the array. A pixel lies at ``first + row * down + column * across``, in
voxels; ``corner`` is the row and the column of the first one wanted. Compiled for one type of voxels at a time, when it
is first needed, and kept (see :mod:`datasets.volumes.sampling`).
"""

from typing import Any

import numba
import numpy as np
from numba.core import cgutils, types
from numba.core.extending import intrinsic

compiled: Any = numba.njit(nogil=True, cache=True, error_model="numpy")
as_intrinsic: Any = intrinsic
carray: Any = vars(numba)["carray"]


@as_intrinsic
def _pointer(typing_context: Any, address: Any) -> Any:
    """An address as a pointer, which ``carray`` makes an array of."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


@compiled
def _address(table: Any, table_first: Any, z: int, y: int, x: int) -> Any:
    """Where the voxels of a chunk are; 0 too for one that is not in the table, for none may ever be read from there."""
    z, y, x = z - table_first[0], y - table_first[1], x - table_first[2]
    if not (0 <= z < table.shape[0] and 0 <= y < table.shape[1] and 0 <= x < table.shape[2]):
        return 0
    return table[z, y, x]


@compiled
def mark(
    table_first: Any,
    chunk: Any,
    shape: Any,
    first: Any,
    across: Any,
    down: Any,
    corner: Any,
    size: Any,
    reach: int,
    marks: Any,
) -> None:
    """Set ``marks``, shaped as a table, where a pixel needs a voxel of the chunk.

    ``size`` is (rows, columns). ``reach`` is 1 where the next voxel along each axis counts, too (linear), else 0.
    """
    low_z = low_y = low_x = np.int64(0)
    high_z = high_y = high_x = np.int64(-1)  # the chunk marked last: what lies in it needs no further look
    step_z, step_y, step_x = min(shape[0] - 1, reach), min(shape[1] - 1, reach), min(shape[2] - 1, reach)
    rounding = 0.0 if reach else 0.5
    for row in range(size[0]):
        for column in range(size[1]):
            below, beside = corner[0] + row, corner[1] + column
            at_z = first[0] + below * down[0] + beside * across[0]
            at_y = first[1] + below * down[1] + beside * across[1]
            at_x = first[2] + below * down[2] + beside * across[2]
            if not (-0.5 <= at_z < shape[0] - 0.5 and -0.5 <= at_y < shape[1] - 0.5 and -0.5 <= at_x < shape[2] - 0.5):
                continue
            z = min(int(max(at_z + rounding, 0.0)), shape[0] - 1 - step_z)
            y = min(int(max(at_y + rounding, 0.0)), shape[1] - 1 - step_y)
            x = min(int(max(at_x + rounding, 0.0)), shape[2] - 1 - step_x)
            if (
                low_z <= z
                and z + step_z < high_z
                and low_y <= y
                and y + step_y < high_y
                and low_x <= x
                and x + step_x < high_x
            ):
                continue
            low_z, low_y, low_x = z // chunk[0] * chunk[0], y // chunk[1] * chunk[1], x // chunk[2] * chunk[2]
            high_z, high_y, high_x = low_z + chunk[0], low_y + chunk[1], low_x + chunk[2]
            for i in range(z // chunk[0], (z + step_z) // chunk[0] + 1):
                for j in range(y // chunk[1], (y + step_y) // chunk[1] + 1):
                    for k in range(x // chunk[2], (x + step_x) // chunk[2] + 1):
                        _set(marks, i - table_first[0], j - table_first[1], k - table_first[2])


@compiled
def _set(marks: Any, z: int, y: int, x: int) -> None:
    if 0 <= z < marks.shape[0] and 0 <= y < marks.shape[1] and 0 <= x < marks.shape[2]:
        marks[z, y, x] = 1


@compiled
def nearest(
    table: Any, table_first: Any, chunk: Any, shape: Any, first: Any, across: Any, down: Any, corner: Any, picture: Any
) -> None:
    """The voxel that each pixel lies in; pixels outside are left as they are. ``picture`` has the voxels' type."""
    low_z = low_y = low_x = np.int64(0)
    high_z = high_y = high_x = np.int64(-1)
    is_there = False
    voxels = picture.reshape(1, picture.shape[0], picture.shape[1])
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            below, beside = corner[0] + row, corner[1] + column
            at_z = first[0] + below * down[0] + beside * across[0]
            at_y = first[1] + below * down[1] + beside * across[1]
            at_x = first[2] + below * down[2] + beside * across[2]
            if not (-0.5 <= at_z < shape[0] - 0.5 and -0.5 <= at_y < shape[1] - 0.5 and -0.5 <= at_x < shape[2] - 0.5):
                continue
            # What is a hair below the upper edge is rounded onto it.
            z = min(int(np.floor(at_z + 0.5)), shape[0] - 1)
            y = min(int(np.floor(at_y + 0.5)), shape[1] - 1)
            x = min(int(np.floor(at_x + 0.5)), shape[2] - 1)
            if not (low_z <= z < high_z and low_y <= y < high_y and low_x <= x < high_x):
                chunk_z, chunk_y, chunk_x = z // chunk[0], y // chunk[1], x // chunk[2]
                low_z, low_y, low_x = chunk_z * chunk[0], chunk_y * chunk[1], chunk_x * chunk[2]
                high_z = min(low_z + chunk[0], shape[0])
                high_y = min(low_y + chunk[1], shape[1])
                high_x = min(low_x + chunk[2], shape[2])
                address = _address(table, table_first, chunk_z, chunk_y, chunk_x)
                is_there = address != 0
                if is_there:
                    sizes = (high_z - low_z, high_y - low_y, high_x - low_x)
                    voxels = carray(_pointer(address), sizes, picture.dtype)
            if is_there:
                picture[row, column] = voxels[z - low_z, y - low_y, x - low_x]


@compiled
def linear(
    table: Any,
    table_first: Any,
    chunk: Any,
    shape: Any,
    first: Any,
    across: Any,
    down: Any,
    corner: Any,
    like: Any,
    picture: Any,
) -> None:
    """The mean of the eight voxels around each pixel, weighted by nearness; pixels outside are left as they are.

    ``like`` is any array (z, y, x) of the voxels' type; ``picture`` is float32.
    """
    one, half = np.float32(1), 0.5
    chunk_z = chunk_y = chunk_x = np.int64(0)
    low_z = low_y = low_x = np.int64(0)
    high_z = high_y = high_x = np.int64(-1)
    # Where a pixel has all its eight voxels in the current chunk: most do, and need no other question.
    from_z = from_y = from_x = 0.0
    to_z = to_y = to_x = -1.0
    step_z, step_y, step_x = min(shape[0] - 1, 1), min(shape[1] - 1, 1), min(shape[2] - 1, 1)
    last_z, last_y, last_x = max(shape[0] - 2, 0), max(shape[1] - 2, 0), max(shape[2] - 2, 0)
    is_there = False
    around = np.zeros(8, np.float32)
    wide_z = wide_y = far_row = far_plane = np.int64(0)
    voxels = carray(_pointer(np.int64(0)), (np.int64(0),), like.dtype)
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            below, beside = corner[0] + row, corner[1] + column
            at_z = first[0] + below * down[0] + beside * across[0]
            at_y = first[1] + below * down[1] + beside * across[1]
            at_x = first[2] + below * down[2] + beside * across[2]
            if not (from_z <= at_z < to_z and from_y <= at_y < to_y and from_x <= at_x < to_x):
                if not (
                    -0.5 <= at_z < shape[0] - 0.5 and -0.5 <= at_y < shape[1] - 0.5 and -0.5 <= at_x < shape[2] - 0.5
                ):
                    continue
                at_z = min(max(at_z, 0.0), shape[0] - 1.0)
                at_y = min(max(at_y, 0.0), shape[1] - 1.0)
                at_x = min(max(at_x, 0.0), shape[2] - 1.0)
                z, y, x = min(int(at_z), last_z), min(int(at_y), last_y), min(int(at_x), last_x)
                if not (low_z <= z < high_z and low_y <= y < high_y and low_x <= x < high_x):
                    chunk_z, chunk_y, chunk_x = z // chunk[0], y // chunk[1], x // chunk[2]
                    low_z, low_y, low_x = chunk_z * chunk[0], chunk_y * chunk[1], chunk_x * chunk[2]
                    high_z = min(low_z + chunk[0], shape[0])
                    high_y = min(low_y + chunk[1], shape[1])
                    high_x = min(low_x + chunk[2], shape[2])
                    from_z, from_y, from_x = float(low_z), float(low_y), float(low_x)
                    # An axis of one voxel has no next one, so that one counts twice, and it ends half a voxel on.
                    to_z, to_y, to_x = (
                        high_z - half - half * step_z,
                        high_y - half - half * step_y,
                        high_x - half - half * step_x,
                    )
                    address = _address(table, table_first, chunk_z, chunk_y, chunk_x)
                    is_there = address != 0
                    wide_y = high_x - low_x
                    wide_z = wide_y * (high_y - low_y)
                    far_row, far_plane = wide_y * step_y, wide_z * step_z
                    if is_there:
                        voxels = carray(_pointer(address), (wide_z * (high_z - low_z),), like.dtype)
                more_z, more_y, more_x = np.float32(at_z - z), np.float32(at_y - y), np.float32(at_x - x)
                less_z, less_y, less_x = one - more_z, one - more_y, one - more_x
                if z + step_z >= high_z or y + step_y >= high_y or x + step_x >= high_x:
                    # The next voxel along an axis is in this chunk, or the first of the next one.
                    z, y, x = z - low_z, y - low_y, x - low_x
                    next_z, next_y, next_x = z + step_z, y + step_y, x + step_x
                    far_z, far_y, far_x = chunk_z, chunk_y, chunk_x
                    if next_z >= high_z - low_z:
                        next_z, far_z = 0, chunk_z + 1
                    if next_y >= high_y - low_y:
                        next_y, far_y = 0, chunk_y + 1
                    if next_x >= high_x - low_x:
                        next_x, far_x = 0, chunk_x + 1
                    for number in range(8):
                        i, plane = (chunk_z, z) if number < 4 else (far_z, next_z)
                        j, line = (chunk_y, y) if number & 2 == 0 else (far_y, next_y)
                        k, place = (chunk_x, x) if number & 1 == 0 else (far_x, next_x)
                        around[number] = 0
                        t, u, v = i - table_first[0], j - table_first[1], k - table_first[2]
                        if 0 <= t < table.shape[0] and 0 <= u < table.shape[1] and 0 <= v < table.shape[2]:
                            address = table[t, u, v]
                            if address != 0:
                                size_y = min(chunk[1], shape[1] - j * chunk[1])
                                size_x = min(chunk[2], shape[2] - k * chunk[2])
                                place += (plane * size_y + line) * size_x
                                around[number] = carray(_pointer(address), (place + 1,), like.dtype)[place]
                    v000, v001, v010, v011 = around[0], around[1], around[2], around[3]
                    v100, v101, v110, v111 = around[4], around[5], around[6], around[7]
                    near = (v000 * less_x + v001 * more_x) * less_y + (v010 * less_x + v011 * more_x) * more_y
                    far = (v100 * less_x + v101 * more_x) * less_y + (v110 * less_x + v111 * more_x) * more_y
                    picture[row, column] = near * less_z + far * more_z
                    continue
                if not is_there:
                    continue
                z, y, x = z - low_z, y - low_y, x - low_x
            else:
                if not is_there:
                    continue
                z, y, x = int(at_z), int(at_y), int(at_x)
                more_z, more_y, more_x = np.float32(at_z - z), np.float32(at_y - y), np.float32(at_x - x)
                less_z, less_y, less_x = one - more_z, one - more_y, one - more_x
                z, y, x = z - low_z, y - low_y, x - low_x
            # One index instead of three: each costs a look at whether it is negative.
            place = z * wide_z + y * wide_y + x
            v000, v001 = np.float32(voxels[place]), np.float32(voxels[place + step_x])
            place += far_row
            v010, v011 = np.float32(voxels[place]), np.float32(voxels[place + step_x])
            place += far_plane - far_row
            v100, v101 = np.float32(voxels[place]), np.float32(voxels[place + step_x])
            place += far_row
            v110, v111 = np.float32(voxels[place]), np.float32(voxels[place + step_x])
            near = (v000 * less_x + v001 * more_x) * less_y + (v010 * less_x + v011 * more_x) * more_y
            far = (v100 * less_x + v101 * more_x) * less_y + (v110 * less_x + v111 * more_x) * more_y
            picture[row, column] = near * less_z + far * more_z
