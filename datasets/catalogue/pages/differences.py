"""In what two that stand side by side differ, in words; and what is the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from datasets.catalogue.models import Coverage
from datasets.catalogue.pages.dataset import acquisition_facts, version_facts
from datasets.catalogue.pages.layer import layer_facts
from datasets.catalogue.pages.layers import organelle_dots
from datasets.catalogue.pages.parts import Fact, lead_of, main_volume
from datasets.catalogue.presentation import format_list
from datasets.catalogue.queries.comparisons import Compared
from datasets.catalogue.queries.datasets import segmentation_of
from datasets.catalogue.slices import base_image

_SENTENCE = re.compile(r".+?[.!?](?=\s|$)", re.DOTALL)


@dataclass(frozen=True)
class Difference:
    """What is said of both, in other words; of one of them perhaps nothing."""

    name: str
    left: Fact | None
    right: Fact | None


@dataclass(frozen=True)
class Differences:
    """Of two: what they are to each other, where they differ, and what is the same."""

    lead: str
    rows: tuple[Difference, ...]
    same: tuple[Fact, ...]


def differences_of(left: Compared, right: Compared) -> Differences:
    """How ``left`` and ``right`` differ."""
    ours, theirs = _facts(left, right), _facts(right, left)
    rows, same = [], []
    for name in dict.fromkeys([*ours, *theirs]):
        one, other = ours.get(name), theirs.get(name)
        if one and other and one.value == other.value:
            same.append(one)
        else:
            rows.append(Difference(name, one, other))
    return Differences(_lead(left, right), tuple(rows), tuple(same))


def share_space(left: Compared, right: Compared) -> bool:
    """Whether a place in nm is the same place in both: in one dataset it is."""
    return left.version.dataset_id == right.version.dataset_id


def _lead(left: Compared, right: Compared) -> str:
    title = left.version.title
    if str(left) == str(right):
        return f"{title} beside itself: choose something else for one side."
    if not share_space(left, right):
        return (
            "Two datasets, at one scale. They have no coordinates in common: each view keeps its own place, and both"
            " move by the same distance."
        )
    if left.version.pk != right.version.pk:
        return f"Two versions of {title}, in the same coordinates."
    if left.volume and right.volume and left.volume.is_labels and right.volume.is_labels:
        return f"Two segmentations of {title}: the same image, other labels."
    return f"Two layers of {title}." if left.volume and right.volume else f"All of {title}, and one of its layers."


def _facts(it: Compared, other: Compared) -> dict[str, Fact]:
    """What is said of ``it``, by name. Where both are of one version, that goes without saying."""
    facts: list[Fact] = []
    if it.version.pk != other.version.pk:
        facts += _version_facts(it, other)
    if it.volume is not None:
        image = base_image(list(it.version.volumes.all()))
        facts += layer_facts(it.version, it.volume, image, it.run)
        facts += _classes(it)
        if description := _told_apart(it.volume.description, other.volume.description if other.volume else ""):
            facts.append(Fact("Description", description))
    return {fact.name: fact for fact in facts}


def _version_facts(it: Compared, other: Compared) -> Iterable[Fact]:
    version = it.version
    volumes = list(version.volumes.all())
    if share_space(it, other):
        yield Fact("What changed", version.change_note)
        yield Fact("Title", version.title)
        if lead_of(version)[0] != lead_of(other.version)[0]:
            yield Fact("Description", lead_of(version)[0])
    else:
        yield Fact("Dataset", version.dataset.name)
    yield from version_facts(version, volumes, main_volume(volumes), None)
    if organelles := organelle_dots(volumes):
        yield Fact("Organelles", ", ".join(dot.name for dot in organelles))
    if share_space(it, other):
        elsewhere = {volume.path for volume in other.version.volumes.all()}
        alone = [volume.title for volume in volumes if volume.path not in elsewhere]
        yield Fact("Layers in this one alone", format_list(alone) or "none")
    yield from acquisition_facts(version)


def _told_apart(text: str, other: str) -> str:
    """The first sentence of ``text``; all of it, where ``other`` differs only further on."""
    first, others = (_SENTENCE.match(it.strip()) for it in (text, other))
    if not first or (others and first[0] == others[0] and text != other):
        return text
    return first[0]


def _classes(it: Compared) -> Iterable[Fact]:
    segmentation = segmentation_of(it.volume) if it.volume else None
    coverage = list(segmentation.coverage.all()) if segmentation else []
    for found, name in (
        (Coverage.Found.PRESENT, "Labelled"),
        (Coverage.Found.ABSENT, "Looked for, not found"),
        (Coverage.Found.NOT_ANNOTATED, "Not looked for"),
    ):
        if classes := [each.organelle.long_name for each in coverage if each.found == found]:
            yield Fact(name, ", ".join(classes))
    if segmentation and segmentation.subject and not coverage:
        yield Fact("Labelled", segmentation.subject)
