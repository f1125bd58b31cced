"""What the page of slices says, as data: pictures that the server cuts, and the form that moves them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np
from django.http import QueryDict
from django.urls import reverse

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.neuroglancer_links import layer_colour
from datasets.catalogue.pages.layers import layer_heading
from datasets.catalogue.pages.slice_addresses import number, numbers, query_of
from datasets.catalogue.pages.slice_layers import LABELS_AT_ONCE, SliceLayers, contrast_bounds, slice_layers, time_count
from datasets.catalogue.pages.slice_requests import requested_slices
from datasets.catalogue.pages.slice_views import SIDE_PIXELS, TILTED, Frame, SliceView, frame_of, planes_of
from datasets.catalogue.presentation import ScaleBar, format_list, format_place, scale_bar
from datasets.catalogue.queries.visibility import is_open
from datasets.volumes.planes import SLICE_AXES, Plane

SIDES = (288, 328, 358, 376, 396, 448, 484, 512)
"""How wide a picture may stand on a page, in CSS pixels: a browser without a script says where it was clicked in those
of the page, and the name of what was clicked says how wide that was. ``cuts-sizes.css`` chooses among them."""

_ORDER = ("xy", "yz", "xz", TILTED)
_ACROSS = {name: next(axis for axis in "xyz" if axis not in along) for name, along in SLICE_AXES.items()}


@dataclass(frozen=True)
class Slider:
    """A number that is set by sliding: its field's name, what it is called, and its bounds."""

    name: str
    title: str
    low: str
    high: str
    step: str
    value: str
    said: str
    back: str = ""
    forth: str = ""


@dataclass(frozen=True)
class Line:
    """A line over a picture, from edge to edge, in its pixels; ``kind`` is "across", "down" or "tilted"."""

    kind: str
    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True)
class Cut:
    """One plane: its picture, what is drawn over it, and the sliders that move it."""

    name: str
    title: str
    axes: str
    where: str
    url: str
    alt: str
    lines: tuple[Line, ...]
    sliders: tuple[Slider, ...]


@dataclass(frozen=True)
class LayerChoice:
    """A layer that can be shown or not."""

    name: str
    title: str
    heading: str
    colour: str
    is_on: bool


@dataclass(frozen=True)
class ZoomChoice:
    """A step of zoom, in words."""

    value: str
    title: str
    is_on: bool


@dataclass(frozen=True)
class SlicesForm:
    """What is seen and everything that can be set.

    ``query`` and ``here_url`` lead to the same again, ``view_url`` to the viewer at the same place.
    """

    cuts: tuple[Cut, ...]
    side: int
    sides: tuple[int, ...]
    scale: ScaleBar | None
    position: str
    from_value: str
    around: str
    zoom: str
    zooms: tuple[ZoomChoice, ...]
    can_zoom_in: bool
    can_zoom_out: bool
    images: tuple[LayerChoice, ...]
    labels: tuple[LayerChoice, ...]
    most_labels: int
    image: str
    opacity: Slider | None
    contrast: tuple[Slider, ...]
    time: Slider | None
    has_lines: bool
    query: str
    here_url: str
    view_url: str
    said: str


@dataclass(frozen=True)
class SlicesPage:
    """The page of a version's slices; ``form`` is None where nothing can be shown."""

    reference: str
    title: str
    url: str
    may_be_indexed: bool
    form: SlicesForm | None


def slices_page(version: DatasetVersion, form: SlicesForm | None, *, is_start: bool) -> SlicesPage:
    """The page of ``version``; ``is_start`` says that no place is named: only that one is for search engines."""
    return SlicesPage(
        reference=str(version),
        title=version.title,
        url=reverse("catalogue:dataset", kwargs={"ref": str(version)}),
        may_be_indexed=is_start and is_open(version),
        form=form,
    )


def slices_form(version: DatasetVersion, query: QueryDict, *, site_url: str) -> SlicesForm | None:
    """The form of ``version`` that shows what ``query`` asks for; None where nothing can be shown.

    Args:
        version: with its content loaded.
        query: an address of the page, or its form.
        site_url: absolute address of the site, without a trailing slash.

    Raises:
        QueryInvalid, NotFound.
    """
    layers = slice_layers(version)
    if layers is None:
        return None
    frame = frame_of(layers.frame)
    view = requested_slices(query, version, layers, frame)
    planes = planes_of(view, frame)
    here = query_of(view)
    viewed = {"layers": ",".join(filter(None, (view.image, *view.labels))), "position": numbers(view.position_nm)}
    step = frame.zooms.index(view.zoom)
    labels = [_choice(volume.path, volume.title, volume, view.labels) for volume in layers.labels]
    images = [_choice(it.part.name, it.title, it.volume, (view.image,)) for it in layers.images]
    if images and labels:
        images.append(LayerChoice("", "No image", "", "", not view.image))
    return SlicesForm(
        cuts=tuple(_cut(version, layers, frame, view, name, planes[name], planes) for name in _ORDER if name in planes),
        side=SIDE_PIXELS,
        sides=SIDES,
        scale=scale_bar(frame.whole_nm / view.zoom),
        position=numbers(view.position_nm).replace(",", ", "),
        from_value=numbers(view.position_nm),
        around=numbers(view.around_nm),
        zoom=f"{view.zoom:g}",
        zooms=tuple(ZoomChoice(f"{it:g}", f"{it:g}\u00a0×", it == view.zoom) for it in frame.zooms),
        can_zoom_in=step + 1 < len(frame.zooms),
        can_zoom_out=step > 0,
        images=tuple(images),
        labels=tuple(labels),
        most_labels=LABELS_AT_ONCE if len(labels) > LABELS_AT_ONCE else 0,
        image=view.image,
        opacity=_opacity(view) if view.image and view.labels else None,
        contrast=_contrast(layers, view),
        time=_time(layers, view),
        has_lines=view.has_lines,
        query=here,
        here_url=f"{site_url}{reverse('catalogue:slices', kwargs={'ref': str(version)})}?{here}",
        view_url=f"{reverse('catalogue:viewer', kwargs={'ref': str(version)})}?{urlencode(viewed, safe=',/')}",
        said=f"At {_place(view, frame)}",
    )


def _cut(
    version: DatasetVersion,
    layers: SliceLayers,
    frame: Frame,
    view: SliceView,
    name: str,
    plane: Plane,
    planes: dict[str, Plane],
) -> Cut:
    shown = layers.image(view.image)
    titles = ([shown.title] if shown else []) + [volume.title for volume in layers.shown(view.labels)]
    what = format_list(titles) or "nothing"
    url = cut_picture_url(version, layers, view, plane)
    if name == TILTED:
        angles = [f"{angle}° about {axis}" for axis, angle in zip("xyz", view.tilt, strict=True) if angle]
        where = ", ".join(angles) or "0°, as xy"
        return Cut(
            name=name,
            title="Tilted",
            axes="",
            where=where,
            url=url,
            alt=f"Slice tilted by {where}, through {_place(view, frame)}: {what}",
            lines=tuple(_axis_lines(plane, view)),
            sliders=tuple(
                Slider(f"about_{axis}", f"About {axis}", "-180", "180", "1", str(angle), f"{angle}°")
                for axis, angle in zip("xyz", view.tilt, strict=True)
            ),
        )
    right, down = SLICE_AXES[name]
    across = _ACROSS[name]
    lines = _axis_lines(plane, view)
    tilted = planes.get(TILTED)
    if tilted is not None:
        lines = [*lines, *_crossing(plane, tilted, view)]
    where = f"{across} = {_nm(view, across)}" if across in frame.axes else ""
    return Cut(
        name=name,
        title=name,
        axes=f"{right}\u00a0→ {down}\u00a0↓",
        where=where,
        url=url,
        alt=f"Slice in {right} and {down}{f' at {where}' if where else ''}: {what}",
        lines=tuple(lines),
        sliders=tuple(_axis_slider(frame, view, axis) for axis in _sliders_below(name, frame)),
    )


def _sliders_below(name: str, frame: Frame) -> str:
    """Below each plane stands the slider of what it is across; below a flat image those along it."""
    across = _ACROSS[name]
    return across if across in frame.axes else frame.axes


def _axis_slider(frame: Frame, view: SliceView, axis: str) -> Slider:
    last = frame.first_nm(axis) + (frame.counts[axis] - 1) * frame.voxel_nm[axis]
    at = view.position_nm["xyz".index(axis)]
    return Slider(
        name=axis,
        title=axis,
        low=number(frame.first_nm(axis)),
        high=number(last),
        step=number(frame.voxel_nm[axis]),
        value=number(at),
        said=_nm(view, axis),
        back=f"{axis}-1" if frame.counts[axis] > 1 else "",
        forth=f"{axis}+1" if frame.counts[axis] > 1 else "",
    )


def cut_picture_url(version: DatasetVersion, layers: SliceLayers, view: SliceView, plane: Plane) -> str:
    """The address of a picture; empty where no layer is on."""
    shown = layers.image(view.image)
    labels = [volume.path for volume in layers.shown(view.labels)]
    if shown is None and not labels:
        return ""
    base = shown.volume.path if shown else labels[0]
    overlays = labels if shown else labels[1:]
    normal = np.cross(plane.right, plane.down)
    query: list[tuple[str, str]] = [
        ("center", numbers(plane.centre_nm)),
        ("normal", _direction(normal)),
        ("up", _direction([-it for it in plane.down])),
        ("width", str(plane.width)),
        ("height", str(plane.height)),
        ("resolution", number(plane.nm_per_pixel)),
        ("format", "jpeg"),
        *(("overlay", path) for path in overlays),
    ]
    if overlays:
        query.append(("opacity", f"{view.opacity if shown else 1:g}"))
    if shown and view.window:
        query.append(("window", numbers(view.window)))
    if shown and shown.part.title:
        query.append(("c", str(shown.part.index)))
    if view.time:
        query.append(("t", str(view.time)))
    address = reverse("serving:slice", kwargs={"ref": str(version), "path": base})
    return f"{address}?{urlencode(query, safe=',/')}"


def _axis_lines(plane: Plane, view: SliceView) -> list[Line]:
    """Where the other planes across the axes meet this one: through the place, to the right and down."""
    x, y = _pixel(plane, view)
    side = str(plane.width)
    return [Line("across", "0", number(y), side, number(y)), Line("down", number(x), "0", number(x), side)]


def _crossing(plane: Plane, tilted: Plane, view: SliceView) -> Iterable[Line]:
    """Where the tilted plane meets this one; nothing where they are parallel."""
    along = np.cross(np.cross(plane.right, plane.down), np.cross(tilted.right, tilted.down))
    if np.linalg.norm(along) < 1e-6:
        return
    dx, dy = float(np.dot(along, plane.right)), float(np.dot(along, plane.down))
    reach = 2 * plane.width / float(np.hypot(dx, dy))
    x, y = _pixel(plane, view)
    yield Line("tilted", *(number(it) for it in (x - dx * reach, y - dy * reach, x + dx * reach, y + dy * reach)))


def _pixel(plane: Plane, view: SliceView) -> tuple[float, float]:
    """Where the place lies in the picture, in pixels from its upper left corner."""
    away = np.subtract(view.position_nm, plane.centre_nm) / plane.nm_per_pixel
    middle = plane.width / 2
    return middle + float(np.dot(away, plane.right)), middle + float(np.dot(away, plane.down))


def _opacity(view: SliceView) -> Slider:
    return Slider("opacity", "Opacity of labels", "0", "1", "0.05", f"{view.opacity:g}", f"{view.opacity:.0%}")


def _contrast(layers: SliceLayers, view: SliceView) -> tuple[Slider, ...]:
    shown = layers.image(view.image)
    bounds = contrast_bounds(shown) if shown else None
    if shown is None or bounds is None:
        return ()
    window = view.window or shown.part.window or bounds
    step = 1.0 if np.dtype(shown.volume.dtype).kind in "iu" else _short((bounds[1] - bounds[0]) / 500)
    return tuple(
        Slider(name, title, number(bounds[0]), number(bounds[1]), number(step), number(value), f"{value:.6g}")
        for name, title, value in zip(("darkest", "brightest"), ("Darkest", "Brightest"), window, strict=True)
    )


def _time(layers: SliceLayers, view: SliceView) -> Slider | None:
    count = time_count(layers, view.image, view.labels)
    if count < 2:
        return None
    said = f"{view.time + 1} of {count}"
    return Slider("time", "Time", "0", str(count - 1), "1", str(view.time), said, "time-1", "time+1")


def _choice(name: str, title: str, volume: Volume, on: Sequence[str]) -> LayerChoice:
    return LayerChoice(name, title, layer_heading(volume), layer_colour(volume), name in on)


def _place(view: SliceView, frame: Frame) -> str:
    return format_place({axis: view.position_nm["xyz".index(axis)] for axis in frame.axes})


def _nm(view: SliceView, axis: str) -> str:
    return f"{view.position_nm['xyz'.index(axis)]:,.10g}\u00a0nm"


def _direction(vector: Sequence[float] | np.ndarray) -> str:
    return ",".join(f"{round(float(it), 6) + 0.0:g}" for it in vector)


def _short(value: float) -> float:
    return float(f"{value:.2g}")
