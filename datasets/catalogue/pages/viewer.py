"""What the viewer's page is handed: a state to open, what people call its layers, and the places curators chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.urls import reverse

from datasets.catalogue import crop_annotations
from datasets.catalogue.addresses import layer_url
from datasets.catalogue.crop_annotations import MOST_CROPS, CropBox, crop_boxes, crop_count, crop_layer
from datasets.catalogue.models import DatasetVersion, View, Volume
from datasets.catalogue.neuroglancer_links import (
    Overview,
    build_state,
    overview_of,
    shown_names,
    shown_volumes,
)
from datasets.catalogue.pages.crops import crops_url
from datasets.catalogue.pages.layers import viewer_layers
from datasets.catalogue.pages.parts import lead_of
from datasets.catalogue.pages.previews import Preview, card_picture_url, preview_of
from datasets.catalogue.queries.lineages import organelle_lineages
from datasets.catalogue.queries.visibility import is_open
from datasets.catalogue.viewer_dimensions import channel_layers
from datasets.volumes.errors import CisternaError


def viewer_page(
    version: DatasetVersion, state: Mapping[str, Any], *, data_url: str, site_url: str, embedded: bool
) -> dict[str, Any]:
    """The configuration of the viewer's page.

    Args:
        version: with its content loaded.
        state: the Neuroglancer state to open; layers of ``version`` that it lacks are offered beside it.
        data_url: absolute address of the data plane, ending in ``/data/``.
        site_url: absolute address of the site, without a trailing slash.
        embedded: the page stands inside the dataset's page.
    """
    page_url = reverse("catalogue:dataset", kwargs={"ref": str(version)})
    lineages = organelle_lineages()
    volumes = shown_volumes(version)
    held = {layer.get("name") for layer in state.get("layers", []) if isinstance(layer, dict)}
    missing = any(part.name not in held for volume in volumes for part in channel_layers(volume))
    whole = build_state(version, data_url=data_url)["layers"] if missing else []
    boxes = crop_boxes(version)
    crops = crop_annotations.layer_name([volume.path for volume in volumes])
    if boxes and crops not in held:
        whole = [*(layer for layer in whole if layer["name"] != crops), crop_layer(boxes, name=crops, visible=False)]
    overview = overview_of(version, volumes, boxes)
    return {
        "state": state,
        "offered": [layer for layer in whole if layer["name"] not in held],
        "dataset": {
            "name": version.dataset.name,
            "title": version.title,
            "version": version.label,
            "reference": str(version),
            "url": page_url,
            "viewUrl": reverse("catalogue:viewer", kwargs={"ref": str(version)}),
            "isOpen": is_open(version),
        },
        "layers": [
            layer
            for volume in volumes
            for layer in viewer_layers(volume, version, data_url=data_url, site_url=site_url, lineages=lineages)
        ]
        + ([_described_crops(version, boxes, crops)] if boxes else []),
        "elsewhere": [
            {"title": volume.title, "address": volume.external_url, "url": layer_url(version, volume)}
            for volume in version.volumes.all()
            if volume.is_external and volume not in volumes
        ],
        "stops": [_stop(view, volumes, overview) for view in version.views.all()],
        "linksUrl": reverse("api:links"),
        "dataUrl": data_url,
        "externalOrigins": list(settings.CONFIG.external_origins),
        "embedded": embedded,
    }


def _described_crops(version: DatasetVersion, boxes: Sequence[CropBox], name: str) -> dict[str, Any]:
    """What the viewer's list says of the layer of crops."""
    count = len(boxes) if len(boxes) < MOST_CROPS else crop_count(version)
    return {
        "name": name,
        "title": crop_annotations.TITLE,
        "kind": "annotation",
        "headings": [{"title": "Ground truth", "colour": ""}],
        "colour": crop_annotations.COLOUR,
        "description": (
            f"{count} regions that people labelled"
            if count == len(boxes)
            else f"The first {len(boxes)} of {count} regions that people labelled; all of them are in the list of crops"
        ),
        "url": crops_url(dataset=version.dataset.name),
        "crops": [
            {
                "id": box.name,
                "title": box.title,
                "classes": box.classes,
                "url": crops_url(dataset=version.dataset.name, crop=box.name),
                "lowNm": box.low_nm,
                "highNm": box.high_nm,
            }
            for box in boxes
        ],
    }


def _stop(view: View, volumes: Sequence[Volume], overview: Overview) -> dict[str, Any]:
    """A curator's view as a place to go to; the scale is always said."""
    shown = shown_names(volumes, view)
    return {
        "name": view.name,
        "title": view.title,
        "description": view.description,
        "layers": [
            part.name
            for volume in volumes
            for part in channel_layers(volume)
            if part.name in shown or (part.on and volume.path in shown)
        ],
        "positionNm": view.position_nm or overview.middle_nm,
        "orientation": view.orientation or [0, 0, 0, 1],
        "nmPerPixel": view.nm_per_pixel or overview.nm_per_pixel,
        "layout": view.layout,
    }


def viewer_preview(version: DatasetVersion, query: str, *, path: str, still_url: str, site_url: str) -> Preview | None:
    """What other sites show of the viewer: a slice where it looks, or the still where that cannot be drawn.

    Args:
        query: with which the page of slices shows the same, from
            :func:`~datasets.catalogue.pages.slice_addresses.query_of_state`.
        path: the page's address on this site, with the place in it.
        still_url: that of a picture of the whole.
        site_url: absolute address of the site, without a trailing slash.
    """
    if not is_open(version):
        return None
    try:
        picture_url = card_picture_url(version, QueryDict(query))
    except CisternaError:  # a state may look anywhere
        picture_url = ""
    return preview_of(
        version,
        title=f"{version.title} in 3D",
        description=lead_of(version)[0],
        path=path,
        picture_url=picture_url or still_url,
        picture_alt=f"A slice through {version.title}",
        site_url=site_url,
    )
