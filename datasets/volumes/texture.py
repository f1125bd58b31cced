"""How much there is to be seen in the planes of an image."""

import numpy as np
from numpy.typing import NDArray

EMPTY = 1 / 3
"""A plane with less than this part of the texture of the richest one shows next to nothing: resin, or padding."""

RICH = 3 / 4
"""A plane with this part of it is as good to be shown as the richest one."""


def texture_of_planes(block: NDArray[np.generic]) -> NDArray[np.float64]:
    """For each plane of a block (z, y, x) the mean difference between neighbours along x and along y.

    It is 0 where all is alike, and an edge between image and padding counts for little. Values that are not finite
    are taken as 0. One plane is looked at at a time.
    """
    textures = np.zeros(len(block))
    for index, stored in enumerate(block):
        plane = stored.astype(np.float32)
        plane[~np.isfinite(plane)] = 0
        for axis in (0, 1):
            if plane.shape[axis] > 1:
                textures[index] += np.abs(np.diff(plane, axis=axis)).mean(dtype=np.float64)
    return textures


def plane_to_show(textures: NDArray[np.float64], middle: int) -> int:
    """The index of the plane to be shown: the middle one, or where that is empty the nearest rich one.

    Of two that are as near it is the lower. The same textures, the same plane.
    """
    richest = textures.max()
    if textures[middle] >= richest * EMPTY:
        return middle
    rich = np.flatnonzero(textures >= richest * RICH)
    return int(rich[np.abs(rich - middle).argmin()])
