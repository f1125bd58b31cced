"""The addresses at which the page of slices shows what it shows now, or what the viewer shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard
from urllib.parse import urlencode

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.neuroglancer_links import LABEL_OPACITY, PIXELS_ACROSS
from datasets.catalogue.pages.slice_views import SliceView
from datasets.volumes.turns import angles_of

_NM_PER_M = 1e9


def query_of(view: SliceView) -> str:
    """The query that leads to ``view``."""
    parts = {"position": numbers(view.position_nm)}
    if view.around_nm != view.position_nm:
        parts["around"] = numbers(view.around_nm)
    parts["zoom"] = f"{view.zoom:g}"
    parts["tilt"] = numbers(view.tilt)
    parts["layers"] = ",".join(filter(None, (view.image, *view.labels)))
    if view.opacity != LABEL_OPACITY:
        parts["opacity"] = f"{view.opacity:g}"
    if view.window is not None:
        parts["window"] = numbers(view.window)
    if not view.has_lines:
        parts["lines"] = "0"
    if view.time:
        parts["time"] = str(view.time)
    return urlencode(parts, safe=",/")


def query_of_state(version: DatasetVersion, state: Mapping[str, Any]) -> str:
    """The query with which the page of slices shows what a Neuroglancer state shows, as far as that can be read.

    Args:
        version: with its volumes loaded.
        state: of the viewer; anybody may have written it.
    """
    parts = {}
    units_nm = _units_nm(state.get("dimensions"))
    place = state.get("position")
    if units_nm and _are_numbers(place) and len(place) >= len(units_nm):
        x, y, z = (place[index] * nm for index, nm in units_nm)
        parts["position"] = numbers((x, y, z))
        scale = [state.get("crossSectionScale")]
        if _are_numbers(scale) and scale[0] > 0:
            parts["across"] = f"{scale[0] * min(nm for _, nm in units_nm) * PIXELS_ACROSS:.6g}"
    orientation = state.get("crossSectionOrientation")
    if _are_numbers(orientation) and len(orientation) == 4 and any(orientation):
        parts["tilt"] = numbers(tuple(round(angle) for angle in angles_of(orientation)))
    layers = state.get("layers")
    if isinstance(layers, list):
        paths = {volume.path for volume in version.volumes.all() if volume.is_shown}
        names = [str(it.get("name")) for it in layers if isinstance(it, dict) and _is_on(it)]
        parts["layers"] = ",".join(name for name in names if name.partition("#")[0] in paths)
    return urlencode(parts, safe=",/")


def numbers(values: Sequence[float]) -> str:
    """Numbers as they stand in an address: ``1250,1250,1250``."""
    return ",".join(map(number, values))


def number(value: float) -> str:
    """One of them; there is no -0."""
    return f"{value + 0.0:.10g}"


def _units_nm(dimensions: object) -> list[tuple[int, float]]:
    """Where x, y and z stand among a state's dimensions, and how many nm one unit of each is; nothing if one lacks."""
    found = []
    names = list(dimensions) if isinstance(dimensions, dict) else []
    for axis in "xyz":
        scale = dimensions.get(axis) if isinstance(dimensions, dict) else None
        if not isinstance(scale, list) or len(scale) != 2 or not _are_numbers(scale[:1]) or scale[1] not in _NM_PER:
            return []
        found.append((names.index(axis), scale[0] * _NM_PER[scale[1]]))
    return found


_NM_PER = {"m": _NM_PER_M, "nm": 1.0}


def _is_on(layer: Mapping[str, object]) -> bool:
    return layer.get("visible", True) is not False and layer.get("archived") is not True


def _are_numbers(values: object) -> TypeGuard[list[float]]:
    return isinstance(values, list) and all(
        isinstance(it, int | float) and not isinstance(it, bool) and math.isfinite(it) and abs(it) < 1e15
        for it in values
    )
