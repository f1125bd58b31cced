"""A version's record: everything it says, as canonical JSON under a digest.

Two versions with equal digests say the same about the same data, whenever and by whomever they were made.
"""

import hashlib
import json
from typing import Any

from django.db.models import Model

from datasets.catalogue.models import DatasetVersion, Volume

RECORD_FORMAT = 1


def build_record(version: DatasetVersion) -> dict[str, Any]:
    """The content of ``version`` as plain data: no database ids, no times, everything in a fixed order."""
    return {
        "format": RECORD_FORMAT,
        "dataset": version.dataset.name,
        **_fields(version, "title", "description", "licence", "credit", "keywords", "change_note"),
        "specimen": _fields(
            version.specimen,
            *("organism", "ncbi_taxon", "sample", "tissue", "cell_line", "treatment", "preparation"),
        ),
        "acquisition": _fields(
            version.acquisition,
            *("method", "instrument", "description", "voltage_kv", "current_na", "scan_rate_mhz"),
            *("started_on", "duration_days"),
        ),
        "mounts": [_fields(m, "path", "single", "root", "key", "revision") for m in version.mounts.order_by("path")],
        "volumes": [_volume(volume) for volume in version.volumes.order_by("rank", "path")],
        "views": [
            _fields(
                view,
                *("name", "title", "description", "layers", "position_nm", "orientation", "nm_per_pixel", "layout"),
            )
            for view in version.views.order_by("rank", "name")
        ],
        "publications": [
            _fields(p, "doi", "url", "title", "citation") for p in version.publications.order_by("rank", "title")
        ],
        "contributions": [
            {"name": c.person.name, "orcid": c.person.orcid, **_fields(c, "roles", "organization")}
            for c in version.contributions.select_related("person").order_by("rank", "person__name")
        ],
    }


def write_canonical(record: dict[str, Any]) -> tuple[str, str]:
    """The record as canonical JSON (sorted keys, no white space, UTF-8) and that text's SHA-256 in hexadecimal."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=str)
    return text, hashlib.sha256(text.encode()).hexdigest()


def _volume(volume: Volume) -> dict[str, Any]:
    data = _fields(
        volume,
        *("path", "kind", "title", "description", "ngff_version", "zarr_format", "axes", "dtype", "levels"),
        *("axis_types", "axis_units", "channels"),
        *("metadata_digest", "contrast_low", "contrast_high", "colour", "viewable"),
    )
    segmentation = getattr(volume, "segmentation", None)
    if segmentation is not None:
        data["segmentation"] = {
            **_fields(segmentation, "type", "method", "method_detail", "subject"),
            "coverage": [
                {"organelle": c.organelle.short_name, **_fields(c, "found", "label_value")}
                for c in segmentation.coverage.select_related("organelle").order_by("organelle__short_name")
            ],
        }
    return data


def _fields(row: Model, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
