"""Where the pixels of a plane lie, from its centre and its directions: what the portal computes is compared with it."""

import numpy as np

from datasets.volumes.planes import Plane


def positions_nm(plane: Plane) -> np.ndarray:
    """The centre of each pixel: (height, width, 3), the last axis x, y, z."""
    across = (np.arange(plane.width) - (plane.width - 1) / 2) * plane.nm_per_pixel
    downwards = (np.arange(plane.height) - (plane.height - 1) / 2) * plane.nm_per_pixel
    steps_across = across[None, :, None] * np.array(plane.right)
    steps_down = downwards[:, None, None] * np.array(plane.down)
    return np.array(plane.centre_nm) + steps_across + steps_down
