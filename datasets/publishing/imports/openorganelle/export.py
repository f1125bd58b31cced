"""The way back: a version as OpenOrganelle's metadata would say it.

:func:`rebuild` says what the rows say by themselves. What that is not, word for word, is *kept* on the rows when they
are written, by the import; :func:`export` lays it over. So nothing of the source is lost, and nothing is stored twice.
The tests call :func:`export`, to compare it with the source field by field; no page or command does.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from datasets.catalogue.models import Acquisition, DatasetVersion, ExternalMesh, Publication, Transform, View, Volume
from datasets.catalogue.models.dataset import ABSENT
from datasets.publishing.imports.openorganelle.forms import number
from datasets.publishing.imports.openorganelle.rows import COLOURS

_COLOUR_NAMES = {value: name for name, value in COLOURS.items()}
_CONTENTS = {"em": "em", "light": "lm", "prediction": "prediction", "segmentation": "segmentation"}


def export(version: DatasetVersion) -> dict[str, Any]:
    """``{"name", "metadata", "sources", "views"}`` of a version that was imported, as its source says it."""
    return {
        "name": version.dataset.name,
        "metadata": _laid_over(rebuild_metadata(version), version.kept.get("metadata", {})),
        "sources": {volume.path: _laid_over(rebuild_source(volume), volume.kept) for volume in version.volumes.all()},
        "views": [_laid_over(rebuild_view(view), view.kept) for view in version.views.all()],
    }


def keep_the_rest(version: DatasetVersion, source: dict[str, Any]) -> dict[str, Any]:
    """Keep on the rows of a draft whatever of ``source`` they do not say by themselves; answers what is kept, by the
    paths of its fields."""
    version.kept = _without_empty({"metadata": _rest(source["metadata"], rebuild_metadata(version))})
    version.save(update_fields=["kept"])
    volumes = list(version.volumes.prefetch_related("transforms", "external_meshes", "segmentation"))
    for volume in volumes:
        volume.kept = _rest(source["sources"][volume.path], rebuild_source(volume)) or {}
    Volume.objects.bulk_update(volumes, ["kept"], batch_size=200)
    views = list(version.views.all())
    for view, said in zip(views, source["views"], strict=True):
        view.kept = _rest(said, rebuild_view(view)) or {}
    View.objects.bulk_update(views, ["kept"])
    kept = _values(version.kept)
    for volume in volumes:
        kept |= _values(volume.kept, f"sources.{volume.path}")
    for index, view in enumerate(views):
        kept |= _values(view.kept, f"views[{index}]")
    return kept


def rebuild_metadata(version: DatasetVersion) -> dict[str, Any]:
    """What the rows of a version say of its metadata."""
    acquisition, specimen = version.acquisition, version.specimen
    terms = list(specimen.terms.order_by("rank"))
    labels = {kind: [term.label for term in terms if term.kind == kind] for kind in {term.kind for term in terms}}
    publications = list(version.publications.order_by("rank"))
    return {
        "title": version.title,
        "id": version.dataset.name,
        "imaging": {
            "id": acquisition.source_id,
            "institution": acquisition.institution,
            "gridSpacing": _lengths(acquisition, "voxel", "nm", 1),
            "dimensions": _lengths(acquisition, "extent", "µm", 1000),
            "startDate": str(acquisition.started_on),
            "duration": acquisition.duration_days or 0,
            "biasVoltage": _times(acquisition.bias_voltage_kv, 1000),
            "scanRate": acquisition.scan_rate_mhz or 0,
            "current": acquisition.current_na or 0,
            "primaryEnergy": _times(acquisition.voltage_kv, 1000),
        },
        "sample": {
            "description": version.description,
            "protocol": specimen.preparation,
            "contributions": version.credit,
            "organism": [specimen.organism] if specimen.organism else [],
            "type": labels.get("sample_type", []),
            "subtype": labels.get("cell_line", labels.get("tissue", [])),
            "treatment": labels.get("treatment", []),
        },
        "institution": [each.organization.title for each in version.affiliations.select_related("organization")],
        "DOI": [_link(each) for each in publications if each.kind == Publication.Kind.DATA],
        "publications": [_link(each) for each in publications if each.kind == Publication.Kind.PAPER],
    }


def rebuild_source(volume: Volume) -> dict[str, Any]:
    """What the rows of an external volume say of a source."""
    return {
        "name": volume.path,
        "description": volume.title,
        "url": volume.external_url,
        "format": volume.external_format,
        "transform": _transform(volume.transforms.all()[0], volume.axes),
        "sampleType": "scalar" if volume.kind in ("em", "light", "prediction") else "label",
        "contentType": _CONTENTS.get(volume.kind, "analysis"),
        "displaySettings": {
            "contrastLimits": {"start": volume.contrast_low, "end": volume.contrast_high}
            if volume.contrast_low is not None
            else {},
            "color": _COLOUR_NAMES.get(volume.colour, volume.colour) or None,
        },
        "subsources": [_mesh(mesh, volume.axes) for mesh in volume.external_meshes.all()],
    }


def rebuild_view(view: View) -> dict[str, Any]:
    """What the row of a view says."""
    return {
        "name": view.title,
        "description": view.description,
        "sources": view.layers,
        "position": view.position_nm,
        "scale": view.nm_per_pixel,
        "orientation": view.orientation,
    }


def _link(publication: Publication) -> dict[str, Any]:
    href = f"https://doi.org/{publication.doi}" if publication.doi else publication.url
    return {"href": href, "title": publication.title}


def _lengths(acquisition: Acquisition, ours: str, unit: str, nm: int) -> dict[str, Any]:
    values = {axis: getattr(acquisition, f"{ours}_{axis}_nm") for axis in "xyz"}
    return {
        "unit": unit,
        "values": {axis: 0 if value is None else number(Decimal(repr(value)) / nm) for axis, value in values.items()},
    }


def _times(value: float | None, factor: float) -> float:
    return 0 if value is None else round(value * factor, 9)


def _transform(transform: Transform | ExternalMesh, axes: list[str]) -> dict[str, Any]:
    rows = dict(zip("xyz", transform.matrix, strict=True))
    return {
        "axes": axes,
        "units": ["nm"] * len(axes),
        "translate": [rows[axis][3] for axis in axes],
        "scale": [rows[axis]["xyz".index(axis)] for axis in axes],
    }


def _mesh(mesh: ExternalMesh, axes: list[str]) -> dict[str, Any]:
    return {
        "name": mesh.name,
        "description": "",
        "url": mesh.url,
        "format": mesh.format,
        "transform": _transform(mesh, axes),
        "ids": [],
    }


def _rest(said: Any, rebuilt: Any) -> Any:
    """What is to be laid over ``rebuilt`` so that it becomes ``said``; None where it is that already."""
    if (said == rebuilt and type(said) is type(rebuilt)) or _same_number(said, rebuilt):
        return None
    if isinstance(said, dict) and isinstance(rebuilt, dict):
        rest = {
            name: value if name not in rebuilt else _rest(value, rebuilt[name])
            for name, value in said.items()
            if name not in rebuilt or said[name] != rebuilt[name]
        }
        # What the rows say and the source does not is taken away again.
        return rest | {name: {ABSENT: True} for name in rebuilt if name not in said}
    return said


def _laid_over(rebuilt: Any, rest: Any) -> Any:
    if not isinstance(rebuilt, dict) or not isinstance(rest, dict):
        return rest
    result = dict(rebuilt)
    for name, value in rest.items():
        if value == {ABSENT: True}:
            result.pop(name, None)
        else:
            result[name] = _laid_over(rebuilt[name], value) if name in rebuilt else value
    return result


def _same_number(one: Any, other: Any) -> bool:
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (one, other))
    return numbers and one == other


def _without_empty(value: dict[str, Any]) -> dict[str, Any]:
    return {name: inner for name, inner in value.items() if inner}


def _values(kept: dict[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in kept.items():
        path = f"{above}.{name}" if above else name
        if value == {ABSENT: True}:
            continue
        found |= _values(value, path) if isinstance(value, dict) and value else {path: value}
    return found
