"""The same slice of two that stand side by side, cut by the server: for browsers that cannot draw in 3D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datasets.catalogue.external_sources import seen_with
from datasets.catalogue.pages.slice_addresses import numbers
from datasets.catalogue.pages.slice_layers import SliceLayers, chosen_layers, slice_layers
from datasets.catalogue.pages.slice_views import SIDE_PIXELS, Frame, SliceView, frame_of
from datasets.catalogue.pages.slices import cut_picture_url
from datasets.catalogue.presentation import format_place
from datasets.catalogue.queries.comparisons import Compared
from datasets.volumes.planes import SLICE_AXES, Plane, Vector, axis_direction, middle_of


@dataclass(frozen=True)
class ComparedPicture:
    """One slice; no address where there is nothing to be drawn."""

    url: str
    alt: str
    side: int
    where: str


@dataclass(frozen=True)
class ComparedPictures:
    """The slices of both, in the same plane and at the same scale; ``position`` in words is the left one's."""

    left: ComparedPicture
    right: ComparedPicture
    plane: str
    planes: tuple[str, ...]
    position: str


@dataclass(frozen=True)
class _Cut:
    layers: SliceLayers
    frame: Frame
    view: SliceView


def compared_pictures(
    left: Compared, right: Compared, *, plane: str, position_nm: Sequence[float] | None, shares_space: bool
) -> ComparedPictures:
    """The slices of both.

    Args:
        plane: ``xy``, ``xz`` or ``yz``.
        position_nm: (x, y, z) in the space of the left one; its middle, where not given.
        shares_space: a place is the same in both; else the right one is cut as far from its middle.
    """
    one, other = _cut(left), _cut(right)
    first = one or other
    middle = _middle(first) if first else (0.0, 0.0, 0.0)
    place = _vector(position_nm) if position_nm else middle
    there = place
    if not shares_space and other:
        there = _vector([at + b - a for at, a, b in zip(place, middle, _middle(other), strict=True)])
    nm_per_pixel = max((cut.frame.whole_nm / SIDE_PIXELS for cut in (one, other) if cut), default=1.0)
    return ComparedPictures(
        left=_picture(left, one, plane, place, nm_per_pixel),
        right=_picture(right, other, plane, there, nm_per_pixel),
        plane=plane,
        planes=tuple(SLICE_AXES),
        position=numbers(place).replace(",", ", "),
    )


def _cut(it: Compared) -> _Cut | None:
    layers = slice_layers(it.version)
    if layers is None:
        return None
    image, labels = layers.usual_image, layers.usual_labels
    if it.volume is not None:
        image, labels = chosen_layers(it.version, layers, seen_with(it.volume, it.version.volumes.all()))
    frame = frame_of(layers.frame)
    middle = _vector(middle_of(frame.low_nm, frame.high_nm))
    return _Cut(layers, frame, SliceView(middle, middle, image, labels))


def _picture(it: Compared, cut: _Cut | None, name: str, place: Vector, nm_per_pixel: float) -> ComparedPicture:
    what = it.volume.title if it.volume else it.version.title
    right, down = SLICE_AXES[name]
    if cut is None or not {right, down} <= set(cut.frame.axes):
        return ComparedPicture("", "", SIDE_PIXELS, "")
    where = format_place(dict(zip(cut.frame.axes, (place["xyz".index(axis)] for axis in cut.frame.axes), strict=True)))
    plane = Plane(place, nm_per_pixel, SIDE_PIXELS, SIDE_PIXELS, axis_direction(right), axis_direction(down))
    return ComparedPicture(
        url=cut_picture_url(it.version, cut.layers, cut.view, plane),
        alt=f"{what}: slice in {right} and {down} at {where}",
        side=SIDE_PIXELS,
        where=where,
    )


def _middle(cut: _Cut) -> Vector:
    return cut.view.position_nm


def _vector(values: Sequence[float]) -> Vector:
    x, y, z = values
    return (x, y, z)
