"""In what two records differ, each thing under the name it has by nature: a volume's path, a publication's DOI.

Pure: records (:mod:`.records`) in, changes out. What is not said (absent, null, empty) is the same as nothing. Lists
of what has a name are compared name by name, whatever the order, and the order by itself; all other lists as a whole.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets.catalogue.models.dataset import without_absent

_FIRST = (
    *("title", "description", "keywords", "licence", "credit", "specimen", "acquisition", "volumes", "spaces"),
    *("crops", "views", "publications", "contributions", "affiliations", "kept"),
)
"""What a record says, in the order in which people ask for it."""
_ASIDE = {"format", "dataset", "change_note", "mounts"}
"""What says nothing of the content, and what has a comparison of its own."""
_TERMS = ("sample_type", "tissue", "cell_line", "treatment")
_KEPT = "kept"


class Kind(enum.StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REORDERED = "reordered"
    MOVED = "moved"
    """Of mounts alone: the same place in the version, another place in storage."""


@dataclass(frozen=True)
class RecordChange:
    """One thing that is said otherwise.

    Args:
        path: the names on the way to it: ``("volumes", "em", "title")``.
        words: the same for people: ``("Volumes", "em", "title")``.
        before: what the earlier record says; None: nothing. Where only an order has changed, the names in it.
        after: what the later record says.
    """

    path: tuple[str, ...]
    words: tuple[str, ...]
    kind: Kind
    before: Any
    after: Any


@dataclass(frozen=True)
class Place:
    """Where a mount leads to: the data of one ``revision``, at ``key`` of ``root`` in storage."""

    single: bool
    revision: str
    root: str
    key: str


@dataclass(frozen=True)
class MountChange:
    """A path of the version whose bytes come from elsewhere, or from nowhere: then ``before`` or ``after`` is None."""

    path: str
    kind: Kind
    before: Place | None
    after: Place | None


def record_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[RecordChange]:
    """What ``after`` says otherwise than ``before``, in the order of a dataset's page, but for the mounts."""
    one, other = _comparable(before), _comparable(after)
    names = [name for name in dict.fromkeys((*_FIRST, *one, *other)) if name not in _ASIDE]
    return [change for name in names for change in _field((), (), name, one.get(name), other.get(name))]


def mount_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[MountChange]:
    """The mounts that ``after`` has otherwise than ``before``, by path."""
    one, other = ({mount["path"]: mount for mount in record.get("mounts", ())} for record in (before, after))
    changes = []
    for path in sorted({*one, *other}):
        old, new = (_place(mounts[path]) if path in mounts else None for mounts in (one, other))
        if old == new:
            continue
        if old is None or new is None:
            kind = Kind.ADDED if old is None else Kind.REMOVED
        else:
            kind = Kind.CHANGED if (old.root, old.key) == (new.root, new.key) else Kind.MOVED
        changes.append(MountChange(path, kind, old, new))
    return changes


def models_named(record: Mapping[str, Any]) -> set[str]:
    """The models whose runs made segmentations of the record."""
    runs = (run_of(volume) for volume in record.get("volumes", ()))
    return {run["model"] for run in runs if run}


def without_models(record: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """The record without the runs of the models ``names``, of which somebody may not know."""
    volumes = []
    for volume in record.get("volumes", ()):
        run = run_of(volume)
        if run and run["model"] in names:
            rest = {name: said for name, said in volume["segmentation"].items() if name != "run"}
            volume = {**volume, "segmentation": rest}
        volumes.append(volume)
    return {**record, "volumes": volumes}


def run_of(volume: Mapping[str, Any]) -> dict[str, Any]:
    """The run that made a segmentation; empty where there is none."""
    run: dict[str, Any] = (volume.get("segmentation") or {}).get("run") or {}
    return run


def _place(mount: Mapping[str, Any]) -> Place:
    return Place(**{name: mount[name] for name in ("single", "revision", "root", "key")})


def _comparable(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with terms of specimens in one form, of the two that records have, and of what was kept without marks
    of what the source does not say."""
    comparable: dict[str, Any] = _told(record)
    if "specimen" in record:
        comparable["specimen"] = _terms_joined(record["specimen"])
    return comparable


def _told(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: without_absent(it) if name == _KEPT and isinstance(it, Mapping) else _told(it)
            for name, it in value.items()
        }
    return [_told(it) for it in value] if isinstance(value, list) else value


def _terms_joined(specimen: Mapping[str, Any]) -> dict[str, Any]:
    """A specimen that says its terms by kind: each by its label, and its CURIE in brackets where there is one."""
    plain = [{"kind": kind, "label": specimen[kind], "curie": ""} for kind in _TERMS if specimen.get(kind)]
    terms: dict[str, list[str]] = {}
    for term in specimen.get("terms") or plain:
        text = f"{term['label']} ({term['curie']})" if term["curie"] else term["label"]
        terms.setdefault(term["kind"], []).append(text)
    return {name: said for name, said in specimen.items() if name not in (*_TERMS, "terms")} | terms


def _field(
    path: tuple[str, ...], words: tuple[str, ...], name: str, before: Any, after: Any, *, is_free: bool = False
) -> Iterator[RecordChange]:
    """The changes of one field; where it ``is_free``, its name is the source's own."""
    word = name if is_free else _in_words(name, is_first=not words)
    yield from _compare((*path, name), (*words, word), before, after, is_free=is_free or name == _KEPT)


def _compare(
    path: tuple[str, ...], words: tuple[str, ...], before: Any, after: Any, *, is_free: bool
) -> Iterator[RecordChange]:
    before, after = _said(before), _said(after)
    if before == after:
        return
    name_of = None if is_free else _NAMES.get(path[-1])
    if name_of and _is_named(before) and _is_named(after):
        yield from _compare_named(path, words, _by_name(before or (), name_of), _by_name(after or (), name_of))
    elif isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from _field(path, words, name, before.get(name), after.get(name), is_free=is_free)
    else:
        yield RecordChange(path, words, _kind(before, after), before, after)


def _compare_named(
    path: tuple[str, ...], words: tuple[str, ...], before: dict[str, Any], after: dict[str, Any]
) -> Iterator[RecordChange]:
    for name in dict.fromkeys((*before, *after)):
        yield from _compare((*path, name), (*words, name), before.get(name), after.get(name), is_free=False)
    was, now = ([name for name in one if name in other] for one, other in ((before, after), (after, before)))
    if was != now:
        yield RecordChange(path, words, Kind.REORDERED, was, now)


def _kind(before: Any, after: Any) -> Kind:
    if before is None:
        return Kind.ADDED
    return Kind.REMOVED if after is None else Kind.CHANGED


def _said(value: Any) -> Any:
    """``value``, or None where it says nothing."""
    return None if value in (None, "", {}, []) else value


def _is_named(value: Any) -> bool:
    """Whether a list, where there is one, is of what has a name: of pairs, or of objects."""
    return value is None or (isinstance(value, list) and all(isinstance(it, dict | list) for it in value))


def _by_name(entries: Sequence[Any], name_of: Callable[[Any], str]) -> dict[str, Any]:
    """The entries by their names; of those that share one, the second is called ``name (2)``."""
    seen: Counter[str] = Counter()
    named = {}
    for entry in entries:
        name = name_of(entry)
        seen[name] += 1
        named[name if seen[name] == 1 else f"{name} ({seen[name]})"] = entry[1] if isinstance(entry, list) else entry
    return named


def _called(name: str) -> Callable[[Any], str]:
    return lambda entry: str(entry[name])


def _publication(entry: Mapping[str, Any]) -> str:
    return str(entry["doi"].lower() or entry["url"] or entry["title"])


def _coverage(entry: Any) -> str:
    """A segmentation says it as an object, a crop as a pair."""
    return str(entry[0] if isinstance(entry, list) else entry["organelle"])


_NAMES: dict[str, Callable[[Any], str]] = {
    "volumes": _called("path"),
    "levels": _called("path"),
    "external_meshes": _called("name"),
    "transforms": _called("space"),
    "coverage": _coverage,
    "spaces": _called("name"),
    "crops": _called("name"),
    "views": _called("name"),
    "publications": _publication,
    "contributions": _called("name"),
}
"""The lists of what has a name, each with how it is found."""

_WORDS = {
    "doi": "DOI",
    "url": "address",
    "orcid": "ORCID",
    "ncbi_taxon": "NCBI taxon",
    "ngff_version": "NGFF version",
    "zarr_format": "Zarr format",
    "dtype": "data type",
    "kept": "kept from the source",
    "external_url": "address elsewhere",
    "external_format": "format elsewhere",
    "labels_url": "address of the labels",
    "image_url": "address of the image",
    "source_id": "laboratory's name",
    "nm_per_pixel": "nm per pixel",
    "metadata_digest": "digest of the metadata",
    "organelles": "classes",
}
_UNITS = {"nm": "nm", "kv": "kV", "na": "nA", "mhz": "MHz", "days": "days", "bytes": "bytes"}


def _in_words(name: str, *, is_first: bool) -> str:
    stem, _, unit = name.rpartition("_")
    if name in _WORDS:
        text = _WORDS[name]
    elif stem and unit in _UNITS:
        text = f"{stem.replace('_', ' ')} ({_UNITS[unit]})"
    else:
        text = name.replace("_", " ")
    return text[0].upper() + text[1:] if is_first else text
