"""The layers of a version as pages and the viewer list them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from django.urls import reverse

from datasets.catalogue.addresses import layer_url
from datasets.catalogue.external_sources import seen_with
from datasets.catalogue.models import DatasetVersion, OrganelleClass, Volume
from datasets.catalogue.models.volume import LABEL_KINDS, Coverage, Kind
from datasets.catalogue.neuroglancer_links import layer_colour
from datasets.catalogue.organelles import OrganelleFact, load_facts
from datasets.catalogue.pages.cutout_offers import cutout_offer
from datasets.catalogue.pages.external import external_voxel
from datasets.catalogue.pages.opening import opening_links
from datasets.catalogue.presentation import format_bytes, format_voxel
from datasets.catalogue.queries.datasets import segmentation_of
from datasets.catalogue.queries.lineages import Lineage
from datasets.catalogue.queries.selections import layer_reference
from datasets.catalogue.viewer_dimensions import channel_layers

WAYS_IN_THE_VIEWER = {"open-neuroglancer", "open-napari", "open-fiji"}
"""Texts that the viewer's menu offers for each layer, beside links; the layer's page has the others."""


@dataclass(frozen=True)
class Dot:
    """The colour that stands for a layer; empty where each object has its own, ``is_image`` for grey images."""

    colour: str
    name: str
    is_image: bool = False
    url: str = ""


@dataclass(frozen=True)
class LayerRow:
    """A volume in the table of layers."""

    path: str
    selected_as: str
    title: str
    description: str
    what: str
    method: str
    method_detail: str
    dot: Dot
    voxel: str
    level_count: int
    dtype: str
    size: str
    elsewhere: str
    """The format of data that are not here."""

    page_url: str
    view_url: str
    data_url: str


@dataclass(frozen=True)
class LayerGroup:
    """The layers that show the same thing."""

    name: str
    layers: tuple[LayerRow, ...]


def describe_values(volume: Volume) -> str:
    """What the values of a volume are, in words that begin small."""
    segmentation = segmentation_of(volume)
    if segmentation is None:
        return str(Kind(volume.kind).label)
    words = {
        segmentation.Type.PROBABILITY: "probability map",
        segmentation.Type.CONTACT: "contact sites",
        segmentation.Type.MEASURE: "measure",
    }
    type_ = segmentation.Type(segmentation.type)
    return words.get(type_, f"{type_.label} segmentation")


def layer_heading(volume: Volume) -> str:
    """The heading a layer stands under: its organelle, what else it labels, or what kind of image it is."""
    if volume.kind in {Kind.EM, Kind.LIGHT}:
        return "Image"
    segmentation = segmentation_of(volume)
    if segmentation is None:
        return str(Kind(volume.kind).label).capitalize()
    organelles = [coverage.organelle.long_name for coverage in segmentation.coverage.all()]
    if len(organelles) == 1:
        return _capitalised(organelles[0])
    if segmentation.type == segmentation.Type.CONTACT:
        return "Contact sites"
    return segmentation.subject or ("Several organelles" if organelles else "Segmentation")


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]


def layer_groups(
    version: DatasetVersion, volumes: Sequence[Volume], view_url: str, data_url: str
) -> tuple[LayerGroup, ...]:
    rows: dict[str, list[LayerRow]] = {}
    for volume in volumes:
        segmentation = segmentation_of(volume)
        shown = seen_with(volume, volumes)
        is_image = not volume.is_labels
        row = LayerRow(
            path=volume.path,
            selected_as=layer_reference(version, volume),
            title=volume.title,
            description=volume.description,
            what=describe_values(volume),
            method=segmentation.get_method_display() if segmentation else "",
            method_detail=segmentation.method_detail if segmentation else "",
            dot=Dot(layer_colour(volume), volume.title, is_image),
            voxel=external_voxel(volume) if volume.is_external else voxel_size(volume),
            level_count=len(volume.levels),
            dtype=volume.dtype,
            size="" if volume.is_external else format_bytes(unpacked_bytes(volume)),
            elsewhere=volume.get_external_format_display(),
            page_url=layer_url(version, volume),
            view_url=f"{view_url}?layers={quote(','.join(shown), safe=',/')}" if shown else "",
            data_url=volume.external_url or f"{data_url}{version}/{quote(volume.path)}/",
        )
        rows.setdefault(layer_heading(volume), []).append(row)
    return tuple(LayerGroup(name, tuple(layers)) for name, layers in rows.items())


def viewer_layers(
    volume: Volume,
    version: DatasetVersion,
    *,
    data_url: str,
    site_url: str,
    lineages: Mapping[int, Lineage],
) -> list[dict[str, Any]]:
    """What the viewer's list says of a volume: one entry, or one for each of its channels.

    Args:
        data_url: absolute address of the data plane, ending in ``/data/``.
        site_url: absolute address of the site, without a trailing slash.
        lineages: from :func:`~datasets.catalogue.queries.lineages.organelle_lineages`.
    """
    segmentation = segmentation_of(volume)
    coverage = list(segmentation.coverage.all()) if segmentation else []
    described = {
        "name": volume.path,
        "title": volume.title,
        "kind": volume.kind,
        "headings": _headings(volume, coverage, lineages),
        "colour": layer_colour(volume) or None,
        "method": segmentation.get_method_display() if segmentation else None,
        "description": volume.description,
        "url": layer_url(version, volume),
        "dataUrl": volume.external_url or f"{data_url}{version}/{quote(volume.path)}/",
        "labels": [
            {"value": str(item.label_value), "title": item.organelle.long_name, "colour": item.organelle.colour}
            for item in coverage
            if item.label_value is not None
        ],
        "locateUrl": (
            reverse("api:locate", kwargs={"ref": str(version), "path": volume.path})
            if volume.kind in LABEL_KINDS and not volume.is_external
            else None
        ),
        "openWith": [
            {"name": link.name, "url": link.url, "text": link.text, "note": link.note}
            for link in opening_links(version, volume, data_url=data_url, site_url=site_url)
            if link.url or link.identifier in WAYS_IN_THE_VIEWER
        ],
    }
    parts = [(part, {"cutout": cutout_offer(volume, version, part)}) for part in channel_layers(volume)]
    return [
        described | cutout
        if not part.title
        else described | cutout | {"name": part.name, "title": f"{volume.title}: {part.title}", "colour": part.colour}
        for part, cutout in parts
    ]


def _headings(volume: Volume, coverage: Sequence[Coverage], lineages: Mapping[int, Lineage]) -> list[dict[str, str]]:
    """The headings a layer stands under, from the widest down: its organelle below what that is part of."""
    if len(coverage) == 1 and volume.kind not in {Kind.EM, Kind.LIGHT}:
        return [{"title": _capitalised(o.long_name), "colour": o.colour} for o in lineages[coverage[0].organelle_id]]
    return [{"title": layer_heading(volume), "colour": ""}]


def organelle_dots(volumes: Iterable[Volume]) -> tuple[Dot, ...]:
    """The classes that the segmentations found, as :func:`class_dots`."""
    segmentations = filter(None, map(segmentation_of, volumes))
    return class_dots(
        {
            it.organelle.short_name
            for segmentation in segmentations
            for it in segmentation.coverage.all()
            if it.found == it.Found.PRESENT
        }
    )


def class_dots(short_names: Collection[str]) -> tuple[Dot, ...]:
    """Organelle classes: whole organelles, then parts of them, each in the order of lists; at most eight."""
    found = sorted((it for it in load_facts() if it.short_name in short_names), key=lambda it: bool(it.parent))
    return tuple(map(class_dot, found[:8]))


def class_dot(organelle: OrganelleClass | OrganelleFact) -> Dot:
    """A class as a coloured dot that leads to its page."""
    return _class_dot(organelle.short_name, organelle.long_name, organelle.colour)


@cache  # a page of cards has hundreds, of 77 different ones
def _class_dot(short_name: str, long_name: str, colour: str) -> Dot:
    return Dot(colour, long_name, url=reverse("catalogue:organelle", kwargs={"short_name": short_name}))


def voxel_size(volume: Volume | None) -> str:
    """The finest voxel in words; empty where there is none."""
    return format_voxel(volume.levels[0]["scale_nm"]) if volume is not None and volume.levels else ""


def unpacked_bytes(volume: Volume) -> int:
    """The size of all levels, not compressed."""
    return sum(int(level["size_bytes"]) for level in volume.levels)
