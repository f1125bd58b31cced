"""The rows of a draft, from a checked specification and what inspection found."""

from collections.abc import Mapping
from typing import Any

from datasets.catalogue.actions.people import recorded_person
from datasets.catalogue.models import (
    Acquisition,
    Contribution,
    Coverage,
    DatasetVersion,
    Mount,
    OrganelleClass,
    Publication,
    Segmentation,
    Specimen,
    SpecimenTerm,
    View,
    Volume,
)
from datasets.publishing.contrast import Display
from datasets.publishing.findings import Findings
from datasets.publishing.inspection import Inspection
from datasets.storage.keys import join_key
from datasets.volumes.errors import CisternaError


class OrganelleUnknown(CisternaError):
    """A specification names an organelle class the portal does not have."""

    slug = "organelle-unknown"
    status = 400
    title = "Unknown organelle class"


def register_content(draft: DatasetVersion, specification: Mapping[str, Any], findings: Findings) -> None:
    """Write everything a specification says, and what was found of its volumes, into ``draft``.

    Raises:
        OrganelleUnknown: a class is named that the portal does not have.
    """
    said = dict(specification["specimen"])
    terms = {kind: said.pop(kind) for kind in ("tissue", "cell_line", "treatment")}
    specimen = Specimen.objects.create(version=draft, **said)
    for kind, label in terms.items():
        if label:
            SpecimenTerm.objects.create(specimen=specimen, kind=kind, label=label)
    Acquisition.objects.create(version=draft, **specification["acquisition"])
    root, prefix = findings.root, findings.prefix
    for path, digest in findings.documents.items():
        Mount.objects.create(
            version=draft, path=path, single=True, root=root.name, key=join_key(prefix, path), revision=digest
        )
    for rank, volume in enumerate(specification["volumes"]):
        path = volume["path"]
        inspection = findings.inspections[path]
        Mount.objects.create(
            version=draft,
            path=path,
            root=root.name,
            key=join_key(prefix, path),
            revision=inspection.metadata_digest,
        )
        _register_volume(draft, rank, volume, inspection, findings.displays[path])
    for rank, view in enumerate(specification["views"]):
        View.objects.create(version=draft, rank=rank, **view)
    for rank, publication in enumerate(specification["publications"]):
        Publication.objects.create(version=draft, rank=rank, **publication)
    for rank, contribution in enumerate(specification["contributions"]):
        Contribution.objects.create(
            version=draft,
            rank=rank,
            person=recorded_person(contribution["name"], contribution["orcid"]),
            roles=contribution["roles"],
            organization=contribution["organization"],
        )


def _register_volume(
    draft: DatasetVersion,
    rank: int,
    volume: Mapping[str, Any],
    inspection: Inspection,
    display: Display,
) -> None:
    assert inspection.multiscale is not None, "registered only after inspection found an image"
    assert inspection.zarr_format is not None, "an image has a format"
    low, high = display.contrast or (None, None)
    row = Volume.objects.create(
        version=draft,
        rank=rank,
        path=volume["path"],
        kind=volume["kind"],
        title=volume["title"],
        description=volume["description"],
        ngff_version=inspection.multiscale.version,
        zarr_format=inspection.zarr_format,
        axes=list(inspection.multiscale.axes.names),
        axis_types=[axis.type for axis in inspection.multiscale.axes],
        axis_units=[axis.unit for axis in inspection.multiscale.axes],
        channels=[channel.to_json() for channel in display.channels],
        dtype=inspection.dtype,
        levels=[level.to_json() for level in inspection.levels],
        metadata_digest=inspection.metadata_digest,
        contrast_low=low,
        contrast_high=high,
        colour=volume["colour"],
        viewable=not volume["download_only"],
    )
    segmentation = volume["segmentation"]
    if segmentation is None:
        return
    segmentation_row = Segmentation.objects.create(
        volume=row, **{field: segmentation[field] for field in ("type", "method", "method_detail", "subject")}
    )
    for coverage in segmentation["organelles"]:
        organelle = OrganelleClass.objects.filter(short_name=coverage["organelle"]).first()
        if organelle is None:
            raise OrganelleUnknown(
                f"There is no organelle class {coverage['organelle']!r}",
                where=volume["path"],
                fix="Use a short name from /organelles/, such as mito",
            )
        Coverage.objects.create(
            segmentation=segmentation_row,
            organelle=organelle,
            found=coverage["found"],
            label_value=coverage["label_value"],
        )
