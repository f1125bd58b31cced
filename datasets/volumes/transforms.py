"""Scale and translation by axis: the only map between voxels and space that NGFF 0.4 and 0.5 allow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class ScaleTranslation:
    """``position = voxel * scale + translation`` on every axis, in stored axis order.

    The centre of voxel *i* lies at ``i * scale + translation``; the voxel covers half a scale to each side (NGFF).
    Scales are positive, which the rules of conformance guarantee for parsed metadata.
    """

    scale: tuple[float, ...]
    translation: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.scale) != len(self.translation):
            raise ValueError(f"scale has {len(self.scale)} axes, translation {len(self.translation)}")

    @classmethod
    def identity(cls, axis_count: int) -> "ScaleTranslation":
        return cls((1.0,) * axis_count, (0.0,) * axis_count)

    def then(self, after: "ScaleTranslation") -> "ScaleTranslation":
        """The one map that equals this one followed by ``after``."""
        return ScaleTranslation(
            tuple(s * s2 for s, s2 in zip(self.scale, after.scale, strict=True)),
            tuple(t * s2 + t2 for t, s2, t2 in zip(self.translation, after.scale, after.translation, strict=True)),
        )

    def on(self, positions: Sequence[int]) -> "ScaleTranslation":
        """This map on the axes at ``positions`` alone, in that order."""
        return ScaleTranslation(
            tuple(self.scale[position] for position in positions),
            tuple(self.translation[position] for position in positions),
        )

    def apply(self, voxels: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Positions of ``voxels``, an array (…, axes) of voxel coordinates, whole or fractional."""
        return np.asarray(voxels, dtype=np.float64) * self.scale + self.translation

    def invert(self, positions: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Voxel coordinates (fractional) of ``positions``, an array (…, axes)."""
        return (np.asarray(positions, dtype=np.float64) - self.translation) / self.scale
