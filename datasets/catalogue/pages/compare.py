"""What the page says on which two stand side by side, as data; and from what can be chosen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import reverse

from datasets.catalogue.addresses import Reference, compare_url, layer_url
from datasets.catalogue.crop_annotations import has_crops
from datasets.catalogue.external_sources import opens_in_viewer, seen_with
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.models.dataset import DATASET_NAME
from datasets.catalogue.neuroglancer_links import layer_colour
from datasets.catalogue.pages.compare_pictures import ComparedPicture, ComparedPictures, compared_pictures
from datasets.catalogue.pages.differences import Difference, differences_of, share_space
from datasets.catalogue.pages.layers import Dot, layer_heading
from datasets.catalogue.pages.parts import Choice, Fact
from datasets.catalogue.pages.slice_addresses import numbers
from datasets.catalogue.pages.slice_layers import slice_layers
from datasets.catalogue.queries.comparisons import Compared
from datasets.catalogue.queries.visibility import is_open
from datasets.catalogue.state_requests import QueryInvalid

_NAMED = re.compile(rf"({DATASET_NAME})(?:@([1-9][0-9]{{0,8}}|draft))?(?:/(.+?)/?)?")
ROWS_OPEN = 9
"""More rows of differences wait until somebody opens them, so that the views stay within reach."""


@dataclass(frozen=True)
class ChoiceGroup:
    """Choices under a heading."""

    title: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class SidePage:
    """One of the two. ``view_url`` is empty where the viewer cannot show it, ``slices_url`` where none can be cut."""

    title: str
    badge: str
    reference: str
    url: str
    dot: Dot | None
    view_url: str
    slices_url: str


@dataclass(frozen=True)
class Pair:
    """Two side by side; ``config`` is what the script is handed that links their views."""

    left: SidePage
    right: SidePage
    lead: str
    rows: tuple[Difference, ...]
    is_short: bool
    same: tuple[Fact, ...]
    pictures: ComparedPictures
    address: str
    config: dict[str, Any] | None

    @property
    def sides(self) -> tuple[SidePage, SidePage]:
        """Both."""
        return (self.left, self.right)

    @property
    def pictured(self) -> tuple[tuple[SidePage, ComparedPicture], ...]:
        """Both sides with their slices."""
        return ((self.left, self.pictures.left), (self.right, self.pictures.right))


@dataclass(frozen=True)
class ComparePage:
    """The page: two side by side, or what can be chosen for the side ``missing``, ``left`` or ``right``."""

    title: str
    pair: Pair | None
    left: str
    right: str
    chosen: SidePage | None
    missing: str
    groups: tuple[ChoiceGroup, ...]
    names: tuple[Choice, ...]


def read_named(text: str, side: str) -> tuple[Reference, str]:
    """The version and the path of a layer (or ``""``) that ``text`` names: ``cell``, ``cell@2``, ``cell@2/labels/er``.

    Raises:
        QueryInvalid: it names nothing.
    """
    found = _NAMED.fullmatch(text.strip())
    if found is None:
        raise QueryInvalid(
            f"{text[:80]!r} names no dataset or layer",
            where=side,
            fix="Give a dataset's name, a version or a layer, such as cell, cell@2 or cell@2/labels/mito",
        )
    return Reference(found[1], found[2]), found[3] or ""


def pair_page(
    left: Compared,
    right: Compared,
    *,
    position_nm: Sequence[float] | None,
    plane: str,
    others: Iterable[tuple[Compared, Sequence[tuple[DatasetVersion, str]]]],
) -> ComparePage:
    """The page of two.

    Args:
        position_nm: (x, y, z), where both begin; the middle, where not given.
        plane: of the pictures.
        others: both with the other versions of their datasets, which are offered instead.
    """
    shares_space = share_space(left, right)
    sides = [_side(it, position_nm if shares_space or it is left else None) for it in (left, right)]
    differences = differences_of(left, right)
    address = compare_url(left, right)
    config = None
    if all(side.view_url for side in sides):
        config = {
            "views": [{"url": side.view_url, "title": side.title} for side in sides],
            "sharesSpace": shares_space,
            "address": address,
        }
    groups = [group for it, versions in others for group in _choices(it, versions)]
    names = {choice.value: choice for group in groups for choice in group.choices}
    return ComparePage(
        title=f"{sides[0].title} and {sides[1].title}",
        pair=Pair(
            left=sides[0],
            right=sides[1],
            lead=differences.lead,
            rows=differences.rows,
            is_short=len(differences.rows) <= ROWS_OPEN,
            same=differences.same,
            pictures=compared_pictures(left, right, plane=plane, position_nm=position_nm, shares_space=shares_space),
            address=address,
            config=config,
        ),
        left=str(left),
        right=str(right),
        chosen=None,
        missing="",
        groups=(),
        names=tuple(names.values()),
    )


def choice_page(
    chosen: Compared | None,
    others: Sequence[tuple[DatasetVersion, str]],
    newest: Iterable[DatasetVersion],
    *,
    missing: str,
) -> ComparePage:
    """The page on which a side is chosen.

    Args:
        chosen: the other side, if that much is known.
        others: the other versions of its dataset, each with the path of the same layer, or ``""``.
        newest: datasets whose names are offered.
        missing: ``left`` or ``right``.
    """
    is_left = missing == "right"
    return ComparePage(
        title="Side by side",
        pair=None,
        left=str(chosen) if chosen and is_left else "",
        right=str(chosen) if chosen and not is_left else "",
        chosen=_side(chosen, None) if chosen else None,
        missing=missing,
        groups=tuple(_choices(chosen, others)) if chosen else (),
        names=tuple(Choice(it.dataset.name, it.title) for it in newest),
    )


def _side(it: Compared, position_nm: Sequence[float] | None) -> SidePage:
    version, volume = it.version, it.volume
    volumes = list(version.volumes.all())
    query = {}
    if volume is not None:
        shown = seen_with(volume, volumes)
        query["layers"] = ",".join(shown)
        is_shown = bool(shown)
    else:
        is_shown = any(opens_in_viewer(each) for each in volumes) or has_crops(version)
    layers = dict(query)
    if position_nm is not None:
        query["position"] = numbers(position_nm)
    view_url = reverse("catalogue:viewer", kwargs={"ref": str(version)})
    slices_url = ""
    if slice_layers(version):
        more = f"?{urlencode(layers, safe=',/', quote_via=quote)}" if layers else ""
        slices_url = reverse("catalogue:slices", kwargs={"ref": str(version)}) + more
    return SidePage(
        title=volume.title if volume else version.title,
        badge="draft" if version.number is None else "" if is_open(version) else "not public",
        reference=str(it),
        url=layer_url(version, volume) if volume else reverse("catalogue:dataset", kwargs={"ref": str(version)}),
        dot=Dot(layer_colour(volume), volume.title, not volume.is_labels) if volume else None,
        view_url=f"{view_url}?{urlencode({'embedded': '1', **query}, safe=',/')}" if is_shown else "",
        slices_url=slices_url,
    )


def _choices(it: Compared, others: Sequence[tuple[DatasetVersion, str]]) -> Iterable[ChoiceGroup]:
    """What of the same dataset ``it`` can be compared with, under headings: first what shows the same as it does."""
    groups: dict[str, list[Choice]] = {}
    mine = layer_heading(it.volume) if it.volume else ""
    if mine:
        groups[mine] = []
    for volume in it.version.volumes.all():
        if opens_in_viewer(volume) and volume != it.volume:
            choice = Choice(f"{it.version}/{volume.path}", volume.title)
            groups.setdefault(layer_heading(volume), []).append(choice)
    versions = [
        Choice(f"{version}/{path}" if path else str(version), _version_label(version)) for version, path in others
    ]
    if it.volume is not None:
        versions.append(Choice(str(it.version), "This version as a whole"))
    for title, choices in (*groups.items(), ("Other versions" if others else "Versions", versions)):
        if choices:
            yield ChoiceGroup(title, tuple(choices))


def _version_label(version: DatasetVersion) -> str:
    return "The draft" if version.number is None else f"Version {version.label}"
