"""What the pages say, as data: each page's context is a frozen dataclass, made from catalogue rows alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from datasets.catalogue.commands import OpeningCommand, opening_commands
from datasets.catalogue.models import Contribution, DatasetVersion, Publication, Visibility, Volume
from datasets.catalogue.models.volume import Kind
from datasets.catalogue.neuroglancer_links import LABEL_KINDS, extent_nm, layer_colour
from datasets.catalogue.presentation import (
    Licence,
    ScaleBar,
    describe_licence,
    format_bytes,
    format_citation,
    format_count,
    format_extent,
    format_voxel,
    scale_bar,
)
from datasets.catalogue.queries.datasets import segmentation_of

PICTURE_ASPECT = 16 / 10
"""Width by height of every still picture; a middle slice is cropped to it."""


@dataclass(frozen=True)
class Dot:
    """The colour that stands for a layer; empty where each object has its own, ``is_image`` for grey images."""

    colour: str
    name: str
    is_image: bool = False


@dataclass(frozen=True)
class Stills:
    """Addresses of the middle slice without and with labels; empty where there is no such picture."""

    em: str
    labels: str
    scale: ScaleBar | None

    @property
    def best(self) -> str:
        return self.labels or self.em


@dataclass(frozen=True)
class GalleryCard:
    """One dataset in the gallery."""

    title: str
    url: str
    sample: str
    voxel: str
    layer_count: str
    organelles: tuple[Dot, ...]
    stills: Stills
    is_public: bool


@dataclass(frozen=True)
class GalleryPage:
    """The list of datasets; ``is_home`` adds the welcome."""

    is_home: bool
    cards: tuple[GalleryCard, ...]
    count: str
    newer_url: str
    older_url: str
    may_publish: bool


@dataclass(frozen=True)
class Fact:
    """A line of the table of facts; ``url`` leads to its authority."""

    name: str
    value: str
    url: str = ""
    is_species: bool = False


@dataclass(frozen=True)
class LayerRow:
    """A volume in the table of layers."""

    path: str
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
    view_url: str
    data_url: str


@dataclass(frozen=True)
class LayerGroup:
    """The layers that show the same thing."""

    name: str
    layers: tuple[LayerRow, ...]


@dataclass(frozen=True)
class CuratedView:
    """A scene that a curator chose."""

    title: str
    description: str
    url: str
    picture_url: str


@dataclass(frozen=True)
class DatasetPage:
    """Everything the page of a dataset version shows."""

    reference: str
    name: str
    title: str
    lead: str
    description: str
    is_draft: bool
    is_public: bool
    view_url: str
    data_url: str
    api_url: str
    stills: Stills
    views: tuple[CuratedView, ...]
    facts: tuple[Fact, ...]
    acquisition: tuple[Fact, ...]
    licence: Licence
    credit: str
    keywords: tuple[str, ...]
    groups: tuple[LayerGroup, ...]
    layer_count: str
    contributions: tuple[Contribution, ...]
    publications: tuple[Publication, ...]
    commands: tuple[OpeningCommand, ...]
    citation: str
    contact_name: str
    contact_email: str


def gallery_page(
    versions: Iterable[tuple[DatasetVersion, set[str]]],
    *,
    total: int,
    is_home: bool,
    newer_url: str,
    older_url: str,
    may_publish: bool,
) -> GalleryPage:
    """The gallery of ``versions``, each with the names of its pictures."""
    return GalleryPage(
        is_home=is_home,
        cards=tuple(_card(version, pictures) for version, pictures in versions),
        count=format_count(total, "dataset"),
        newer_url=newer_url,
        older_url=older_url,
        may_publish=may_publish,
    )


def _card(version: DatasetVersion, pictures: set[str]) -> GalleryCard:
    volumes = list(version.volumes.all())
    image = _image(volumes)
    return GalleryCard(
        title=version.title,
        url=reverse("catalogue:dataset", kwargs={"ref": version.dataset.name}),
        sample=", ".join(filter(None, (version.specimen.organism, version.specimen.sample))),
        voxel=_voxel(image),
        layer_count=format_count(len(volumes), "layer"),
        organelles=_organelles(volumes),
        stills=_stills(version, image, pictures),
        is_public=version.dataset.visibility == Visibility.PUBLIC,
    )


def dataset_page(version: DatasetVersion, *, pictures: set[str], site_url: str, data_url: str) -> DatasetPage:
    """The page of ``version``.

    Args:
        version: with its content loaded.
        pictures: names of its still pictures.
        site_url: absolute address of the site, without a trailing slash.
        data_url: absolute address of the data plane, ending in ``/data/``.
    """
    volumes = list(version.volumes.all())
    image = _image(volumes)
    contributions = tuple(version.contributions.all())
    view_url = reverse("catalogue:viewer", kwargs={"ref": str(version)})
    lead, _, rest = version.description.strip().partition("\n\n")
    frozen_on = version.frozen_at.date() if version.frozen_at else None
    return DatasetPage(
        reference=str(version),
        name=version.dataset.name,
        title=version.title,
        lead=lead,
        description=rest.strip(),
        is_draft=version.number is None,
        is_public=version.dataset.visibility == Visibility.PUBLIC,
        view_url=view_url,
        data_url=f"{data_url}{version}/",
        api_url=reverse("api:dataset", kwargs={"ref": str(version)}),
        stills=_stills(version, image, pictures),
        views=tuple(
            CuratedView(
                title=view.title,
                description=view.description,
                url=f"{view_url}?{urlencode({'view': view.name})}",
                picture_url=_picture_url(version, f"view-{view.name}", pictures),
            )
            for view in version.views.all()
        ),
        facts=tuple(_facts(version, volumes, image, frozen_on)),
        acquisition=tuple(_acquisition_facts(version)),
        licence=describe_licence(version.licence),
        credit=version.credit,
        keywords=tuple(version.keywords),
        groups=_layer_groups(version, volumes, image, view_url, data_url),
        layer_count=format_count(len(volumes), "layer"),
        contributions=contributions,
        publications=tuple(version.publications.all()),
        commands=opening_commands(version, image, data_url=data_url) if image else (),
        citation=format_citation(
            names=[contribution.person.name for contribution in contributions],
            year=frozen_on.year if frozen_on else None,
            title=version.title,
            version=version.label,
            publisher="Cisterna",
            url=f"{site_url}{reverse('catalogue:dataset', kwargs={'ref': str(version)})}",
        ),
        contact_name=version.dataset.contact_name,
        contact_email=version.dataset.contact_email,
    )


def layer_group(volume: Volume) -> str:
    """The heading a layer stands under: its organelle, what else it labels, or what kind of image it is."""
    if volume.kind in {Kind.EM, Kind.LIGHT}:
        return "Image"
    segmentation = segmentation_of(volume)
    if segmentation is None:
        return str(Kind(volume.kind).label).capitalize()
    organelles = [coverage.organelle.long_name for coverage in segmentation.coverage.all()]
    if len(organelles) == 1:
        return organelles[0][:1].upper() + organelles[0][1:]
    return segmentation.subject or ("Several organelles" if organelles else "Segmentation")


def _facts(
    version: DatasetVersion, volumes: Sequence[Volume], image: Volume | None, frozen_on: date | None
) -> Iterable[Fact]:
    specimen, acquisition = version.specimen, version.acquisition
    when = f" · {frozen_on.day} {frozen_on:%b %Y}" if frozen_on else ""
    yield Fact("Version", f"{version.label}{when}")
    if specimen.organism:
        taxon = specimen.ncbi_taxon
        url = f"https://www.ncbi.nlm.nih.gov/Taxonomy/Browser/wwwtax.cgi?id={taxon}" if taxon else ""
        yield Fact("Organism", specimen.organism, url, is_species=True)
    for name in ("sample", "tissue", "cell_line", "treatment"):
        if value := getattr(specimen, name):
            yield Fact(name.replace("_", " ").capitalize(), value)
    yield Fact("Method", acquisition.get_method_display())
    if image is not None:
        low, high = extent_nm(image)
        yield Fact("Voxel", _voxel(image))
        yield Fact("Extent", format_extent({axis: high[axis] - low[axis] for axis in low}))
    if volumes:
        size = format_bytes(sum(_size_bytes(volume) for volume in volumes))
        yield Fact("Size", f"{size} unpacked · {format_count(len(volumes), 'layer')}")
    licence = describe_licence(version.licence)
    yield Fact("Licence", licence.name, licence.url)


def _acquisition_facts(version: DatasetVersion) -> Iterable[Fact]:
    specimen, acquisition = version.specimen, version.acquisition
    if specimen.preparation:
        yield Fact("Preparation", specimen.preparation)
    if acquisition.instrument:
        yield Fact("Instrument", acquisition.instrument)
    quantities = (
        ("Voltage", acquisition.voltage_kv, "kV"),
        ("Current", acquisition.current_na, "nA"),
        ("Scan rate", acquisition.scan_rate_mhz, "MHz"),
        ("Duration", acquisition.duration_days, "days"),
    )
    for name, value, unit in quantities:
        if value is not None:
            yield Fact(name, f"{value:g}\u00a0{unit}")
    if acquisition.started_on:
        yield Fact("Started", f"{acquisition.started_on.day} {acquisition.started_on:%b %Y}")
    if acquisition.description:
        yield Fact("Notes", acquisition.description)


def _layer_groups(
    version: DatasetVersion, volumes: Sequence[Volume], image: Volume | None, view_url: str, data_url: str
) -> tuple[LayerGroup, ...]:
    rows: dict[str, list[LayerRow]] = {}
    for volume in volumes:
        segmentation = segmentation_of(volume)
        # A segmentation is opened over the image it was made from.
        shown = dict.fromkeys(v.path for v in (image, volume) if v is not None and v.viewable)
        is_image = volume.kind not in LABEL_KINDS
        row = LayerRow(
            path=volume.path,
            title=volume.title,
            description=volume.description,
            what=f"{segmentation.get_type_display()} segmentation" if segmentation else str(Kind(volume.kind).label),
            method=segmentation.get_method_display() if segmentation else "",
            method_detail=segmentation.method_detail if segmentation else "",
            dot=Dot(layer_colour(volume), volume.title, is_image),
            voxel=_voxel(volume),
            level_count=len(volume.levels),
            dtype=volume.dtype,
            size=format_bytes(_size_bytes(volume)),
            view_url=f"{view_url}?layers={','.join(shown)}" if volume.viewable else "",
            data_url=f"{data_url}{version}/{volume.path}/",
        )
        rows.setdefault(layer_group(volume), []).append(row)
    return tuple(LayerGroup(name, tuple(layers)) for name, layers in rows.items())


def _image(volumes: Sequence[Volume]) -> Volume | None:
    """The volume that stands for a version: its first electron micrograph, else its first volume."""
    return next((volume for volume in volumes if volume.kind == Kind.EM), volumes[0] if volumes else None)


def _organelles(volumes: Iterable[Volume]) -> tuple[Dot, ...]:
    found = {}
    for volume in volumes:
        segmentation = segmentation_of(volume)
        for coverage in segmentation.coverage.all() if segmentation else ():
            if coverage.found == coverage.Found.PRESENT:
                found[coverage.organelle.rank] = Dot(coverage.organelle.colour, coverage.organelle.long_name)
    return tuple(found[rank] for rank in sorted(found))[:8]


def _stills(version: DatasetVersion, image: Volume | None, pictures: set[str]) -> Stills:
    scale = None
    if image is not None and pictures:
        low, high = extent_nm(image)
        if {"x", "y"} <= low.keys():
            scale = scale_bar(min(high["x"] - low["x"], (high["y"] - low["y"]) * PICTURE_ASPECT))
    return Stills(
        em=_picture_url(version, "em", pictures), labels=_picture_url(version, "labels", pictures), scale=scale
    )


def _picture_url(version: DatasetVersion, name: str, pictures: set[str]) -> str:
    if name not in pictures:
        return ""
    return reverse("catalogue:picture", kwargs={"ref": str(version), "name": name})


def _voxel(volume: Volume | None) -> str:
    return format_voxel(volume.levels[0]["scale_nm"]) if volume is not None and volume.levels else ""


def _size_bytes(volume: Volume) -> int:
    return sum(int(level["size_bytes"]) for level in volume.levels)
