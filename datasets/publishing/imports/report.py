"""What became of each field of an import."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any


class Fate(enum.StrEnum):
    """What was done with something that a source says."""

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
    """What became of one dataset: how many of its fields were taken as they are, the lines of the others, and which
    version it is now."""

    dataset: str
    taken: int = 0
    """How many values of the source the rows say by themselves."""

    lines: list[Line] = field(default_factory=list)
    version: str = ""
    outcome: str = ""
    """``imported``, ``unchanged`` or ``refused``."""

    counts: dict[str, int] = field(default_factory=dict)

    def tell(self, where: str, fate: Fate, words: str) -> None:
        self.lines.append(Line(self.dataset, where, fate, words))


def count_leaves(value: Any) -> int:
    """How many values a source says: those that are no object. A list is one."""
    return sum(count_leaves(inner) for inner in value.values()) if isinstance(value, dict) else 1
