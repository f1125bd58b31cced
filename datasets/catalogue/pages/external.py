"""What pages say of data that stay elsewhere, and of what an import kept as it stood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from datasets.catalogue.models import SourceCheck, Transform, Volume
from datasets.catalogue.models.dataset import without_absent
from datasets.catalogue.pages.parts import Fact
from datasets.catalogue.presentation import format_date, format_voxel

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


def external_facts(volume: Volume, checks: Mapping[str, SourceCheck]) -> Iterable[Fact]:
    """Where an external volume is, how it lies in its space, and whether it was reached.

    Args:
        volume: with its transforms and meshes loaded.
        checks: of sources, by their address.
    """
    yield Fact("Format", volume.get_external_format_display())
    for transform in volume.transforms.all():
        yield Fact("Voxel", format_voxel(voxel_nm(transform)))
        if mirrored := mirrored_axes(transform):
            yield Fact("Mirrored", f"along {' and '.join(mirrored)}")
        if offset := [f"{axis} {row[3]:g}" for axis, row in zip("xyz", transform.matrix, strict=True) if row[3]]:
            yield Fact("Begins at", f"{', '.join(offset)}\u00a0nm")
    if meshes := list(volume.external_meshes.all()):
        yield Fact("Meshes", ", ".join(f"{mesh.name} ({mesh.format.replace('_', ' ')})" for mesh in meshes))
    if check := checks.get(volume.external_url):
        yield Fact("Reached", reach_of(check))


def voxel_nm(transform: Transform) -> dict[str, float]:
    """The sides of a voxel in nm, by axis: the lengths of the matrix's columns."""
    columns = zip(*(row[:3] for row in transform.matrix), strict=True)
    return {axis: sum(part**2 for part in column) ** 0.5 for axis, column in zip("xyz", columns, strict=True)}


def mirrored_axes(transform: Transform) -> list[str]:
    """The axes along which the data run against their space."""
    return [axis for index, axis in enumerate("xyz") if transform.matrix[index][index] < 0]


def external_voxel(volume: Volume) -> str:
    """The voxel of an external volume in words; empty where its place is not known."""
    transforms = volume.transforms.all()
    return format_voxel(voxel_nm(transforms[0])) if transforms else ""


def reach_of(check: SourceCheck) -> str:
    """What came of asking for a source, in words."""
    when = format_date(check.checked_at)
    words = {
        check.State.REACHABLE: "yes",
        check.State.ABSENT: "no: nothing is there any more",
        check.State.REFUSED: "no: whoever asks is refused",
        check.State.UNREACHABLE: "no answer",
        check.State.NOT_ALLOWED: "not asked: this portal does not read from there",
    }
    return f"{words[check.State(check.state)]} ({when})"


def checks_of(volumes: Sequence[Volume]) -> dict[str, SourceCheck]:
    """The last checks of the volumes' sources, by address."""
    urls = [volume.external_url for volume in volumes if volume.is_external]
    return {check.url: check for check in SourceCheck.objects.filter(url__in=urls)} if urls else {}


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
