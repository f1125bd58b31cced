"""Boxes of a volume: which voxels a box in nanometres or in voxels means. Positions are (x, y, z)."""

import math
from dataclasses import dataclass

from datasets.volumes.errors import CisternaError

type Triple = tuple[float, float, float]
type Counts = tuple[int, int, int]

SAME_PLACE = 1e-6
"""In voxels: an edge that is no further from a voxel's centre goes through it. Lengths are decimal numbers, such as
4.6 nm, which binary ones meet only nearly; without this the voxel at an edge would be in or out by chance."""


class BoxInvalid(CisternaError):
    """What is given is no box: not six numbers, or no room between them."""

    slug = "box-invalid"
    status = 422
    title = "This is not a box"


class BoxOutside(CisternaError):
    """No voxel of the volume has its centre in the box."""

    slug = "box-outside"
    status = 422
    title = "The box holds no voxel"


@dataclass(frozen=True)
class Box:
    """The half-open box from ``low`` to before ``high``, (x, y, z), in nm or in voxels of a level."""

    low: Triple
    high: Triple

    @classmethod
    def parse(cls, text: str) -> "Box":
        """``x0,y0,z0,x1,y1,z1``. Raises BoxInvalid."""
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError:
            numbers = []
        fix = "Give x0,y0,z0,x1,y1,z1, such as 0,0,0,2000,2000,1000"
        if len(numbers) != 6 or not all(math.isfinite(number) for number in numbers):
            raise BoxInvalid(f"{text[:200]!r} is not six numbers", where="bbox", fix=fix)
        x0, y0, z0, x1, y1, z1 = numbers
        for axis, low, high in (("x", x0, x1), ("y", y0, y1), ("z", z0, z1)):
            if low >= high:
                raise BoxInvalid(
                    f"The box has no extent along {axis}: it reaches from {low:.10g} to {high:.10g}",
                    where="bbox",
                    fix=f"Give a larger {axis}1 than {axis}0: {fix[5:]}",
                )
        return cls((x0, y0, z0), (x1, y1, z1))


@dataclass(frozen=True)
class VoxelBox:
    """The voxels from ``start`` to before ``stop`` of a level, (x, y, z)."""

    start: Counts
    stop: Counts

    @property
    def shape_zyx(self) -> Counts:
        x, y, z = (max(stop - start, 0) for start, stop in zip(self.start, self.stop, strict=True))
        return (z, y, x)

    @property
    def voxel_count(self) -> int:
        return math.prod(self.shape_zyx)

    @property
    def along(self) -> dict[str, slice]:
        """The voxels along each axis, by name."""
        return {axis: slice(*ends) for axis, ends in zip("xyz", zip(self.start, self.stop, strict=True), strict=True)}


@dataclass(frozen=True)
class VoxelGrid:
    """Where the voxels of a level lie: the centre of voxel *i* at ``i * scale_nm + translation_nm``, (x, y, z).

    Along an axis that the image lacks there is one voxel, 1 nm thick around 0, and every box goes through it.
    """

    size: Counts
    scale_nm: Triple
    translation_nm: Triple
    has_axis: tuple[bool, bool, bool] = (True, True, True)

    def voxels_in(self, box: Box) -> VoxelBox:
        """The voxels whose centres lie in ``box``, which is in nm; perhaps none. Adjoining boxes share none and leave
        none out."""
        return self._within(box, self.scale_nm, self.translation_nm)

    def voxels_between(self, box: Box) -> VoxelBox:
        """The same of a box in voxels of this level: whole numbers are centres."""
        return self._within(box, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))

    def edges_nm(self, voxels: VoxelBox) -> Box:
        """The space that ``voxels`` cover, in nm: half a voxel further than the centres to each side."""
        return self.in_nm(Box(voxels.start, voxels.stop))

    def in_nm(self, box: Box) -> Box:
        """The space that a box in voxels of this level covers, in nm."""
        low, high = (self.centre_nm((x - 0.5, y - 0.5, z - 0.5)) for x, y, z in (box.low, box.high))
        return Box(low, high)

    def centre_nm(self, voxel: Triple) -> Triple:
        """Where the centre of a voxel is."""
        x, y, z = (i * scale + shift for i, scale, shift in zip(voxel, self.scale_nm, self.translation_nm, strict=True))
        return (x, y, z)

    def _within(self, box: Box, scale: Triple, translation: Triple) -> VoxelBox:
        ends: list[tuple[int, int]] = []
        for axis in range(3):
            if not self.has_axis[axis]:
                ends.append((0, 1))
                continue
            start, stop = (
                _first_from((edge[axis] - translation[axis]) / scale[axis], self.size[axis])
                for edge in (box.low, box.high)
            )
            ends.append((start, stop))
        (x0, x1), (y0, y1), (z0, z1) = ends
        return VoxelBox((x0, y0, z0), (x1, y1, z1))


def _first_from(edge_voxel: float, size: int) -> int:
    """The first voxel whose centre is not before an edge, of ``size``."""
    return math.ceil(min(max(edge_voxel, 0.0), float(size)) - SAME_PLACE)
