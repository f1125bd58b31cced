"""What the page of slices is asked for: an address that someone kept, or its own form, which moves what is seen."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import Any

from django.http import QueryDict

from datasets.catalogue.models import DatasetVersion, View
from datasets.catalogue.neuroglancer_links import PIXELS_ACROSS
from datasets.catalogue.pages.slice_layers import SliceLayers, chosen_layers, contrast_bounds, time_count
from datasets.catalogue.pages.slice_views import (
    DEFAULT_TILT,
    Frame,
    SliceView,
    clicked,
    moved_to,
    stepped,
    zoomed_by,
    zoomed_to,
)
from datasets.catalogue.queries.datasets import find_view
from datasets.catalogue.state_requests import QueryInvalid, read_position
from datasets.volumes.planes import Vector, middle_of
from datasets.volumes.turns import angles_of

_FORM = "from"
"""A request with this parameter comes from the page's form; it says where the page was."""

_CLICK = re.compile(r"(xy|xz|yz|tilted)-([1-9][0-9]{1,4})\.x")
_MOST_STEPS = 16
_STEP = re.compile(r"(x|y|z|zoom|time|about_[xyz])([+-][1-9][0-9]{0,5})")


def is_of_form(query: QueryDict) -> bool:
    """Whether the page's form was sent, and not an address opened."""
    return _FORM in query


def state_in(query: QueryDict) -> dict[str, Any] | None:
    """The viewer's state that stands in the query as JSON, ``state``; None where there is none.

    Raises:
        QueryInvalid: it cannot be read.
    """
    if "state" not in query:
        return None
    try:
        state = json.loads(query.get("state", ""))
    except (ValueError, RecursionError):
        state = None
    if not isinstance(state, dict):
        raise QueryInvalid("This is no state of the viewer", where="state", fix="Give a Neuroglancer state as JSON")
    return state


def requested_slices(query: QueryDict, version: DatasetVersion, layers: SliceLayers, frame: Frame) -> SliceView:
    """What ``query`` asks to see. A place outside the volume is taken for its nearest voxel.

    An address has ``position``, ``around``, ``zoom`` (or ``across``, the width in nm), ``tilt``, ``layers``,
    ``opacity``, ``window``, ``lines`` and ``time``, or a curator's ``view``. The form has fields of its own.

    Raises:
        QueryInvalid, NotFound.
    """
    return _of_form(query, version, layers, frame) if is_of_form(query) else _of_address(query, version, layers, frame)


def _of_address(query: QueryDict, version: DatasetVersion, layers: SliceLayers, frame: Frame) -> SliceView:
    scene = find_view(version, name) if (name := query.get("view")) else None
    if "layers" in query:
        image, labels = chosen_layers(version, layers, filter(None, query.get("layers", "").split(",")))
    elif scene:
        image, labels = chosen_layers(version, layers, scene.layers)
    else:
        image, labels = layers.usual_image, layers.usual_labels
    view = _at(_place(query, "position") or _place_of(scene) or middle_of(frame.low_nm, frame.high_nm), frame)
    view = replace(
        view,
        image=image,
        labels=labels,
        tilt=_angles(tilt) if (tilt := query.get("tilt")) else _tilt_of(scene),
        window=_window(window) if (window := query.get("window")) else None,
        has_lines=query.get("lines") != "0",
    )
    view = replace(view, opacity=_part(query.get("opacity", ""), view.opacity))
    view = replace(view, time=_index(query.get("time", ""), time_count(layers, view.image, view.labels)))
    if query.get("zoom"):
        zoom = _positive(query, "zoom")
    elif across_nm := _positive(query, "across") if query.get("across") else _width_of(scene):
        zoom = frame.whole_nm / across_nm
    else:
        zoom = 1.0
    view = zoomed_to(view, min(max(zoom, 1.0), frame.zooms[-1]), frame)
    around = _place(query, "around")
    return moved_to(replace(view, around_nm=frame.nearest(around)), view.position_nm, frame) if around else view


def _of_form(query: QueryDict, version: DatasetVersion, layers: SliceLayers, frame: Frame) -> SliceView:
    """Where the page was, then the one thing that was done there: each field says its own state beside the others'."""
    place = _at(_place(query, _FORM) or middle_of(frame.low_nm, frame.high_nm), frame)
    image, labels = chosen_layers(version, layers, filter(None, [query.get("image", ""), *query.getlist("layer")]))
    view = replace(
        place,
        image=image,
        labels=labels,
        tilt=_angles(",".join(query.get(f"about_{axis}", "0") for axis in "xyz")),
        opacity=_part(query.get("opacity", ""), place.opacity),
        has_lines=query.get("lines") == "1",
        time=_index(query.get("time", ""), time_count(layers, image, labels)),
    )
    view = replace(view, window=_form_window(query, layers, image))
    was = _positive(query, "was_zoom") if query.get("was_zoom") else 1.0
    view = zoomed_to(view, min(max(was, 1.0), frame.zooms[-1]), frame)
    if around := _place(query, "around"):
        view = replace(view, around_nm=frame.nearest(around))
    before = view
    view = moved_to(view, _form_place(query, view.position_nm, frame), frame)
    if query.get("zoom"):
        view = zoomed_to(view, min(max(_positive(query, "zoom"), 1.0), frame.zooms[-1]), frame)
    for step in filter(None, map(_STEP.fullmatch, query.getlist("step")[:_MOST_STEPS])):
        view = _stepped(view, step[1], int(step[2]), layers, frame)
    for name in query:
        if click := _CLICK.fullmatch(name):
            across, down = (_pixel(query, f"{name[:-1]}{axis}") for axis in "xy")
            # The keyboard presses a picture at its corner: nobody pointed at anything.
            if (across, down) != (0, 0):
                side = int(click[2])
                return clicked(before, frame, click[1], (across + 0.5) / side, (down + 0.5) / side)
    return view


def _at(position_nm: Vector | tuple[float, ...], frame: Frame) -> SliceView:
    place = frame.nearest(position_nm)
    return SliceView(position_nm=place, around_nm=place, image="", labels=(), tilt=DEFAULT_TILT)


def _stepped(view: SliceView, what: str, count: int, layers: SliceLayers, frame: Frame) -> SliceView:
    if what == "zoom":
        return zoomed_by(view, count, frame)
    if what == "time":
        return replace(view, time=min(max(view.time + count, 0), time_count(layers, view.image, view.labels) - 1))
    if what.startswith("about_"):
        turned = [angle + count * (what[-1] == axis) for axis, angle in zip("xyz", view.tilt, strict=True)]
        return replace(view, tilt=_angles(",".join(map(str, turned))))
    return stepped(view, what, count, frame)


def _form_place(query: QueryDict, was_nm: Vector, frame: Frame) -> tuple[float, ...]:
    """Where the form leads to: the sliders that were moved, and else the place that is written."""
    written = query.get("position", "").strip()
    place = list(read_position(re.sub(r"[\s,;]+", ",", written)) if written else was_nm)
    slid = list(was_nm)
    for index, axis in enumerate("xyz"):
        if query.get(axis):
            slid[index] = _number(query, axis)
    for index, (was, now) in enumerate(zip(frame.nearest(was_nm), frame.nearest(slid), strict=True)):
        if was != now:
            place[index] = now
    return tuple(place)


def _form_window(query: QueryDict, layers: SliceLayers, image: str) -> tuple[float, float] | None:
    """The contrast that the form sets; None where it is the image's own, or was that of another image."""
    shown = layers.image(image)
    if shown is None or query.get("window_of") != image or not (query.get("darkest") and query.get("brightest")):
        return None
    bounds = contrast_bounds(shown)
    low, high = _number(query, "darkest"), _number(query, "brightest")
    if bounds is None or [low, high] == list(shown.part.window or bounds):
        return None
    # Two sliders can be drawn past each other.
    return (low, high) if low < high else (high, low) if high < low else None


def _place(query: QueryDict, name: str) -> tuple[float, ...] | None:
    return read_position(text) if (text := query.get(name)) else None


def _place_of(scene: View | None) -> tuple[float, ...] | None:
    return tuple(scene.position_nm) if scene and scene.position_nm else None


def _width_of(scene: View | None) -> float | None:
    return scene.nm_per_pixel * PIXELS_ACROSS if scene and scene.nm_per_pixel else None


def _tilt_of(scene: View | None) -> tuple[int, int, int]:
    if scene is None or not scene.orientation:
        return DEFAULT_TILT
    x, y, z = (round(angle) for angle in angles_of(scene.orientation))
    return x, y, z


def _angles(text: str) -> tuple[int, int, int]:
    values = [_float(part) for part in text.split(",")]
    if len(values) != 3 or not all(abs(value) < 1e9 for value in values):
        raise QueryInvalid(f"{text[:60]!r} is no tilt", where="tilt", fix="Give degrees about x, y, z, such as 45,0,0")
    x, y, z = ((round(value) + 180) % 360 - 180 for value in values)
    return x, y, z


def _window(text: str) -> tuple[float, float]:
    values = [_float(part) for part in text.split(",")]
    if len(values) != 2 or not values[0] < values[1]:
        raise QueryInvalid(
            f"{text[:60]!r} is no contrast", where="window", fix="Give the darkest and the brightest value: 40,200"
        )
    return values[0], values[1]


def _part(text: str, default: float) -> float:
    if not text:
        return default
    value = _float(text)
    if not 0 <= value <= 1:
        raise QueryInvalid(f"{text[:60]!r} is no opacity", where="opacity", fix="Give a number from 0 to 1")
    return round(value, 2)


def _index(text: str, count: int) -> int:
    if text and not re.fullmatch(r"[0-9]{1,9}", text):
        raise QueryInvalid(f"{text[:60]!r} is no moment", where="time", fix="Count them from 0")
    return min(int(text or 0), count - 1)


def _positive(query: QueryDict, name: str) -> float:
    value = _number(query, name)
    if not value > 0:
        raise QueryInvalid(f"{query.get(name, '')[:60]!r} is not above 0", where=name, fix="Give a number above 0")
    return value


def _pixel(query: QueryDict, name: str) -> int:
    text = query.get(name, "")
    if not re.fullmatch(r"-?[0-9]{1,5}", text):
        raise QueryInvalid(f"{text[:60]!r} is no pixel", where=name, fix="Click in the picture")
    return max(int(text), 0)


def _number(query: QueryDict, name: str) -> float:
    value = _float(query.get(name, ""))
    if math.isnan(value):
        raise QueryInvalid(
            f"{query.get(name, '')[:60]!r} is not a number", where=name, fix="Give a number, such as 1250"
        )
    return value


def _float(text: str) -> float:
    """The number, or NaN where it is none, or none that anything here can be."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if abs(value) < 1e15 else math.nan
