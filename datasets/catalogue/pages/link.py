"""What the page says of a short link that no longer shows what it showed, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from datasets.catalogue.external_sources import opens_in_viewer
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.links import LinkChanged


@dataclass(frozen=True)
class ChangeOffer:
    """One change, and where to go instead; the addresses are empty where there is nowhere."""

    what: str
    layers: tuple[str, ...]
    instead: str
    instead_url: str
    same_place_url: str


@dataclass(frozen=True)
class ChangedLinkPage:
    """What has changed, and whether something is left to be shown."""

    status: int
    slug: str
    title: str
    changes: tuple[ChangeOffer, ...]
    part_url: str


def changed_link_page(error: LinkChanged, identifier: str) -> ChangedLinkPage:
    """The page about a changed link."""
    address = reverse("catalogue:short_link", kwargs={"identifier": identifier})
    return ChangedLinkPage(
        status=error.status,
        slug=error.slug,
        title=error.title,
        changes=tuple(
            ChangeOffer(
                what=change.what,
                layers=change.layers,
                instead=str(change.instead) if change.instead else "",
                instead_url=reverse("catalogue:dataset", kwargs={"ref": str(change.instead)}) if change.instead else "",
                same_place_url=_same_place(error.state, change.instead) if change.instead else "",
            )
            for change in error.changes
        ),
        part_url=f"{address}?part=1" if error.remaining else "",
    )


def _same_place(state: Any, instead: DatasetVersion) -> str:
    """The viewer of another version where ``state`` looked, with those of the layers it showed that are there, too."""
    paths = {volume.path for volume in instead.volumes.all() if opens_in_viewer(volume)}
    layers = state.get("layers") if isinstance(state, Mapping) else None
    shown = [
        layer["name"]
        for layer in (layers if isinstance(layers, list) else [])
        if isinstance(layer, Mapping) and layer.get("visible", True) and layer.get("name") in paths
    ]
    position = position_nm(state)
    query = {
        **({"layers": ",".join(shown)} if shown else {}),
        **({"position": ",".join(f"{at:.10g}" for at in position)} if position else {}),
    }
    url = reverse("catalogue:viewer", kwargs={"ref": str(instead)})
    return f"{url}?{urlencode(query, safe=',/')}" if query else url


def position_nm(state: Any) -> tuple[float, float, float] | None:
    """Where a Neuroglancer state looks, (x, y, z) in nm; None where it does not say so in lengths."""
    if not isinstance(state, Mapping):
        return None
    dimensions, position = state.get("dimensions"), state.get("position")
    if not isinstance(dimensions, Mapping) or not isinstance(position, list) or len(position) != len(dimensions):
        return None
    metres: dict[str, float] = {}
    for (name, dimension), at in zip(dimensions.items(), position, strict=True):
        match dimension:
            case [int() | float() as scale, "m"] if isinstance(at, int | float) and math.isfinite(at * scale):
                metres[name] = at * scale
    if not {"x", "y", "z"} <= metres.keys():
        return None
    return (metres["x"] * 1e9, metres["y"] * 1e9, metres["z"] * 1e9)
