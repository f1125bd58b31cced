"""Where someone looks on the page of slices: a place, how near, how tilted; and how clicks and steps move it.

Three planes lie across the axes and a fourth is tilted; all go through one place. The planes across the axes stand
still while the place moves within them, so that a step along x asks for no other picture than that across x.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from datasets.catalogue.models import Volume
from datasets.catalogue.models.volume import extent_nm
from datasets.catalogue.neuroglancer_links import LABEL_OPACITY
from datasets.volumes.planes import SLICE_AXES, Plane, Vector, axis_direction
from datasets.volumes.turns import turned_axes

SIDE_PIXELS = 512
"""Each picture is so many pixels wide and high."""

FEWEST_VOXELS = 24
"""The nearest zoom shows about so many voxels across a picture."""

INNER_PART = 0.75
"""The place may be in this part of a picture's width before the picture moves along."""

TILTED = "tilted"
"""The name of the plane that is not across an axis."""

DEFAULT_TILT = (45, 0, 0)


@dataclass(frozen=True)
class Frame:
    """The box that can be looked at: its edges and the size of a voxel in nm by axis, and the voxels along each."""

    low_nm: dict[str, float]
    high_nm: dict[str, float]
    voxel_nm: dict[str, float]
    counts: dict[str, int]

    @property
    def axes(self) -> str:
        """The space axes that it has, in the order x, y, z."""
        return "".join(axis for axis in "xyz" if axis in self.voxel_nm)

    @property
    def whole_nm(self) -> float:
        """The longest side: what a picture shows across at zoom 1."""
        return max(self.high_nm[axis] - self.low_nm[axis] for axis in self.axes)

    @property
    def zooms(self) -> tuple[float, ...]:
        """1, 1.5, 2, 3, 4, 6, … until a picture shows few voxels."""
        most = self.whole_nm / min(self.voxel_nm.values()) / FEWEST_VOXELS
        steps = [1.0]
        while (following := _after(steps[-1])) <= most:
            steps.append(following)
        return tuple(steps)

    def first_nm(self, axis: str) -> float:
        """The middle of the first voxel."""
        return self.low_nm[axis] + self.voxel_nm[axis] / 2

    def nearest(self, position_nm: Sequence[float]) -> Vector:
        """The middle of the voxel at a position, or of the nearest; 0 along axes that the frame lacks."""
        x, y, z = (self._nearest_along(axis, at) for axis, at in zip("xyz", position_nm, strict=True))
        return (x, y, z)

    def _nearest_along(self, axis: str, at_nm: float) -> float:
        if axis not in self.voxel_nm:
            return 0.0
        voxel = self.voxel_nm[axis]
        # Between two voxels it is the upper one: a voxel begins with its lower edge.
        index = min(max(math.floor((at_nm - self.low_nm[axis]) / voxel + 1e-9), 0), self.counts[axis] - 1)
        return _short(self.first_nm(axis) + index * voxel)


def _after(zoom: float) -> float:
    """The next zoom: 1, 1.5, 2, 3, 4, 6, …"""
    power = 2.0 ** math.floor(math.log2(zoom))
    return power * 1.5 if zoom == power else power * 2


def frame_of(volume: Volume) -> Frame:
    """The frame that ``volume`` fills."""
    low, high = extent_nm(volume)
    level = volume.levels[0]
    sizes = dict(zip(volume.axes, level["shape"], strict=True))
    axes = [axis for axis in "xyz" if axis in low]
    return Frame(
        low_nm={axis: low[axis] for axis in axes},
        high_nm={axis: high[axis] for axis in axes},
        voxel_nm={axis: level["scale_nm"][axis] for axis in axes},
        counts={axis: sizes[axis] for axis in axes},
    )


@dataclass(frozen=True)
class SliceView:
    """What is looked at, and how.

    ``around_nm`` is what the planes across the axes are centred on, as far as the volume's edges allow. ``image`` is a
    layer's name (``path`` or ``path#channel``) or empty; ``window`` is None for the volume's own contrast.
    """

    position_nm: Vector
    around_nm: Vector
    image: str
    labels: tuple[str, ...]
    zoom: float = 1.0
    tilt: tuple[int, int, int] = DEFAULT_TILT
    opacity: float = LABEL_OPACITY
    window: tuple[float, float] | None = None
    has_lines: bool = True
    time: int = 0


def moved_to(view: SliceView, position_nm: Sequence[float], frame: Frame) -> SliceView:
    """``view`` at another place; its pictures move along where the place comes near their edge."""
    place = frame.nearest(position_nm)
    width_nm = frame.whole_nm / view.zoom
    around = list(view.around_nm)
    for index, axis in enumerate("xyz"):
        if axis in frame.axes:
            distance = abs(place[index] - _middle(view, frame, axis))
            if distance > width_nm * INNER_PART / 2:
                around[index] = place[index]
    return _settled(replace(view, position_nm=place, around_nm=(around[0], around[1], around[2])), frame)


def zoomed_to(view: SliceView, zoom: float, frame: Frame) -> SliceView:
    """``view`` at the step of zoom nearest to ``zoom``, its place in the middle."""
    nearest = min(frame.zooms, key=lambda step: abs(math.log(step / zoom)))
    around = view.around_nm if nearest == view.zoom else view.position_nm
    return _settled(replace(view, zoom=nearest, around_nm=around), frame)


def zoomed_by(view: SliceView, steps: int, frame: Frame) -> SliceView:
    """``view`` so many steps of zoom nearer, or farther away."""
    index = min(max(frame.zooms.index(view.zoom) + steps, 0), len(frame.zooms) - 1)
    return zoomed_to(view, frame.zooms[index], frame)


def stepped(view: SliceView, axis: str, voxels: int, frame: Frame) -> SliceView:
    """``view`` so many voxels along an axis."""
    place = list(view.position_nm)
    if axis in frame.axes:
        place["xyz".index(axis)] += voxels * frame.voxel_nm[axis]
    return moved_to(view, place, frame)


def clicked(view: SliceView, frame: Frame, name: str, across: float, down: float) -> SliceView:
    """``view`` at what is seen in plane ``name`` at these parts of its width and height, each from 0 to 1."""
    plane = planes_of(view, frame).get(name)
    if plane is None:
        return view
    width_nm = plane.width * plane.nm_per_pixel
    x, y, z = (
        centre + (across - 0.5) * width_nm * right + (down - 0.5) * width_nm * below
        for centre, right, below in zip(plane.centre_nm, plane.right, plane.down, strict=True)
    )
    return moved_to(view, (x, y, z), frame)


def planes_of(view: SliceView, frame: Frame) -> dict[str, Plane]:
    """The planes by name, all of one scale: those across the axes the frame has, and the tilted one in a volume."""
    nm_per_pixel = _short(frame.whole_nm / view.zoom / SIDE_PIXELS)
    planes = {}
    for name, (right, down) in SLICE_AXES.items():
        if {right, down} <= set(frame.axes):
            x, y, z = (
                _middle(view, frame, axis) if axis in (right, down) else at
                for axis, at in zip("xyz", view.position_nm, strict=True)
            )
            planes[name] = Plane(
                (x, y, z), nm_per_pixel, SIDE_PIXELS, SIDE_PIXELS, axis_direction(right), axis_direction(down)
            )
    if frame.axes == "xyz":
        right_nm, down_nm, _ = turned_axes(view.tilt)
        planes[TILTED] = Plane(view.position_nm, nm_per_pixel, SIDE_PIXELS, SIDE_PIXELS, right_nm, down_nm)
    return planes


def _settled(view: SliceView, frame: Frame) -> SliceView:
    """One view for what looks the same: around its place, where the pictures would lie there anyway."""
    alike = replace(view, around_nm=view.position_nm)
    is_alike = all(_middle(view, frame, axis) == _middle(alike, frame, axis) for axis in frame.axes)
    return alike if is_alike else view


def _middle(view: SliceView, frame: Frame, axis: str) -> float:
    """What the pictures show in their middle along an axis: nothing beyond the edges, unless all of it fits."""
    low, high = frame.low_nm[axis], frame.high_nm[axis]
    half_nm = frame.whole_nm / view.zoom / 2
    if 2 * half_nm >= high - low:
        return _short((low + high) / 2)
    return _short(min(max(view.around_nm["xyz".index(axis)], low + half_nm), high - half_nm))


def _short(number: float) -> float:
    """Without the noise of arithmetic: the same place has the same address."""
    return float(f"{number:.10g}")
