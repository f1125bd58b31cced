"""A dataset of OpenOrganelle as rows of a draft: fields of one's own, terms, and the rest kept as it stands."""

from __future__ import annotations

import re
from typing import Any

from django.utils.text import slugify

from datasets.catalogue.models import (
    Acquisition,
    Affiliation,
    CoordinateSpace,
    Coverage,
    DatasetVersion,
    ExternalMesh,
    Organization,
    Publication,
    Segmentation,
    Specimen,
    SpecimenTerm,
    Transform,
    View,
    Volume,
)
from datasets.catalogue.models.sample import Method
from datasets.catalogue.models.volume import Kind
from datasets.publishing.imports.openorganelle.forms import Described, in_nm
from datasets.publishing.imports.report import DatasetReport, Fate
from datasets.publishing.imports.terms import Classes, find_method, find_organism

COLOURS = {
    "red": "#ff0000",
    "green": "#00ff00",
    "blue": "#0000ff",
    "cyan": "#00ffff",
    "magenta": "#ff00ff",
    "yellow": "#ffff00",
    "orange": "#ffa500",
    "purple": "#800080",
    "pink": "#ffc0cb",
}
"""Names of colours as the source writes them. White says nothing of a layer, and is kept."""

SPACE = "default"
_KINDS = {"em": Kind.EM, "lm": Kind.LIGHT, "prediction": Kind.PREDICTION, "segmentation": Kind.SEGMENTATION}
_BARE_DOI = re.compile(r"^(https?://(dx\.)?doi\.org/|doi:)", re.IGNORECASE)
_DOI = re.compile(r"https?://(?:dx\.)?doi\.org/(10\.[0-9]{4,9}/\S+)")
_ALIGNMENT = re.compile(r"\.(?:zarr|n5)/(recon-[0-9]{1,6})/")
_MANY_VALUES = 255
"""A layer of one class whose values reach beyond these tells objects apart: a mask would not be stored so."""

_MAKER = re.compile(r"\(([^()]+)\)\s*$")
"""Who made a segmentation, as descriptions end: ``Mitochondria (Somebody)``."""

_SECTION_NM = 20
"""Voxels deeper than this come from sections that were cut, not from a surface that was milled."""


def write_rows(draft: DatasetVersion, described: Described, report: DatasetReport, classes: Classes) -> None:
    """Write everything ``described`` says into ``draft``, which says nothing yet, and tell ``report`` what became of
    what has no field of its own."""
    metadata = described.metadata.value
    sample = metadata["sample"]
    draft.title = metadata["title"][:300]
    draft.description = sample["description"]
    draft.credit = sample["contributions"]
    draft.save()
    _write_specimen(draft, sample, report)
    _write_acquisition(draft, described, report)
    _write_affiliations(draft, metadata["institution"])
    _write_publications(draft, metadata, report)
    spaces = _write_spaces(draft, described)
    volumes = [_volume(draft, rank, source.value) for rank, source in enumerate(described.sources)]
    Volume.objects.bulk_create(volumes)
    segmentations, coverage, meshes, transforms = [], [], [], []
    for volume, source in zip(volumes, described.sources, strict=True):
        matrix = matrix_of(source.value["transform"])
        transforms.append(Transform(volume=volume, space=spaces[_space_of(source.value["url"])], matrix=matrix))
        meshes += _meshes(volume, source.value, report)
        if (segmentation := _segmentation(volume, source.value, report)) is not None:
            segmentations.append(segmentation)
            coverage += _coverage(segmentation, report, classes)
    Transform.objects.bulk_create(transforms)
    ExternalMesh.objects.bulk_create(meshes)
    Segmentation.objects.bulk_create(segmentations)
    Coverage.objects.bulk_create(coverage)
    _write_views(draft, described, report)
    report.counts = {"layers": len(volumes), "meshes": len(meshes), "views": len(described.views),
                     "publications": draft.publications.count()}  # fmt: skip


def _write_spaces(draft: DatasetVersion, described: Described) -> dict[str, CoordinateSpace]:
    names = dict.fromkeys(_space_of(source.value["url"]) for source in described.sources) or {SPACE: None}
    spaces = [CoordinateSpace(version=draft, name=name, main=index == 0) for index, name in enumerate(names)]
    return {space.name: space for space in CoordinateSpace.objects.bulk_create(spaces)}


def _space_of(url: str) -> str:
    """The alignment that an address names, as ``…/cell.zarr/recon-1/em/fibsem`` does; one for all that name none."""
    match = _ALIGNMENT.search(url)
    return match[1] if match else SPACE


def matrix_of(transform: dict[str, Any]) -> list[list[float]]:
    """The 3 × 4 matrix, in the order x, y, z, from voxels to nm that a source's scale and translation are."""
    matrix = []
    for row, axis in enumerate("xyz"):
        index = transform["axes"].index(axis)
        unit = transform["units"][index]
        line = [0.0, 0.0, 0.0, in_nm(transform["translate"][index], unit)]
        line[row] = in_nm(transform["scale"][index], unit)
        matrix.append(line)
    return matrix


def _write_specimen(draft: DatasetVersion, sample: dict[str, Any], report: DatasetReport) -> None:
    specimen = Specimen.objects.create(version=draft, preparation=sample["protocol"])
    words = sample["organism"]
    organism = find_organism(words[0]) if len(words) == 1 else None
    if organism is not None:
        specimen.organism, specimen.ncbi_taxon = organism.name, organism.taxon
        report.tell(
            "metadata.sample.organism", Fate.MAPPED, f"{words[0]} → {organism.name} (NCBI taxon {organism.taxon})"
        )
    elif words:
        specimen.organism = ", ".join(words)[:200]
        report.tell("metadata.sample.organism", Fate.UNKNOWN, f"{', '.join(words)}: no single species")
    specimen.save()
    kinds = [kind.lower() for kind in sample["type"]]
    terms = {"sample_type": sample["type"], "treatment": sample["treatment"]}
    if kinds == ["cell culture"]:
        terms["cell_line"] = sample["subtype"]
    elif kinds == ["tissue"]:
        terms["tissue"] = sample["subtype"]
    SpecimenTerm.objects.bulk_create(
        SpecimenTerm(specimen=specimen, kind=kind, rank=rank, label=label[:300])
        for kind, labels in terms.items()
        for rank, label in enumerate(dict.fromkeys(label for label in labels if label))
    )


def _write_acquisition(draft: DatasetVersion, described: Described, report: DatasetReport) -> None:
    imaging = described.metadata.value["imaging"]
    lengths = {
        f"{ours}_{axis}_nm": in_nm(imaging[theirs]["values"][axis], imaging[theirs]["unit"])
        for ours, theirs in (("voxel", "gridSpacing"), ("extent", "dimensions"))
        if all(imaging[theirs]["values"][axis] > 0 for axis in "xyz")
        for axis in "xyz"
    }
    method = _method(described, lengths.get("voxel_z_nm", 0))
    report.tell("sources", Fate.MAPPED, f"method {method}, by the images' names and the voxel's depth")
    Acquisition.objects.create(
        version=draft,
        method=method,
        institution=imaging["institution"][:200],
        source_id=imaging["id"][:200],
        started_on=imaging["startDate"],
        # Zero stands for what is not known.
        duration_days=imaging["duration"] or None,
        voltage_kv=imaging["primaryEnergy"] / 1000 or None,
        bias_voltage_kv=imaging["biasVoltage"] / 1000 if imaging["biasVoltage"] or imaging["primaryEnergy"] else None,
        current_na=imaging["current"] or None,
        scan_rate_mhz=imaging["scanRate"] or None,
        **lengths,
    )


def _method(described: Described, depth_nm: float) -> Method:
    images = [source.value for source in described.sources if source.value["contentType"] == "em"]
    words = " ".join(f"{image['name']} {image['description']}" for image in images).lower()
    if (method := find_method(words)) is not None:
        return method
    if re.search(r"\btem\b", words) and depth_nm >= _SECTION_NM:
        return Method.SS_TEM
    return Method.OTHER


def _write_affiliations(draft: DatasetVersion, titles: list[str]) -> None:
    for rank, title in enumerate(dict.fromkeys(titles)):
        name = slugify(title.replace("/", " "))[:57].strip("-")
        if len(name) < 2:
            continue  # kept, as it has no name of its own here
        organization, _ = Organization.objects.get_or_create(name=name, defaults={"title": title[:200]})
        Affiliation.objects.get_or_create(version=draft, organization=organization, defaults={"rank": rank})


def _write_publications(draft: DatasetVersion, metadata: dict[str, Any], report: DatasetReport) -> None:
    links = [(Publication.Kind.PAPER, as_link(link)) for link in metadata["publications"]]
    links += [(Publication.Kind.DATA, as_link(link)) for link in metadata["DOI"]]
    met = set()
    for rank, (kind, link) in enumerate(links):
        match = _DOI.fullmatch(link["href"])
        doi = match[1] if match and len(match[1]) <= 200 else ""
        if doi and doi in met:
            report.tell("metadata", Fate.KEPT, f"{doi} is named twice")
            continue
        met.add(doi)
        url = "" if doi else link["href"]
        web = url if re.fullmatch(r"https?://\S{1,490}", url) else ""
        if url and not web:
            report.tell("metadata", Fate.KEPT, f"{url!r} is no address of the web")
        Publication.objects.create(
            version=draft, rank=rank, kind=kind, doi=doi, url=web, title=link["title"][:500] or doi
        )


def as_link(said: str | dict[str, str]) -> dict[str, str]:
    """A publication in any of the ways a source writes it, as its address and its title."""
    if isinstance(said, str):
        return {"href": said, "title": said}
    if "DOI" in said:
        return {"href": f"https://doi.org/{_BARE_DOI.sub('', said['DOI'])}", "title": said["id"]}
    return said


def _volume(draft: DatasetVersion, rank: int, source: dict[str, Any]) -> Volume:
    settings = source["displaySettings"]
    limits = settings["contrastLimits"]
    shows_brightness = source["sampleType"] == "scalar" and limits["start"] < limits["end"]
    colour = settings.get("color") or ""
    return Volume(
        version=draft,
        rank=rank,
        path=source["name"],
        kind=_KINDS.get(source["contentType"], Kind.ANALYSIS),
        title=(source["description"] or source["name"])[:300],
        external_url=source["url"],
        external_format=source["format"],
        axes=source["transform"]["axes"],
        axis_types=["space"] * 3,
        axis_units=["nanometer"] * 3,
        contrast_low=limits["start"] if shows_brightness else None,
        contrast_high=limits["end"] if shows_brightness else None,
        colour=COLOURS.get(colour, colour if re.fullmatch(r"#[0-9a-f]{6}", colour) else ""),
    )


def _segmentation(volume: Volume, source: dict[str, Any], report: DatasetReport) -> Segmentation | None:
    """What the values of a layer mean. The source does not say whether labels are single objects. They are taken for
    such where the layer's name says so, or where its values reach beyond 255; otherwise for a class."""
    if volume.kind in (Kind.EM, Kind.LIGHT):
        return None
    name, kind = source["name"], Segmentation.Type
    if re.search(r"_contacts?(_|$)", name):
        type_ = kind.CONTACT
    elif volume.kind == Kind.PREDICTION:
        type_ = kind.PROBABILITY
    elif volume.kind == Kind.ANALYSIS:
        type_ = kind.MEASURE
    else:
        many = source["displaySettings"]["contrastLimits"]["max"] > _MANY_VALUES
        type_ = kind.INSTANCE if many or "instance" in name else kind.SEMANTIC
        reason = "by its name" if "instance" in name else "by the range of its values"
        report.tell(f"sources.{name}", Fate.MAPPED, f"{type_.label} labels, {reason}; the source does not say it")
    words = f"{name} {source['description']}"
    by_hand = re.search(r"ground.?truth|\bmanual|(^|[_ -])gt([_ -]|$)", words, re.IGNORECASE)
    return Segmentation(
        volume=volume,
        type=type_,
        method=Segmentation.Method.MANUAL if by_hand else Segmentation.Method.MODEL,
        method_detail=maker[1][:300] if (maker := _MAKER.search(source["description"])) else "",
        subject="" if volume.kind != Kind.ANALYSIS else volume.title[:120],
    )


def _coverage(segmentation: Segmentation, report: DatasetReport, classes: Classes) -> list[Coverage]:
    volume = segmentation.volume
    if segmentation.type == Segmentation.Type.CONTACT:
        found = classes.find_pair(volume.path)
    else:
        is_measure = segmentation.type == Segmentation.Type.MEASURE
        one = classes.find_of_measure(volume.path) if is_measure else classes.find_of_layer(volume.path)
        one = one or classes.find(volume.title)
        found = [one] if one else []
    where = f"sources.{volume.path}"
    if not found:
        segmentation.subject = segmentation.subject or volume.title[:120]
        report.tell(where, Fate.UNKNOWN, "no organelle class is called so")
        return []
    names = " and ".join(each.short_name for each in found)
    report.tell(where, Fate.MAPPED, f"{segmentation.get_type_display()} of {names}")
    return [Coverage(segmentation=segmentation, organelle=each) for each in {each.pk: each for each in found}.values()]


def _meshes(volume: Volume, source: dict[str, Any], report: DatasetReport) -> list[ExternalMesh]:
    meshes = {}
    for rank, mesh in enumerate(source["subsources"]):
        if mesh["url"] in meshes or not mesh["url"]:
            report.tell(f"sources.{volume.path}.subsources[{rank}]", Fate.KEPT, "its address is another's, or none")
            continue
        meshes[mesh["url"]] = ExternalMesh(
            volume=volume,
            rank=rank,
            name=mesh["name"][:200],
            url=mesh["url"],
            format=mesh["format"][:60],
            matrix=matrix_of(mesh["transform"]),
        )
    return list(meshes.values())


def _write_views(draft: DatasetVersion, described: Described, report: DatasetReport) -> None:
    views: list[View] = []
    sources = {source.value["name"] for source in described.sources}
    for rank, view in enumerate(each.value for each in described.views):
        base = slugify(view["name"])[:70] or f"view-{rank + 1}"
        name, number = base, rank + 1
        while name in {each.name for each in views}:
            name, number = f"{base}-{number}", number + 1
        scale = view.get("scale")
        for layer in view["sources"]:
            if layer not in sources:
                report.tell(f"views.{name}.sources", Fate.UNKNOWN, f"the dataset has no layer {layer!r}")
        views.append(
            View(
                version=draft,
                name=name,
                rank=rank,
                title=view["name"][:200],
                description=view["description"],
                layers=[layer for layer in view["sources"] if layer in sources],
                position_nm=view.get("position"),
                orientation=view.get("orientation"),
                nm_per_pixel=scale if scale and scale > 0 else None,
            )
        )
    View.objects.bulk_create(views)
