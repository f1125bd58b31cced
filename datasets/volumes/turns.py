"""Turns in space: three angles about the axes, as a person sets them, and quaternions, as a viewer keeps them."""

import math
from collections.abc import Sequence

import numpy as np

from datasets.volumes.planes import Vector, turn

type Angles = tuple[float, float, float]
"""Degrees about x, then about y, then about z; the axes themselves stay where they are."""


def turned_axes(angles: Sequence[float]) -> tuple[Vector, Vector, Vector]:
    """Where the unit vectors of x, y and z point to after the turn."""
    quaternion = quaternion_of(angles)
    return turn((1, 0, 0), quaternion), turn((0, 1, 0), quaternion), turn((0, 0, 1), quaternion)


def quaternion_of(angles: Sequence[float]) -> tuple[float, float, float, float]:
    """The turn as a unit quaternion (x, y, z, w)."""
    (sx, cx), (sy, cy), (sz, cz) = (
        (math.sin(math.radians(angle) / 2), math.cos(math.radians(angle) / 2)) for angle in angles
    )
    return (
        sx * cy * cz - cx * sy * sz,
        cx * sy * cz + sx * cy * sz,
        cx * cy * sz - sx * sy * cz,
        cx * cy * cz + sx * sy * sz,
    )


def angles_of(quaternion: Sequence[float]) -> Angles:
    """The angles of a quaternion (x, y, z, w) of any length but 0, each in [-180, 180], that about y in [-90, 90].

    Where y is turned by 90 degrees the other two are not told apart, and the one about z is 0.
    """
    x, y, z, w = (float(it) for it in np.asarray(quaternion, dtype=float) / np.linalg.norm(quaternion))
    sine = min(max(2 * (w * y - z * x), -1.0), 1.0)
    if abs(sine) > 1 - 1e-9:
        about_x = math.remainder(2 * math.atan2(x, w), 2 * math.pi)
        return math.degrees(about_x), math.copysign(90.0, sine), 0.0
    return (
        math.degrees(math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))),
        math.degrees(math.asin(sine)),
        math.degrees(math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))),
    )
