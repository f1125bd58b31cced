"""What the pages say, as data: each page's context is a frozen dataclass, made from catalogue rows alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from datasets.catalogue.layers import (
    Dot,
    LayerGroup,
    layer_groups,
    organelle_dots,
    unpacked_bytes,
    voxel_size,
)
from datasets.catalogue.models import (
    Acquisition,
    Contribution,
    DatasetVersion,
    Publication,
    Specimen,
    Visibility,
    Volume,
)
from datasets.catalogue.models.volume import Kind
from datasets.catalogue.neuroglancer_links import extent_nm
from datasets.catalogue.opening import OpeningLink, opening_links
from datasets.catalogue.presentation import (
    Licence,
    ScaleBar,
    describe_licence,
    format_bytes,
    format_citation,
    format_count,
    format_extent,
    scale_bar,
)
from datasets.catalogue.slices import Slices, slices_of

PICTURE_ASPECT = 16 / 10
"""Width by height of every still picture; a middle slice is cropped to it."""

LAYERS_SHOWN_WHOLE = 24
"""A longer table of layers scrolls in a frame, so that what follows stays within reach."""


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
    organism: str
    sample: str
    lead: str
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
    is_long: bool
    contributions: tuple[Contribution, ...]
    publications: tuple[Publication, ...]
    opening: tuple[OpeningLink, ...]
    citation: str
    contact_name: str
    contact_email: str


@dataclass(frozen=True)
class SlicesPage:
    """The middle slices of a version as pictures."""

    reference: str
    title: str
    url: str
    view_url: str
    may_be_indexed: bool
    slices: Slices


def slices_page(version: DatasetVersion, pictures: set[str]) -> SlicesPage:
    """The slices of ``version``, with the names of its pictures."""
    return SlicesPage(
        reference=str(version),
        title=version.title,
        url=reverse("catalogue:dataset", kwargs={"ref": str(version)}),
        view_url=reverse("catalogue:viewer", kwargs={"ref": str(version)}),
        may_be_indexed=version.dataset.visibility == Visibility.PUBLIC and version.number is not None,
        slices=slices_of(version, pictures),
    )


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
        organism=_specimen(version).organism,
        sample=_specimen(version).sample,
        lead=_lead(version)[0],
        voxel=voxel_size(image),
        layer_count=format_count(len(volumes), "layer"),
        organelles=organelle_dots(volumes),
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
    lead, rest = _lead(version)
    frozen_on = version.frozen_at.date() if version.frozen_at else None
    return DatasetPage(
        reference=str(version),
        name=version.dataset.name,
        title=version.title,
        lead=lead,
        description=rest,
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
        groups=layer_groups(version, volumes, image, view_url, data_url),
        layer_count=format_count(len(volumes), "layer"),
        is_long=len(volumes) > LAYERS_SHOWN_WHOLE,
        contributions=contributions,
        publications=tuple(version.publications.all()),
        opening=opening_links(version, image, data_url=data_url, site_url=site_url) if image else (),
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


def _facts(
    version: DatasetVersion, volumes: Sequence[Volume], image: Volume | None, frozen_on: date | None
) -> Iterable[Fact]:
    specimen = _specimen(version)
    when = f" · {frozen_on.day} {frozen_on:%b %Y}" if frozen_on else ""
    yield Fact("Version", f"{version.label}{when}")
    if specimen.organism:
        taxon = specimen.ncbi_taxon
        url = f"https://www.ncbi.nlm.nih.gov/Taxonomy/Browser/wwwtax.cgi?id={taxon}" if taxon else ""
        yield Fact("Organism", specimen.organism, url, is_species=True)
    for name in ("sample", "tissue", "cell_line", "treatment"):
        if value := getattr(specimen, name):
            yield Fact(name.replace("_", " ").capitalize(), value)
    if acquisition := _acquisition(version):
        yield Fact("Method", acquisition.get_method_display())
    if image is not None:
        low, high = extent_nm(image)
        yield Fact("Voxel", voxel_size(image))
        yield Fact("Extent", format_extent({axis: high[axis] - low[axis] for axis in low}))
    if volumes:
        size = format_bytes(sum(unpacked_bytes(volume) for volume in volumes))
        yield Fact("Size", f"{size} unpacked · {format_count(len(volumes), 'layer')}")
    licence = describe_licence(version.licence)
    yield Fact("Licence", licence.name, licence.url)


def _acquisition_facts(version: DatasetVersion) -> Iterable[Fact]:
    if preparation := _specimen(version).preparation:
        yield Fact("Preparation", preparation)
    acquisition = _acquisition(version)
    if acquisition is None:
        return
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


def _specimen(version: DatasetVersion) -> Specimen:
    """What is said of the specimen; nothing, in a draft that is not that far."""
    return getattr(version, "specimen", None) or Specimen()


def _acquisition(version: DatasetVersion) -> Acquisition | None:
    return getattr(version, "acquisition", None)


def _lead(version: DatasetVersion) -> tuple[str, str]:
    """The first paragraph of the description, and the others."""
    first, _, rest = version.description.replace("\r\n", "\n").strip().partition("\n\n")
    return first, rest.strip()


def _image(volumes: Sequence[Volume]) -> Volume | None:
    """The volume that stands for a version: its first electron micrograph, else its first volume."""
    measured = [volume for volume in volumes if volume.levels]
    return next((volume for volume in measured if volume.kind == Kind.EM), measured[0] if measured else None)


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
