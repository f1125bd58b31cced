"""What a search answers: hits in groups, one for each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from datasets.catalogue.models import SearchEntry
from datasets.catalogue.search.documents import Said
from datasets.catalogue.search.passages import Reason

type Kind = Literal[
    "dataset", "organelle", "segmentation", "crop", "model", "publication", "person", "collection", "task"
]
KINDS: tuple[Kind, ...] = (
    *("organelle", "dataset", "segmentation", "crop", "model", "publication", "person"),
    *("collection", "task"),
)
"""In the order in which groups stand that are found equally well."""

MOST_COUNTED = 1_000
"""So many results of a kind are counted and can be paged through: more is said to be more."""

COUNTED_BESIDE = 100
"""So many segmentations and crops are counted beside results of other kinds."""


@dataclass(frozen=True)
class Hit:
    """Something that was found, and why.

    Args:
        key: of its row: of a dataset its newest version, of a publication one dataset's; 0 for a class.
    """

    kind: Kind
    key: int
    name: str
    title: str
    url: str
    why: tuple[Reason, ...]


@dataclass(frozen=True)
class Group:
    """What was found of one kind: how many, and some of them.

    Args:
        count: at most :data:`MOST_COUNTED`, or :data:`COUNTED_BESIDE`; ``is_more``: there are more than that.
        tier: how well the best is found; the lower, the better.
    """

    kind: Kind
    count: int
    is_more: bool
    tier: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True)
class Found:
    """What was found: the groups that are not empty, the best first; and which words were read instead of others."""

    groups: tuple[Group, ...]
    corrected: Mapping[str, tuple[str, ...]]

    def group(self, kind: Kind) -> Group | None:
        """The group of a kind, if anything of it was found."""
        return next((it for it in self.groups if it.kind == kind), None)


def make_group(kind: Kind, count: int, tier: int, hits: tuple[Hit, ...], count_to: int = MOST_COUNTED) -> Group:
    """A group of which ``count`` were found: ``count_to`` + 1 at most."""
    return Group(kind, min(count, count_to), count > count_to, tier, hits)


def said_of_entry(entry: SearchEntry) -> list[Said]:
    """The texts by which it is found."""
    return [Said(*each) for each in entry.text.said]
