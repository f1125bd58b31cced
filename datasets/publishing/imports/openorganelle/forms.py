"""The three forms in which OpenOrganelle's metadata were published, and what each must hold.

- One file of all datasets: ``{"body": [dataset, …]}``.
- A manifest a dataset: ``<name>/manifest.json``, ``{"name", "metadata", "sources": {name: source}, "views"}``.
- A folder a dataset: ``metadata.json``, ``views.json`` and ``sources/<name>.json``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from datasets.publishing.imports.documents import (
    ADDRESS,
    Document,
    ImportInvalid,
    read_choice,
    read_document,
    read_list,
    read_number,
    read_object,
    read_text,
)
from datasets.storage.keys import canonical_key
from datasets.volumes.errors import CisternaError

FORMATS = ("n5", "zarr", "precomputed")
CONTENTS = ("em", "lm", "segmentation", "prediction", "analysis")
SAMPLES = ("scalar", "label")
NM = {"nm": 1.0, "µm": 1000.0, "μm": 1000.0, "um": 1000.0, "mm": 1e6, "m": 1e9, "nanometer": 1.0, "micrometer": 1000.0}
"""How many nm the units of length are; both letters that are written for micro."""

AXES = ("x", "y", "z")


def in_nm(length: float, unit: str) -> float:
    """A length in nm, without the error of a product of two binary fractions: 0.00336 µm are 3.36 nm."""
    return number(Decimal(repr(length)) * Decimal(repr(NM[unit])))


def number(exact: Decimal) -> float:
    """The number of JSON nearest to ``exact``: a whole one where it is whole."""
    return int(exact) if exact == exact.to_integral_value() else float(exact)


@dataclass(frozen=True)
class Described:
    """One dataset as a form describes it, checked; the parts keep the files they stand in."""

    name: str
    metadata: Document
    sources: tuple[Document, ...]
    views: tuple[Document, ...]
    disagreement: str = ""
    """Where another form of the same dataset says something else; empty: none does."""

    def as_data(self) -> dict[str, Any]:
        """The dataset in the form of a manifest, whichever form it was read from."""
        return {
            "name": self.name,
            "metadata": self.metadata.value,
            "sources": {source.value["name"]: source.value for source in self.sources},
            "views": [view.value for view in self.views],
        }


def read_forms(path: Path) -> list[Described]:
    """Every dataset below ``path``, once: that is a file of a form, a folder of one dataset, or one with forms in it.
    Where two forms of one dataset differ, it has a disagreement.

    Raises:
        ImportInvalid: a file is not of its form, or there is none.
    """
    found: dict[str, Described] = {}
    for described in _read_below(path):
        check(described)
        described = in_order(described)
        first = found.setdefault(described.name, described)
        if first.as_data() != described.as_data():
            field = _first_difference(first.as_data(), described.as_data())
            words = f"{first.metadata.path} and {described.metadata.path} differ, first in {field}; name one of them"
            found[described.name] = replace(first, disagreement=words)
    if not found:
        raise ImportInvalid(
            "There is no metadata of OpenOrganelle here",
            where=str(path),
            fix="Name legacy_metadata.json, or a folder with manifest.json or with metadata.json, views.json, sources/",
        )
    return list(found.values())


def _read_below(path: Path) -> Iterator[Described]:
    if not path.is_dir():
        yield from _read_file(path)
        return
    if (path / "metadata.json").is_file():
        yield _read_folder(path)
        return
    for inner in sorted(path.iterdir()):
        if inner.name.startswith(".") or "schema" in inner.name:
            continue
        if inner.is_dir() or inner.suffix == ".json":
            yield from _read_below(inner)


def _read_file(path: Path) -> Iterator[Described]:
    document = read_document(path)
    if isinstance(document.value, Mapping) and "body" in document.value:
        _refuse_others(document, "body")
        for each in read_list(document, "body"):
            yield _whole(each)
    elif isinstance(document.value, Mapping) and "metadata" in document.value:
        yield _whole(document)
    else:
        raise document.refuse(
            "This is no form of OpenOrganelle's metadata",
            fix='A file of all datasets is {"body": […]}, a manifest {"name", "metadata", "sources", "views"}',
        )


def _whole(document: Document) -> Described:
    _refuse_others(document, "name", "metadata", "sources", "views")
    name = read_text(document, "name")
    sources = read_object(document, "sources")
    for key in sources.value:
        if read_text(sources, key, "name") != key:
            raise sources.refuse(f"The source {key!r} calls itself otherwise", key, "name")
    return Described(
        name,
        read_object(document, "metadata"),
        tuple(sources.part(key) for key in sources.value),
        tuple(read_list(document, "views")),
    )


def _read_folder(path: Path) -> Described:
    metadata = read_document(path / "metadata.json")
    views = read_document(path / "views.json")
    _refuse_others(views, "views")
    files = sorted((path / "sources").glob("*.json"))
    return Described(
        read_text(metadata, "id"),
        metadata,
        tuple(read_document(file) for file in files),
        tuple(read_list(views, "views")),
    )


def _refuse_others(document: Document, *fields: str) -> None:
    for field in read_object(document).value:
        if field not in fields:
            raise document.refuse(f"The field {field!r} has no place here", field, fix=f"Known: {', '.join(fields)}")


def in_order(described: Described) -> Described:
    """With the sources in an order of ours, as the forms have none: by what they show, images first, then by name."""
    order = sorted(
        described.sources, key=lambda source: (CONTENTS.index(source.value["contentType"]), source.value["name"])
    )
    return replace(described, sources=tuple(order))


def check(described: Described) -> None:
    """Whether every field is there, and of the kind that it must be.

    Raises:
        ImportInvalid: naming the file, the line and the field of the first that is not.
    """
    _check_metadata(described.metadata)
    names = [_check_source(source) for source in described.sources]
    for source, name in zip(described.sources, names, strict=True):
        if names.count(name) > 1:
            raise source.refuse(f"Two sources are called {name!r}", "name")
    for view in described.views:
        _check_view(view)


def _check_metadata(metadata: Document) -> None:
    for field in ("title", "id", "softwareAvailability"):
        read_text(metadata, field)
    if "thumbnailURL" in read_object(metadata).value:
        read_text(metadata, "thumbnailURL")
    imaging = read_object(metadata, "imaging")
    for field in ("id", "institution"):
        read_text(imaging, field)
    for field in ("gridSpacing", "dimensions"):
        read_choice(imaging, tuple(NM), field, "unit")
        for axis in AXES:
            if read_number(imaging, field, "values", axis) < 0:
                raise imaging.refuse("A length is not negative", field, "values", axis)
    try:
        dt.date.fromisoformat(read_text(imaging, "startDate"))
    except ValueError:
        raise imaging.refuse("A date looks like 2020-10-09", "startDate") from None
    for field in ("duration", "biasVoltage", "scanRate", "current", "primaryEnergy"):
        if read_number(imaging, field) < 0:
            raise imaging.refuse("It is not negative", field)
    sample = read_object(metadata, "sample")
    for field in ("description", "protocol", "contributions"):
        read_text(sample, field)
    for field in ("organism", "type", "subtype", "treatment"):
        for index, _ in enumerate(read_list(sample, field)):
            read_text(sample, field, index)
    for index, _ in enumerate(read_list(metadata, "institution")):
        read_text(metadata, "institution", index)
    for link in (*read_list(metadata, "DOI"), *read_list(metadata, "publications")):
        if isinstance(link.value, str) and "publications" in link.field:
            continue
        for field in ("id", "DOI") if "DOI" in read_object(link).value else ("href", "title"):
            read_text(link, field)


def _check_source(source: Document) -> str:
    name = read_text(source, "name", most=512)
    if not _is_path(name):
        raise source.refuse(f"{name[:60]!r} cannot be the path of a volume", "name")
    read_text(source, "description")
    _check_address(source)
    read_choice(source, FORMATS, "format")
    read_choice(source, SAMPLES, "sampleType")
    read_choice(source, CONTENTS, "contentType")
    _check_transform(read_object(source, "transform"))
    for field in ("start", "end", "min", "max"):
        read_number(source, "displaySettings", "contrastLimits", field)
    if source.value["displaySettings"].get("color") is not None:
        read_text(source, "displaySettings", "color")
    for mesh in read_list(source, "subsources"):
        for field in ("name", "format"):
            read_text(mesh, field)
        _check_address(mesh)
        _check_transform(read_object(mesh, "transform"))
    return name


def _check_address(source: Document) -> None:
    if not re.fullmatch(ADDRESS, read_text(source, "url", most=1000)):
        raise source.refuse("An address begins with https://, http://, s3:// or gs://, and has no spaces", "url")


def _is_path(name: str) -> bool:
    try:
        return canonical_key(quote(name).encode()) == name
    except CisternaError:
        return False


def _check_transform(transform: Document) -> None:
    for index, _ in enumerate(read_list(transform, "axes", length=3)):
        read_choice(transform, AXES, "axes", index)
    if len(set(transform.value["axes"])) != 3:
        raise transform.refuse("An axis is named twice", "axes")
    for index, _ in enumerate(read_list(transform, "units", length=3)):
        read_choice(transform, tuple(NM), "units", index)
    for field in ("translate", "scale"):
        for index, _ in enumerate(read_list(transform, field, length=3)):
            if read_number(transform, field, index) == 0 and field == "scale":
                raise transform.refuse("A scale is not 0", field, index)


def _check_view(view: Document) -> None:
    for field in ("name", "description"):
        read_text(view, field)
    for index, _ in enumerate(read_list(view, "sources")):
        read_text(view, "sources", index)
    for field, length in (("position", 3), ("orientation", 4)):
        if view.value.get(field) is not None:
            for index, _ in enumerate(read_list(view, field, length=length)):
                read_number(view, field, index)
    if (orientation := view.value.get("orientation")) is not None and not any(orientation):
        raise view.refuse("An orientation is a quaternion, and not all of it is 0", "orientation")
    if view.value.get("scale") is not None:
        read_number(view, "scale")


def _first_difference(one: Any, other: Any, where: str = "") -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            if one.get(key) != other.get(key):
                return _first_difference(one.get(key), other.get(key), f"{where}.{key}" if where else key)
    return where
