"""The still slices of a version: which volume they show, where they lie, and how a page lays them out.

They are what a browser without WebGL 2 or JavaScript sees at once: one middle slice across each space axis. Through any
other place leads the page of slices (pages/slices.py), which shows the same volumes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from datasets.catalogue.models import DatasetVersion, OrganelleClass, Volume
from datasets.catalogue.models.volume import LABEL_KINDS, extent_nm, first_image
from datasets.catalogue.pictures import MIDDLE, small_name, small_widths
from datasets.catalogue.presentation import ScaleBar, format_extent, format_list, scale_bar
from datasets.catalogue.queries.datasets import segmentation_of
from datasets.volumes.planes import SLICE_AXES, Plane, middle_of, middle_slice

WIDTH, HEIGHT = 1200, 750
"""Pixels of a picture: 16:10, as the pages show them."""

LAYER_WIDTH = 960
"""Pixels across the picture of one layer, of the same shape."""

LONGEST_SIDE = 1200
"""Pixels of the longer side of the largest slice."""

PIXELS_PER_VOXEL = 8
"""A picture of few voxels is smaller: beyond this, more pixels show nothing more."""

SHAPES_ALIKE = 2.5
"""Up to this ratio between the longest and the shortest side, three slices fit together like an unfolded box."""

LABELS_TOGETHER = 8
"""A picture shows at most so many organelle classes at once."""


@dataclass(frozen=True)
class Slice:
    """One slice: its pictures without and with labels (empty where there is none), and how large they are."""

    name: str
    right: str
    down: str
    em_url: str
    labels_url: str
    alt: str
    where: str
    width: int
    height: int
    scale: ScaleBar | None

    @property
    def best_url(self) -> str:
        return self.labels_url or self.em_url


@dataclass(frozen=True)
class Slices:
    """The slices of a version in the order xy, yz, xz; ``unfolded`` when they fit together in proportion."""

    planes: tuple[Slice, ...]
    labels: str
    unfolded: bool

    @property
    def columns(self) -> str:
        """The widths of the first two slices as CSS fractions."""
        return " ".join(f"minmax(0, {plane.width}fr)" for plane in self.planes[:2])


def is_pictured(volume: Volume) -> bool:
    """Whether a picture of ``volume`` can be drawn: it is looked at, and has at least x and y."""
    return bool(volume.is_shown and {"x", "y"} <= set(volume.axes))


def base_image(volumes: Sequence[Volume]) -> Volume | None:
    """The image that pictures show, below any labels: the first electron micrograph, else the first image."""
    images = [volume for volume in volumes if is_pictured(volume) and volume.kind not in LABEL_KINDS]
    return first_image(images)


def framing_volume(volumes: Sequence[Volume]) -> Volume | None:
    """The volume whose extent the pictures show: the image, or the first labels where there is no image."""
    return base_image(volumes) or next((volume for volume in volumes if is_pictured(volume)), None)


def pictured_labels(volumes: Sequence[Volume]) -> list[Volume]:
    """The label volumes that a picture of the whole shows.

    Where organelles are labelled, one volume for each class, whole organelles before parts of them; else the first
    labels alone, since objects that have colours of their own cannot be told apart when several volumes overlap.
    """
    labels = [volume for volume in volumes if is_pictured(volume) and volume.kind in LABEL_KINDS]
    by_class: dict[OrganelleClass, Volume] = {}
    for volume in labels:
        if organelle := single_class(volume):
            by_class.setdefault(organelle, volume)
    whole = [volume for organelle, volume in by_class.items() if organelle.parent_id is None]
    together = whole if len(whole) > 1 else list(by_class.values())
    return together[:LABELS_TOGETHER] if len(together) > 1 else labels[:1]


def single_class(volume: Volume) -> OrganelleClass | None:
    """The one organelle class that ``volume`` shows, whether as one or object by object."""
    segmentation = segmentation_of(volume)
    if segmentation is None:
        return None
    present = [it.organelle for it in segmentation.coverage.all() if it.found == it.Found.PRESENT]
    return present[0] if len(present) == 1 else None


def slice_planes(volume: Volume) -> dict[str, Plane]:
    """The middle slices of ``volume`` by name, all at one scale; a flat image has "xy" alone."""
    low, high = extent_nm(volume)
    longest_nm = max(high[axis] - low[axis] for axis in low if axis in "xyz")
    nm_per_pixel = max(longest_nm / LONGEST_SIDE, shortest_nm(volume.levels[0]) / PIXELS_PER_VOXEL)
    planes = {name: middle_slice(name, low, high, nm_per_pixel=nm_per_pixel) for name in SLICE_AXES}
    return {name: plane for name, plane in planes.items() if plane is not None}


def shortest_nm(level: Mapping[str, Any]) -> float:
    """The shortest side of a level's voxels, in nm."""
    sides: Mapping[str, float] = level["scale_nm"]
    return min(size for axis, size in sides.items() if axis in "xyz")


def slice_picture(name: str, *, labels: bool) -> str:
    """The name of the picture of a slice."""
    return f"slice-{name}-labels" if labels else f"slice-{name}"


def slices_of(version: DatasetVersion, pictures: Collection[str]) -> Slices:
    """The slices of ``version`` that have a picture.

    Args:
        version: with its volumes loaded.
        pictures: the names of its pictures.
    """
    volumes = list(version.volumes.all())
    volume = framing_volume(volumes)
    if volume is None:
        return Slices((), "", unfolded=False)
    low, high = extent_nm(volume)
    middle = dict(zip("xyz", middle_of(low, high), strict=True))
    labels = format_list([_title(it) for it in pictured_labels(volumes)])
    found = []
    for name, plane in slice_planes(volume).items():
        em, coloured = (picture_url(version, slice_picture(name, labels=it), pictures) for it in (False, True))
        if not em and not coloured:
            continue
        right, down = SLICE_AXES[name]
        across = next(axis for axis in "zyx" if axis not in (right, down))
        place = f"{across} = {middle[across]:.10g}\u00a0nm · " if across in low else ""
        size = format_extent({"x": high[right] - low[right], "y": high[down] - low[down]})
        found.append(
            Slice(
                name=name,
                right=right,
                down=down,
                em_url=em,
                labels_url=coloured,
                alt=f"Middle slice in {right} and {down} of {volume.title}"
                + (f", {labels} in colour" if coloured else ""),
                where=place + size,
                width=plane.width,
                height=plane.height,
                scale=scale_bar(plane.width * plane.nm_per_pixel),
            )
        )
    ordered = sorted(found, key=lambda it: ("xy", "yz", "xz").index(it.name))
    sides = [side for it in ordered for side in (it.width, it.height)]
    return Slices(
        planes=tuple(ordered),
        labels=labels if any(it.labels_url for it in ordered) else "",
        unfolded=len(ordered) == len(SLICE_AXES) and max(sides) <= SHAPES_ALIKE * min(sides),
    )


def _title(volume: Volume) -> str:
    segmentation = segmentation_of(volume)
    classes = [it.organelle.long_name for it in segmentation.coverage.all()] if segmentation else []
    return classes[0] if len(classes) == 1 else volume.title


@dataclass(frozen=True)
class Picture:
    """A picture by its address, empty where there is none, and the widths it can be had in, by address."""

    url: str = ""
    widths: tuple[tuple[int, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.url)

    @property
    def srcset(self) -> str:
        """All widths, as HTML lists them."""
        return _srcset(self.widths)

    @property
    def small_srcset(self) -> str:
        """Those for a card."""
        return _srcset(it for it in self.widths if it[0] <= MIDDLE)


NO_PICTURE = Picture()


def _srcset(widths: Iterable[tuple[int, str]]) -> str:
    return ", ".join(f"{url} {width}w" for width, url in widths)


def picture_of(version: DatasetVersion, name: str, pictures: Collection[str]) -> Picture:
    """The picture ``name`` in the widths that exist; in its own alone, where an earlier release has made it.

    Args:
        pictures: the names of those that exist.
    """
    url = picture_url(version, name, pictures)
    small = [width for width in small_widths(name) if small_name(name, width) in pictures]
    if not url or not small:
        return Picture(url)
    stem = url.removesuffix(".webp")
    whole = LAYER_WIDTH if name.startswith("layer-") else WIDTH
    return Picture(url, (*((width, f"{small_name(stem, width)}.webp") for width in small), (whole, url)))


def picture_url(version: DatasetVersion, name: str, pictures: Collection[str]) -> str:
    return reverse("catalogue:picture", kwargs={"ref": str(version), "name": name}) if name in pictures else ""
