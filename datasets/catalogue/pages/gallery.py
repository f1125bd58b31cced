"""What the gallery says, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.pages.layers import Dot, organelle_dots, voxel_size
from datasets.catalogue.pages.parts import Stills, lead_of, main_volume, specimen_of, stills_of
from datasets.catalogue.presentation import format_count
from datasets.catalogue.queries.organelles import OrganelleNode
from datasets.catalogue.queries.visibility import is_released


@dataclass(frozen=True)
class GalleryCard:
    """One dataset in the gallery."""

    title: str
    url: str
    organism: str
    sample: str
    lead: str
    voxel: str
    content: str
    """How many layers it has, and how much ground truth."""
    organelles: tuple[Dot, ...]
    stills: Stills
    is_elsewhere: bool
    is_public: bool


@dataclass(frozen=True)
class GalleryPage:
    """The list of datasets; ``is_home`` adds the welcome."""

    is_home: bool
    cards: tuple[GalleryCard, ...]
    organelles: tuple[Dot, ...]
    count: str
    newer_url: str
    older_url: str
    may_publish: bool


def gallery_page(
    versions: Iterable[tuple[DatasetVersion, set[str]]],
    organelles: Iterable[OrganelleNode],
    *,
    total: int,
    is_home: bool,
    newer_url: str,
    older_url: str,
    may_publish: bool,
) -> GalleryPage:
    """The gallery of ``versions``, each with the names of its pictures, and the classes seen in them."""
    return GalleryPage(
        is_home=is_home,
        cards=tuple(gallery_card(version, pictures) for version, pictures in versions),
        organelles=tuple(
            Dot(
                node.organelle.colour,
                node.organelle.long_name,
                url=reverse("catalogue:organelle", kwargs={"short_name": node.organelle.short_name}),
            )
            for node in organelles
            if node.total
        ),
        count=format_count(total, "dataset"),
        newer_url=newer_url,
        older_url=older_url,
        may_publish=may_publish,
    )


def gallery_card(version: Any, pictures: set[str]) -> GalleryCard:
    """A dataset in the gallery: a version with its ``crop_count``; ``pictures`` are the names of those there are."""
    volumes = list(version.volumes.all())
    content = [format_count(len(volumes), "layer")] if volumes or not version.crop_count else []
    content += [format_count(version.crop_count, "crop")] if version.crop_count else []
    image = main_volume(volumes)
    return GalleryCard(
        title=version.title,
        url=reverse("catalogue:dataset", kwargs={"ref": version.dataset.name}),
        organism=specimen_of(version).organism,
        sample=specimen_of(version).sample,
        lead=lead_of(version)[0],
        voxel=voxel_size(image),
        content=", ".join(content),
        organelles=organelle_dots(volumes),
        stills=stills_of(version, image, pictures),
        is_elsewhere=all(volume.is_external for volume in volumes) and bool(volumes or version.crop_count),
        is_public=is_released(version.dataset),
    )
