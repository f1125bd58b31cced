"""What became of each field of an import."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


class Fate(enum.StrEnum):
    """What was done with something that a source says."""

    TAKEN = "taken"
    """Fields of ours say it as it stands."""

    MAPPED = "mapped"
    """It became a term of ours: an organism's taxon, a layer's organelle class."""

    KEPT = "kept"
    """It has no place of its own here, and is kept as it stands."""

    UNKNOWN = "not recognised"
    """It looks like a term, and none of ours fits; it is kept as it stands."""

    REFUSED = "refused"
    """The dataset was not imported."""


@dataclass(frozen=True)
class Line:
    """One line: of which dataset, which field, what happened, in words."""

    dataset: str
    where: str
    fate: Fate
    words: str

    def to_json(self) -> dict[str, Any]:
        return {"dataset": self.dataset, "where": self.where, "fate": self.fate.value, "words": self.words}

    def __str__(self) -> str:
        return f"{self.dataset}  {self.where}: {self.fate}: {self.words}"


@dataclass
class DatasetReport:
    """What became of one dataset: how many of its fields were taken as they are, the lines of the others, and the
    number of the version that it is now."""

    dataset: str
    taken: int = 0
    """How many values of the source the rows say by themselves."""

    lines: list[Line] = field(default_factory=list)
    number: int | None = None
    outcome: str = ""
    """``imported``, ``unchanged`` or ``refused``."""

    counts: dict[str, int] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return f"{self.dataset}@{self.number}" if self.number else ""

    def tell(self, where: str, fate: Fate, words: str) -> None:
        self.lines.append(Line(self.dataset, where, fate, words))

    def refuse(self, words: str) -> None:
        self.outcome = "refused"
        self.tell("dataset", Fate.REFUSED, words)


def tell_fields(source: dict[str, Any], kept: Mapping[str, Any], report: DatasetReport) -> None:
    """Tell of every value of ``source`` whether the rows say it by themselves or it is kept: a line for the metadata,
    for each layer and for each view, and one more for what is kept of it.

    Args:
        kept: values by the path of their field.
    """
    for part, paths in _parts(source).items():
        held = {path: kept[path] for path in paths if path in kept}
        taken = [path.removeprefix(f"{part}.") for path in paths if path not in kept]
        report.taken += len(taken)
        if taken:
            report.tell(part, Fate.TAKEN, ", ".join(taken))
        if held:
            words = ", ".join(f"{path.removeprefix(f'{part}.')} = {_spell(value)}" for path, value in held.items())
            report.tell(part, Fate.KEPT, words)


def _parts(source: dict[str, Any]) -> dict[str, list[str]]:
    parts = {"metadata": list(_leaves(source["metadata"], "metadata"))}
    for name, each in source["sources"].items():
        parts[f"sources.{name}"] = list(_leaves(each, f"sources.{name}"))
    for index, each in enumerate(source["views"]):
        parts[f"views[{index}]"] = list(_leaves(each, f"views[{index}]"))
    return parts


def _leaves(value: Any, path: str) -> Iterator[str]:
    """The paths of the values that are no object. A list is one."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}")
    else:
        yield path


def _spell(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:119]}…"
