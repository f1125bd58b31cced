"""Organelle classes, and the segmentations of each that one user may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import Count, Max, Q, QuerySet

from datasets.catalogue.models import Coverage, DatasetVersion, OrganelleClass, Segmentation, Volume
from datasets.catalogue.queries.catalogue_state import Kept, catalogue_state
from datasets.catalogue.queries.datasets import NotFound, newest_of, newest_seen, of_newest, with_version
from datasets.catalogue.queries.paging import rows_having
from datasets.catalogue.queries.visibility import Viewer, is_stranger, opened_alone_to

LABELS = (Segmentation.Type.INSTANCE, Segmentation.Type.SEMANTIC)
"""What counts as a segmentation of a class: probabilities, contact sites and measures do not."""

NEWEST_FIRST = ("-version_id", "path")
"""The order of segmentations over all datasets: the version that was begun last first."""

_DETAILS = ("description", "axes", "axis_types", "axis_units", "channels", "kept")
"""What no list of a class shows of a volume."""


@dataclass
class OrganelleNode:
    """A class in the tree of parts, and in how many segmentations that the user may see it is present."""

    organelle: OrganelleClass
    segmentation_count: int
    newest: int | None
    """The newest version that has one, by its key: of those whose data are here, else of all."""
    children: list[OrganelleNode] = field(default_factory=list)

    @property
    def total(self) -> int:
        """With those of its parts."""
        return self.segmentation_count + sum(child.total for child in self.children)

    def __iter__(self) -> Iterator[OrganelleNode]:
        """Itself and everything below it, parents first."""
        yield self
        for child in self.children:
            yield from child


def organelle_tree(user: Viewer) -> list[OrganelleNode]:
    """All classes that are no part of another, in the order of lists, their parts below them."""
    found = _presence(user)
    nodes = {
        it.pk: OrganelleNode(it, (seen := found.get(it.pk, _NOWHERE))[0], seen[1] or seen[2] or None)
        for it in OrganelleClass.objects.select_related("parent").order_by("rank")
    }
    roots: list[OrganelleNode] = []
    for node in nodes.values():
        parent = nodes.get(node.organelle.parent_id or 0)
        (parent.children if parent else roots).append(node)
    return roots


def find_organelle(short_name: str, user: Viewer) -> OrganelleNode:
    """The class ``short_name`` with its parts.

    Raises:
        NotFound: there is no such class.
    """
    for node in _all(organelle_tree(user)):
        if node.organelle.short_name == short_name:
            return node
    raise NotFound(f"No organelle class is called {short_name!r}", where=short_name, fix="See /organelles/")


def lineage(organelle: OrganelleClass) -> list[OrganelleClass]:
    """What ``organelle`` is part of, the largest first; without itself."""
    found: list[OrganelleClass] = []
    while organelle.parent is not None:
        organelle = organelle.parent
        found.insert(0, organelle)
    return found


def newest_segmentations(nodes: Iterable[OrganelleNode]) -> dict[int, Volume]:
    """By class, the first segmentation of it in the newest version that has one; see :class:`OrganelleNode`."""
    newest = {node.organelle.pk: node.newest for node in nodes if node.newest is not None}
    rows = _labelled().filter(segmentation__volume__version__in=set(newest.values()), organelle__in=newest)
    found: dict[int, Volume] = {}
    order = ("is_elsewhere", "segmentation__volume__rank", "segmentation__volume__path")
    elsewhere = ~Q(segmentation__volume__external_url="")
    for row in with_version(rows, "segmentation__volume__version").alias(is_elsewhere=elsewhere).order_by(*order):
        volume = row.segmentation.volume
        if newest[row.organelle_id] == volume.version_id:
            found.setdefault(row.organelle_id, volume)
    return found


def segmentations_of(organelle: OrganelleClass, user: Viewer) -> QuerySet[Volume]:
    """The volumes in the newest versions that ``user`` may see that show ``organelle``, with what names each.

    Their order is :data:`NEWEST_FIRST`.
    """
    volumes = Volume.objects.filter(of_newest(user))
    shown = rows_having(volumes, _labelled().filter(organelle=organelle), "segmentation__volume")
    return with_version(shown).select_related("segmentation").defer(*_DETAILS)


def with_cards(volumes: QuerySet[Volume]) -> QuerySet[Volume]:
    """With what a card shows of each."""
    shown = volumes.select_related("version__specimen").prefetch_related("segmentation__coverage__organelle")
    return shown.defer(*_DETAILS)


def other_layers_of(organelle: OrganelleClass, user: Viewer) -> QuerySet[Volume]:
    """The layers in the newest versions that ``user`` may see which are about ``organelle`` but do not label it:
    probabilities, contact sites, measures."""
    coverage = Coverage.objects.filter(organelle=organelle, found=Coverage.Found.PRESENT)
    return (
        with_version(Volume.objects.filter(of_newest(user), segmentation__coverage__in=coverage))
        .exclude(segmentation__type__in=LABELS)
        .select_related("segmentation")
        .prefetch_related("segmentation__coverage__organelle")
        .order_by("version__dataset__name", "rank", "path")
    )


def _labelled() -> QuerySet[Coverage]:
    return Coverage.objects.filter(found=Coverage.Found.PRESENT, segmentation__type__in=LABELS)


type _Presence = dict[int, tuple[int, int, int]]
"""By class: in how many segmentations it is present, and the newest versions with one that is here, and with any.

Versions are keys; 0 is none.
"""
_NOWHERE = (0, 0, 0)

FEW_VERSIONS = 200
"""So many are counted by themselves."""


def _presence(user: Viewer) -> _Presence:
    # What everyone may see is counted once for each state of the catalogue, and what only ``user`` may see beside it.
    _, found = released_presence(*catalogue_state())
    if is_stranger(user):
        return found
    found = dict(found)
    for organelle, (number, here, newest) in _count(newest_of(opened_alone_to(user))).items():
        number_before, here_before, newest_before = found.get(organelle, _NOWHERE)
        found[organelle] = (number + number_before, max(here, here_before), max(newest, newest_before))
    return found


def _released_presence(before: tuple[frozenset[int], _Presence] | None) -> tuple[frozenset[int], _Presence]:
    """Of the newest versions that everyone may see, and which those are. What a version shows stays, so only those that
    came or went are counted, unless the newest of a class went."""
    versions = frozenset(newest_seen(None).order_by().values_list("pk", flat=True))
    if before is None or len(versions ^ before[0]) > FEW_VERSIONS:
        return versions, _count(newest_seen(None))
    found = dict(before[1])
    came, went = (
        _count(DatasetVersion.objects.filter(pk__in=some)) if some else {}
        for some in (versions - before[0], before[0] - versions)
    )
    for organelle in came.keys() | went.keys():
        number, here, newest = found.get(organelle, _NOWHERE)
        more, more_here, newer = came.get(organelle, _NOWHERE)
        less, less_here, gone = went.get(organelle, _NOWHERE)
        if gone == newest > newer or 0 < less_here == here > more_here:
            return versions, _count(newest_seen(None))
        found[organelle] = number + more - less, max(here, more_here), max(newest, newer)
    return versions, {organelle: it for organelle, it in found.items() if it[0]}


released_presence = Kept(_released_presence)


def _count(versions: QuerySet[DatasetVersion]) -> _Presence:
    version = "segmentation__volume__version"
    rows = _labelled().filter(**{f"{version}__in": versions.values("pk")}).order_by().values("organelle")
    is_here = Q(segmentation__volume__external_url="")
    counted = rows.annotate(number=Count("pk"), here=Max(version, filter=is_here, default=0), newest=Max(version))
    return {row["organelle"]: (row["number"], row["here"], row["newest"]) for row in counted}


def _all(nodes: Iterable[OrganelleNode]) -> Iterator[OrganelleNode]:
    for node in nodes:
        yield from node
