"""What the page of one layer says, as data: a segmentation, or another volume of a version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from django.urls import reverse

from datasets.catalogue.addresses import compare_url, layer_url, volume_url
from datasets.catalogue.external_sources import seen_with
from datasets.catalogue.models import Coverage, DatasetVersion, ModelRun, Volume
from datasets.catalogue.models.volume import LABEL_KINDS, Kind, extent_nm
from datasets.catalogue.neuroglancer_links import layer_colour
from datasets.catalogue.pages.cutout_offers import CutoutForm, cutout_form
from datasets.catalogue.pages.downloads import Downloads, version_downloads
from datasets.catalogue.pages.external import external_facts, kept_facts
from datasets.catalogue.pages.layers import Dot, describe_values, layer_heading, unpacked_bytes, voxel_size
from datasets.catalogue.pages.opening import OpeningLink, opening_links
from datasets.catalogue.pages.parts import Contact, Fact, contact_of, go_url, lead_of
from datasets.catalogue.pages.previews import Preview, preview_of
from datasets.catalogue.pictures import layer_picture
from datasets.catalogue.presentation import format_bytes, format_count, format_extent, format_shape, format_voxel
from datasets.catalogue.queries.datasets import segmentation_of
from datasets.catalogue.queries.selections import layer_reference
from datasets.catalogue.queries.visibility import is_released
from datasets.catalogue.slices import Picture, base_image, picture_of, slice_picture


@dataclass(frozen=True)
class LabelledClass:
    """An organelle class that a segmentation speaks of: found, looked for and not found, or not looked for."""

    name: str
    colour: str
    url: str
    go_id: str
    go_url: str
    found: str
    found_words: str
    label_value: int | None


@dataclass(frozen=True)
class LevelRow:
    """One resolution level, sizes in the order x, y, z."""

    path: str
    shape: str
    voxel: str
    chunk: str
    shard: str
    size: str


@dataclass(frozen=True)
class LayerPage:
    """Everything the page of a layer shows."""

    reference: str
    dataset_title: str
    dataset_url: str
    path: str
    selected_as: str
    title: str
    heading: str
    description: str
    dot: Dot
    is_labels: bool
    is_external: bool
    is_public: bool
    is_draft: bool
    picture: Picture
    picture_alt: str
    view_url: str
    compare_url: str
    data_url: str
    api_url: str
    classes: tuple[LabelledClass, ...]
    subject: str
    facts: tuple[Fact, ...]
    levels: tuple[LevelRow, ...]
    has_shards: bool
    kept: tuple[Fact, ...]
    cutout: CutoutForm | None
    opening: tuple[OpeningLink, ...]
    downloads: Downloads | None
    contact: Contact
    preview: Preview | None


def layer_page(
    version: DatasetVersion,
    volume: Volume,
    *,
    run: ModelRun | None,
    pictures: set[str],
    site_url: str,
    data_url: str,
) -> LayerPage:
    """The page of ``volume``; ``run`` made it, as far as that may be known here.

    The other arguments as for :func:`~datasets.catalogue.pages.dataset.dataset_page`.
    """
    image = base_image(list(version.volumes.all()))
    segmentation = segmentation_of(volume)
    is_labels = volume.kind in LABEL_KINDS
    shown = seen_with(volume, version.volumes.all())
    view_url = reverse("catalogue:viewer", kwargs={"ref": str(version)})
    drawn = slice_picture("xy", labels=False) if volume == image else layer_picture(volume.path)
    picture = picture_of(version, drawn, pictures)
    picture_alt = f"{volume.title}{f', in colour over {image.title}' if is_labels and image else ''}, one slice"
    return LayerPage(
        reference=str(version),
        dataset_title=version.title,
        dataset_url=reverse("catalogue:dataset", kwargs={"ref": str(version)}),
        path=volume.path,
        selected_as=layer_reference(version, volume),
        title=volume.title,
        heading=layer_heading(volume),
        description=volume.description,
        dot=Dot(layer_colour(volume), volume.title, not volume.is_labels),
        is_labels=is_labels,
        is_external=volume.is_external,
        is_public=is_released(version.dataset),
        is_draft=version.number is None,
        picture=picture,
        picture_alt=picture_alt,
        view_url=f"{view_url}?layers={quote(','.join(shown), safe=',/')}" if shown else "",
        compare_url=compare_url(f"{version}/{volume.path}") if shown else "",
        data_url=volume.external_url or f"{data_url}{version}/{quote(volume.path)}/",
        api_url=volume_url(version, volume),
        classes=tuple(_labelled(it) for it in segmentation.coverage.all()) if segmentation else (),
        subject=segmentation.subject if segmentation else "",
        facts=tuple(layer_facts(version, volume, image, run)),
        levels=tuple(_levels(volume)),
        has_shards=any(level["shard_shape"] for level in volume.levels),
        kept=kept_facts(volume.kept),
        cutout=cutout_form(volume, version),
        opening=opening_links(version, volume, data_url=data_url, site_url=site_url),
        downloads=version_downloads(version, volume.path, site_url=site_url),
        contact=contact_of(version, f"{site_url}{layer_url(version, volume)}"),
        preview=preview_of(
            version,
            title=f"{volume.title}, {version.title}",
            description=volume.description or lead_of(version)[0],
            path=layer_url(version, volume),
            picture_url=picture.url,
            picture_alt=picture_alt,
            site_url=site_url,
        ),
    )


def _labelled(coverage: Coverage) -> LabelledClass:
    organelle = coverage.organelle
    return LabelledClass(
        name=organelle.long_name,
        colour=organelle.colour,
        url=reverse("catalogue:organelle", kwargs={"short_name": organelle.short_name}),
        go_id=organelle.go_id,
        go_url=go_url(organelle.go_id),
        found=coverage.found,
        found_words=coverage.get_found_display().lower(),
        label_value=coverage.label_value,
    )


def layer_facts(version: DatasetVersion, volume: Volume, image: Volume | None, run: ModelRun | None) -> Iterable[Fact]:
    segmentation = segmentation_of(volume)
    if segmentation is not None:
        yield Fact("What", describe_values(volume).capitalize())
        how = {"manual": "By hand", "model": "By a model", "proofread": "By a model, then proofread by people"}
        yield Fact("Made", how[segmentation.method])
        if segmentation.method_detail:
            yield Fact("How", segmentation.method_detail)
        if run is not None:
            yield Fact("Model", str(run), reverse("catalogue:model", kwargs={"name": run.model_version.model.name}))
        if segmentation.region:
            yield Fact("Where", segmentation.region)
    else:
        yield Fact("What", str(Kind(volume.kind).label).capitalize())
    if image is not None and image != volume and volume.kind in LABEL_KINDS:
        yield Fact("Over", image.title, layer_url(version, image))
    if volume.is_external:
        yield from external_facts(volume)
        return
    if volume.levels:
        low, high = extent_nm(volume)
        yield Fact("Voxel", voxel_size(volume))
        yield Fact("Extent", format_extent({axis: high[axis] - low[axis] for axis in low}))
        yield Fact("Voxels", format_shape(volume.axes, volume.levels[0]["shape"]))
    yield Fact("Type", volume.dtype)
    yield Fact("Format", f"OME-Zarr {volume.ngff_version} · Zarr v{volume.zarr_format} · axes {', '.join(volume.axes)}")
    if codecs := volume.levels and volume.levels[0]["codecs"]:
        yield Fact("Codecs", ", ".join(codecs))
    size = format_bytes(unpacked_bytes(volume))
    yield Fact("Size", f"{size} unpacked · {format_count(len(volume.levels), 'level')}")


def _levels(volume: Volume) -> Iterable[LevelRow]:
    for level in volume.levels:
        yield LevelRow(
            path=level["path"],
            shape=format_shape(volume.axes, level["shape"]),
            voxel=format_voxel(level["scale_nm"]),
            chunk=format_shape(volume.axes, level["chunk_shape"]),
            shard=format_shape(volume.axes, level["shard_shape"]) if level["shard_shape"] else "",
            size=format_bytes(int(level["size_bytes"])),
        )
