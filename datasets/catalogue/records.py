"""A version's record: everything it says, as canonical JSON under a digest.

Two versions with equal digests say the same about the same data, whenever and by whomever they were made. What came
into the model later is in a record only where something is said of it: a version that says no more keeps its digest.
"""

import hashlib
import json
from typing import Any, NamedTuple

from django.db.models import Model, QuerySet

from datasets.catalogue.models import Acquisition, Crop, DatasetVersion, ModelRun, Specimen, Volume

RECORD_FORMAT = 1


class Record(NamedTuple):
    """Canonical JSON (sorted keys, no white space, UTF-8), and that text's SHA-256 in hexadecimal."""

    text: str
    digest: str


def build_record(version: DatasetVersion) -> dict[str, Any]:
    """The content of ``version`` as plain data: no database ids, no times, everything in a fixed order."""
    # A draft may say nothing yet of either.
    specimen, acquisition = (getattr(version, name, None) for name in ("specimen", "acquisition"))
    acquisition = acquisition or Acquisition()
    return {
        "format": RECORD_FORMAT,
        "dataset": version.dataset.name,
        **_fields(version, "title", "description", "licence", "credit", "keywords", "change_note"),
        **_said(version, "kept"),
        "specimen": _specimen(specimen or Specimen()),
        "acquisition": {
            **_fields(
                acquisition,
                *("method", "instrument", "description", "voltage_kv", "current_na", "scan_rate_mhz"),
                *("started_on", "duration_days"),
            ),
            **_said(
                acquisition,
                *("bias_voltage_kv", "institution", "source_id", "voxel_x_nm", "voxel_y_nm", "voxel_z_nm"),
                *("extent_x_nm", "extent_y_nm", "extent_z_nm"),
            ),
        },
        "mounts": [_fields(m, "path", "single", "root", "key", "revision") for m in version.mounts.order_by("path")],
        "volumes": [_volume(volume) for volume in _volumes(version)],
        "views": [
            {
                **_fields(
                    view,
                    *("name", "title", "description", "layers", "position_nm", "orientation", "nm_per_pixel", "layout"),
                ),
                **_said(view, "kept"),
            }
            for view in version.views.order_by("rank", "name")
        ],
        "publications": [
            {**_fields(p, "doi", "url", "title", "citation"), **({"kind": p.kind} if p.kind != p.Kind.PAPER else {})}
            for p in version.publications.order_by("rank", "title")
        ],
        "contributions": [
            {"name": c.person.name, "orcid": c.person.orcid, **_fields(c, "roles", "organization")}
            for c in version.contributions.select_related("person").order_by("rank", "person__name")
        ],
        **_lists(version),
    }


def write_record(version: DatasetVersion) -> Record:
    """The record of ``version``, written."""
    record = build_record(version)
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=str)
    return Record(text, hashlib.sha256(text.encode()).hexdigest())


def _specimen(specimen: Specimen) -> dict[str, Any]:
    terms = list(specimen.terms.order_by("kind", "rank", "label")) if specimen.pk else []
    plain = len({term.kind for term in terms}) == len(terms) and not any(
        term.curie or term.kind == term.Kind.SAMPLE_TYPE for term in terms
    )
    return {
        **_fields(specimen, *("organism", "ncbi_taxon", "sample", "tissue", "cell_line", "treatment", "preparation")),
        **({} if plain else {"terms": [_fields(term, "kind", "label", "curie") for term in terms]}),
    }


def _volumes(version: DatasetVersion) -> QuerySet[Volume]:
    return (
        version.volumes.select_related("segmentation__run__model_version__model")
        .prefetch_related("external_meshes", "transforms__space", "segmentation__coverage__organelle")
        .order_by("rank", "path")
    )


def _volume(volume: Volume) -> dict[str, Any]:
    data = {
        **_fields(
            volume,
            *("path", "kind", "title", "description", "ngff_version", "zarr_format", "axes", "dtype", "levels"),
            *("axis_types", "axis_units", "channels"),
            *("metadata_digest", "contrast_low", "contrast_high", "colour", "viewable"),
        ),
        **_said(volume, "external_url", "external_format", "kept"),
    }
    segmentation = getattr(volume, "segmentation", None)
    if segmentation is not None:
        data["segmentation"] = {
            **_fields(segmentation, "type", "method", "method_detail", "subject"),
            **_said(segmentation, "region"),
            **({"run": _run(segmentation.run)} if segmentation.run else {}),
            "coverage": [
                {"organelle": c.organelle.short_name, **_fields(c, "found", "label_value")}
                for c in sorted(segmentation.coverage.all(), key=lambda each: each.organelle.short_name)
            ],
        }
    meshes = [_fields(mesh, "name", "url", "format", "matrix", "kept") for mesh in volume.external_meshes.all()]
    transforms = sorted(volume.transforms.all(), key=lambda each: each.space.name)
    places = [{"space": each.space.name, "matrix": each.matrix} for each in transforms]
    return {
        **data,
        **({"external_meshes": meshes} if meshes else {}),
        **({"transforms": places} if places else {}),
    }


def _run(run: ModelRun) -> dict[str, Any]:
    version = run.model_version
    return {"model": version.model.name, "version": version.label, "name": run.name}


def _lists(version: DatasetVersion) -> dict[str, Any]:
    """What a version may have and most have not."""
    affiliations = version.affiliations.select_related("organization").order_by("rank", "organization__name")
    lists = {
        "affiliations": [each.organization.name for each in affiliations],
        "spaces": [_fields(space, "name", "title", "description", "main") for space in version.spaces.order_by("name")],
        "crops": [_crop(crop) for crop in _crops(version)],
    }
    return {name: rows for name, rows in lists.items() if rows}


def _crops(version: DatasetVersion) -> QuerySet[Crop]:
    return version.crops.select_related("space").prefetch_related("coverage__organelle").order_by("name")


def _crop(crop: Crop) -> dict[str, Any]:
    return {
        **_fields(crop, "name", "title", "method", "use", "labels_url", "image_url", "kept"),
        "space": crop.space.name if crop.space else None,
        "voxel_nm": list(crop.voxel_nm),
        "translation_nm": [crop.translation_x_nm, crop.translation_y_nm, crop.translation_z_nm],
        "shape": list(crop.shape),
        "coverage": sorted([each.organelle.short_name, each.found] for each in crop.coverage.all()),
    }


def _said(row: Model, *names: str) -> dict[str, Any]:
    """Those of the fields of which something is said."""
    return {name: value for name, value in _fields(row, *names).items() if value not in (None, "", {}, [])}


def _fields(row: Model, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
