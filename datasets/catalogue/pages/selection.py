"""What the pages of selections say, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.urls import reverse

from datasets.catalogue.addresses import layer_url
from datasets.catalogue.models import Selection
from datasets.catalogue.neuroglancer_links import layer_colour
from datasets.catalogue.pages.downloads import Downloads, selection_downloads
from datasets.catalogue.pages.layers import Dot, unpacked_bytes, voxel_size
from datasets.catalogue.presentation import format_bytes, format_count
from datasets.catalogue.queries.selections import Layers, SelectedLayer, covering


@dataclass(frozen=True)
class LayerEntry:
    """A layer in the table."""

    reference: str
    path: str
    title: str
    url: str
    dot: Dot
    voxel: str
    dtype: str
    size: str


@dataclass(frozen=True)
class DatasetEntry:
    """A version of a dataset and what is selected of it."""

    reference: str
    title: str
    url: str
    layers: tuple[LayerEntry, ...]


@dataclass(frozen=True)
class SelectionPage:
    """Everything a selection's page shows; ``identifier`` is empty while it is being gathered."""

    identifier: str
    url: str
    layers: tuple[str, ...]
    datasets: tuple[DatasetEntry, ...]
    counts: str
    size: str
    gone: tuple[tuple[str, str], ...]
    downloads: Downloads | None


def selection_page(layers: Layers, selection: Selection | None = None, *, site_url: str) -> SelectionPage:
    """The page of what is gathered, or of a kept ``selection``.

    Args:
        site_url: absolute address of the site, without a trailing slash.
    """
    datasets = tuple(
        DatasetEntry(
            reference=str(version),
            title=version.title,
            url=reverse("catalogue:dataset", kwargs={"ref": str(version)}),
            layers=tuple(_entry(layer) for layer in chosen),
        )
        for version, chosen in groupby(layers.found, key=lambda layer: layer.version)
    )
    path = reverse("catalogue:kept_selection", kwargs={"identifier": selection.pk}) if selection else ""
    return SelectionPage(
        identifier=selection.pk if selection else "",
        url=f"{site_url}{path}" if path else "",
        layers=tuple(layer.reference for layer in layers.found),
        datasets=datasets,
        counts=_counts(layers.found, len(datasets)),
        size=format_bytes(sum(unpacked_bytes(layer.volume) for layer in layers.found)),
        gone=tuple((reference, error.what) for reference, error in layers.gone),
        downloads=selection_downloads(selection, covering(layers.found), site_url=site_url, is_whole=not layers.gone)
        if selection and layers.found
        else None,
    )


def _counts(layers: Sequence[SelectedLayer], dataset_count: int) -> str:
    return f"{format_count(len(layers), 'layer')} of {format_count(dataset_count, 'dataset')}"


def _entry(layer: SelectedLayer) -> LayerEntry:
    volume = layer.volume
    return LayerEntry(
        reference=layer.reference,
        path=volume.path,
        title=volume.title,
        url=layer_url(layer.version, volume),
        dot=Dot(layer_colour(volume), volume.title, not volume.is_labels),
        voxel=voxel_size(volume),
        dtype=volume.dtype,
        size=format_bytes(unpacked_bytes(volume)),
    )
