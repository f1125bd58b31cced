"""What the page of a dataset version says, as data: frozen dataclasses made from catalogue rows alone."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from datasets.catalogue.addresses import changes_url, compare_url
from datasets.catalogue.citations import Citation, citation_of
from datasets.catalogue.crop_annotations import has_crops
from datasets.catalogue.external_sources import opens_in_viewer
from datasets.catalogue.models import Acquisition, Collection, Contribution, DatasetVersion, Publication, State, Volume
from datasets.catalogue.models.volume import extent_nm
from datasets.catalogue.pages.crops import crops_url
from datasets.catalogue.pages.downloads import Downloads, version_downloads
from datasets.catalogue.pages.external import kept_facts
from datasets.catalogue.pages.layers import Dot, LayerGroup, layer_groups, organelle_dots, unpacked_bytes, voxel_size
from datasets.catalogue.pages.opening import OpeningLink, opening_links
from datasets.catalogue.pages.parts import (
    Contact,
    Fact,
    Stills,
    acquisition_of,
    contact_of,
    lead_of,
    main_volume,
    specimen_of,
    stills_of,
)
from datasets.catalogue.pages.previews import Preview, preview_of
from datasets.catalogue.presentation import (
    Licence,
    describe_licence,
    format_bytes,
    format_count,
    format_date,
    format_extent,
    format_voxel,
)
from datasets.catalogue.queries.datasets import newest_among
from datasets.catalogue.queries.visibility import is_released
from datasets.catalogue.slices import Picture, picture_of

LAYERS_SHOWN_WHOLE = 24
"""A longer table of layers scrolls in a frame, so that what follows stays within reach."""


@dataclass(frozen=True)
class CuratedView:
    """A scene that a curator chose."""

    title: str
    description: str
    url: str
    picture: Picture


@dataclass(frozen=True)
class VersionRow:
    """A version in the list of versions; ``state`` in words, ``successor`` where it was retired in favour of one."""

    label: str
    reference: str
    url: str
    compare_url: str
    changes_url: str
    date: str
    state: str
    is_retired: bool
    is_shown: bool
    note: str
    successor: str
    successor_url: str


@dataclass(frozen=True)
class Contributor:
    """Someone who made it; ``url`` leads to what else they contributed to that can be seen."""

    name: str
    url: str
    orcid: str
    organization: str


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
    newer: VersionRow | None
    changes_url: str
    is_shown: bool
    crops: Fact | None
    has_slices: bool
    is_external: bool
    view_url: str
    slices_url: str
    compare_url: str
    data_url: str
    api_url: str
    stills: Stills
    views: tuple[CuratedView, ...]
    facts: tuple[Fact, ...]
    collections: tuple[Fact, ...]
    acquisition: tuple[Fact, ...]
    kept: tuple[Fact, ...]
    licence: Licence
    credit: str
    keywords: tuple[str, ...]
    groups: tuple[LayerGroup, ...]
    layer_count: str
    is_grouped: bool
    is_long: bool
    can_be_selected: bool
    contributions: tuple[Contributor, ...]
    publications: tuple[Publication, ...]
    opening: tuple[OpeningLink, ...]
    downloads: Downloads | None
    organelles: tuple[Dot, ...]
    citation: Citation
    bibtex_url: str
    csl_url: str
    contact: Contact
    preview: Preview | None
    versions: tuple[VersionRow, ...]


def dataset_page(
    version: DatasetVersion,
    versions: Sequence[DatasetVersion],
    *,
    collections: Iterable[Collection],
    people: Container[int],
    pictures: set[str],
    site_url: str,
    data_url: str,
) -> DatasetPage:
    """The page of ``version``.

    Args:
        version: with its content loaded.
        versions: those of its dataset that the caller may know of, newest first.
        collections: those that its dataset belongs to.
        people: the ids of those who have a page that the caller may see.
        pictures: names of its still pictures.
        site_url: absolute address of the site, without a trailing slash.
        data_url: absolute address of the data plane, ending in ``/data/``.
    """
    volumes = list(version.volumes.all())
    image = main_volume(volumes)
    view_url = reverse("catalogue:viewer", kwargs={"ref": str(version)})
    groups = layer_groups(version, volumes, view_url, data_url)
    citation = citation_of(version, site_url=site_url)
    rows = tuple(
        _version_row(it, newest_among(versions[place:]), shown=version) for place, it in enumerate(versions, 1)
    )
    newest = next((row for row, it in zip(rows, versions, strict=True) if it.state == State.PUBLISHED), None)
    crops = _crops(version, is_newest=newest is not None and newest.is_shown)
    lead, rest = lead_of(version)
    stills = stills_of(version, image, pictures)
    return DatasetPage(
        reference=str(version),
        name=version.dataset.name,
        title=version.title,
        lead=lead,
        description=rest,
        is_draft=version.number is None,
        is_public=is_released(version.dataset),
        changes_url=next((row.changes_url for row in rows if row.is_shown), ""),
        newer=newest if newest and version.number is not None and not newest.is_shown else None,
        is_shown=any(opens_in_viewer(volume) for volume in volumes) or (crops is not None and has_crops(version)),
        crops=crops,
        has_slices=any(volume.is_shown for volume in volumes),
        is_external=any(volume.is_external for volume in volumes),
        view_url=view_url,
        slices_url=reverse("catalogue:slices", kwargs={"ref": str(version)}),
        compare_url=compare_url(version),
        data_url=f"{data_url}{version}/",
        api_url=reverse("api:dataset", kwargs={"ref": str(version)}),
        stills=stills,
        views=tuple(
            CuratedView(
                title=view.title,
                description=view.description,
                url=f"{view_url}?{urlencode({'view': view.name})}",
                picture=picture_of(version, f"view-{view.name}", pictures),
            )
            for view in version.views.all()
        ),
        facts=tuple(version_facts(version, volumes, image, crops)),
        collections=tuple(
            Fact("Part of", it.title, reverse("catalogue:collection", kwargs={"name": it.name})) for it in collections
        ),
        acquisition=tuple(acquisition_facts(version)),
        kept=kept_facts(version.kept | {f"View {view.title}": view.kept for view in version.views.all() if view.kept}),
        licence=describe_licence(version.licence),
        credit=version.credit,
        keywords=tuple(version.keywords),
        groups=groups,
        layer_count=format_count(len(volumes), "layer"),
        is_grouped=len(groups) < len(volumes),
        is_long=len(volumes) > LAYERS_SHOWN_WHOLE,
        can_be_selected=version.number is not None and not all(volume.is_external for volume in volumes),
        contributions=tuple(_contributor(it, people) for it in version.contributions.all()),
        publications=tuple(version.publications.all()),
        opening=opening_links(version, image, data_url=data_url, site_url=site_url) if image else (),
        downloads=version_downloads(version, site_url=site_url),
        organelles=organelle_dots(volumes),
        citation=citation,
        bibtex_url=reverse("catalogue:bibtex", kwargs={"ref": str(version)}),
        csl_url=reverse("catalogue:csl", kwargs={"ref": str(version)}),
        contact=contact_of(version, citation.url),
        preview=preview_of(
            version,
            title=version.title,
            description=lead,
            path=reverse("catalogue:dataset", kwargs={"ref": str(version)}),
            picture_url=stills.best.url,
            picture_alt=f"A slice through {version.title}",
            site_url=site_url,
        ),
        versions=rows,
    )


def _version_row(version: DatasetVersion, before: DatasetVersion | None, *, shown: DatasetVersion) -> VersionRow:
    successor = version.successor
    return VersionRow(
        label=version.label,
        reference=str(version),
        url=reverse("catalogue:dataset", kwargs={"ref": str(version)}),
        compare_url="" if version.state == State.RETIRED or version.pk == shown.pk else compare_url(version, shown),
        changes_url=changes_url(version) if before and version.state != State.RETIRED else "",
        date=format_date(version.frozen_at) if version.frozen_at else "",
        state=version.get_state_display(),
        is_retired=version.state == State.RETIRED,
        is_shown=version.pk == shown.pk,
        note=version.retired_reason or version.change_note,
        successor=str(successor) if successor else "",
        successor_url=reverse("catalogue:dataset", kwargs={"ref": str(successor)}) if successor else "",
    )


def _contributor(contribution: Contribution, people: Container[int]) -> Contributor:
    person = contribution.person
    url = reverse("catalogue:person", kwargs={"number": person.pk}) if person.pk in people else ""
    return Contributor(person.name, url, person.orcid, contribution.organization)


def _crops(version: DatasetVersion, *, is_newest: bool) -> Fact | None:
    """How many crops there are; the list, to which it leads, has those of newest versions alone."""
    count = version.crops.count()
    if not count:
        return None
    return Fact(
        "Ground truth", format_count(count, "crop"), crops_url(dataset=version.dataset.name) if is_newest else ""
    )


def version_facts(
    version: DatasetVersion, volumes: Sequence[Volume], image: Volume | None, crops: Fact | None
) -> Iterable[Fact]:
    specimen = specimen_of(version)
    when = f" · {format_date(version.frozen_at)}" if version.frozen_at else ""
    yield Fact("Version", f"{version.label}{when}")
    if specimen.organism:
        taxon = specimen.ncbi_taxon
        url = f"https://www.ncbi.nlm.nih.gov/Taxonomy/Browser/wwwtax.cgi?id={taxon}" if taxon else ""
        yield Fact("Organism", specimen.organism, url, is_species=True)
    for name in ("sample", "sample_type", "tissue", "cell_line", "treatment"):
        if value := getattr(specimen, name):
            yield Fact(name.replace("_", " ").capitalize(), value)
    if acquisition := acquisition_of(version):
        yield Fact("Method", acquisition.get_method_display())
    if image is None and acquisition:
        yield from _stated_lengths(acquisition)
    if image is not None:
        low, high = extent_nm(image)
        yield Fact("Voxel", voxel_size(image))
        yield Fact("Extent", format_extent({axis: high[axis] - low[axis] for axis in low}))
    if volumes:
        layers = format_count(len(volumes), "layer")
        if all(volume.is_external for volume in volumes):
            yield Fact("Data", f"{layers}, kept elsewhere")
        else:
            yield Fact("Size", f"{format_bytes(sum(unpacked_bytes(volume) for volume in volumes))} unpacked · {layers}")
    if crops:
        yield crops
    if made_by := [affiliation.organization.title for affiliation in version.affiliations.all()]:
        yield Fact("From", ", ".join(made_by))
    licence = describe_licence(version.licence)
    yield Fact("Licence", licence.name, licence.url)


def _stated_lengths(acquisition: Acquisition) -> Iterable[Fact]:
    """The voxel and the extent as they are stated, where no image tells them."""
    for name, prefix, words in (("Voxel", "voxel", format_voxel), ("Extent", "extent", format_extent)):
        lengths = {axis: getattr(acquisition, f"{prefix}_{axis}_nm") for axis in "xyz"}
        if None not in lengths.values():
            yield Fact(name, words(lengths))


def acquisition_facts(version: DatasetVersion) -> Iterable[Fact]:
    if preparation := specimen_of(version).preparation:
        yield Fact("Preparation", preparation)
    acquisition = acquisition_of(version)
    if acquisition is None:
        return
    if acquisition.instrument:
        yield Fact("Instrument", acquisition.instrument)
    if acquisition.institution:
        yield Fact("Imaged at", acquisition.institution)
    if acquisition.source_id:
        yield Fact("Laboratory's name", acquisition.source_id)
    quantities = (
        ("Voltage", acquisition.voltage_kv, "kV"),
        ("Bias voltage", acquisition.bias_voltage_kv, "kV"),
        ("Current", acquisition.current_na, "nA"),
        ("Scan rate", acquisition.scan_rate_mhz, "MHz"),
        ("Duration", acquisition.duration_days, "days"),
    )
    for name, value, unit in quantities:
        if value is not None:
            yield Fact(name, f"{value:g}\u00a0{unit}")
    if acquisition.started_on:
        yield Fact("Started", format_date(acquisition.started_on))
    if acquisition.description:
        yield Fact("Notes", acquisition.description)
