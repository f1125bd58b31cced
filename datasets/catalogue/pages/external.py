"""What pages say of data that stay elsewhere, and of what an import kept as it stood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from datasets.catalogue.external_sources import Matrix, matrix_of, voxel_nm
from datasets.catalogue.models import SourceCheck, Volume
from datasets.catalogue.models.dataset import without_absent
from datasets.catalogue.pages.parts import Fact
from datasets.catalogue.presentation import format_date, format_voxel
from datasets.catalogue.queries.source_checks import LastCheck, last_check

NAMES = {
    "metadata": "",
    "imaging": "imaging",
    "thumbnailURL": "thumbnail",
    "softwareAvailability": "software",
    "displaySettings": "shown",
    "contrastLimits": "contrast",
    "invertLUT": "inverted",
}
"""Words for names of fields that sources write for programs."""


def kept_facts(kept: Mapping[str, Any]) -> tuple[Fact, ...]:
    """What a source says beyond the model, one fact a value, in the source's order; addresses of the web as links."""
    return tuple(fact for name, value in without_absent(kept).items() for fact in _flatten(value, (name,)))


def external_facts(volume: Volume) -> Iterable[Fact]:
    """Where an external volume is, how it lies in the space that people meet first, and whether it was reached.

    Args:
        volume: with its transforms, meshes and last check loaded.
    """
    yield Fact("Format", volume.get_external_format_display())
    if (matrix := matrix_of(volume)) is not None:
        yield Fact("Voxel", external_voxel(volume))
        if mirrored := mirrored_axes(matrix):
            yield Fact("Mirrored", f"along {' and '.join(mirrored)}")
        if offset := [f"{axis} {row[3]:g}" for axis, row in zip("xyz", matrix, strict=True) if row[3]]:
            yield Fact("Begins at", f"{', '.join(offset)}\u00a0nm")
    if meshes := list(volume.external_meshes.all()):
        yield Fact("Meshes", ", ".join(f"{mesh.name} ({mesh.format.replace('_', ' ')})" for mesh in meshes))
    if check := last_check(volume):
        yield Fact("Reached", reach_of(check))


def mirrored_axes(matrix: Matrix) -> list[str]:
    """The axes along which the data run against their space."""
    return [axis for index, axis in enumerate("xyz") if matrix[index][index] < 0]


def external_voxel(volume: Volume) -> str:
    """The voxel of an external volume in words; empty where its place is not known."""
    matrix = matrix_of(volume)
    return "" if matrix is None else format_voxel(dict(zip("xyz", voxel_nm(matrix), strict=True)))


def reach_of(check: LastCheck) -> str:
    """What came of asking for a source, in words."""
    when = format_date(check.checked_at)
    words = {
        SourceCheck.State.REACHABLE: "yes",
        SourceCheck.State.ABSENT: "no: nothing is there any more",
        SourceCheck.State.REFUSED: "no: whoever asks is refused",
        SourceCheck.State.UNREACHABLE: "no answer",
        SourceCheck.State.NOT_ALLOWED: "not asked: this portal does not read from there",
    }
    return f"{words[SourceCheck.State(check.state)]} ({when})"


def _flatten(value: Any, path: tuple[str, ...]) -> Iterable[Fact]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flatten(inner, (*path, str(name)))
        return
    if isinstance(value, list | tuple) and any(isinstance(each, Mapping | list) for each in value):
        for place, each in enumerate(value, start=1):
            yield from _flatten(each, (*path, str(place)) if len(value) > 1 else path)
        return
    text = _spell(value)
    is_web = isinstance(value, str) and value.startswith(("https://", "http://"))
    yield Fact(_name(path), text, value if is_web else "")


def _name(path: tuple[str, ...]) -> str:
    words = " ".join(filter(None, (NAMES.get(part, part) for part in path)))
    return words[:1].upper() + words[1:]


def _spell(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_spell(each) for each in value) or "none"
    if isinstance(value, Mapping):
        return "empty"
    return f"{value:g}" if isinstance(value, float) else str(value) or "empty"
