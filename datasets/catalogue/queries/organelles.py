"""Organelle classes, and the segmentations of each that one user may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import Count, OuterRef, QuerySet, Subquery

from datasets.catalogue.models import Coverage, OrganelleClass, Segmentation, Volume
from datasets.catalogue.queries.datasets import NotFound, newest_versions
from datasets.catalogue.queries.visibility import Viewer

LABELS = (Segmentation.Type.INSTANCE, Segmentation.Type.SEMANTIC)
"""What counts as a segmentation of a class: probabilities, contact sites and measures do not."""


@dataclass
class OrganelleNode:
    """A class in the tree of parts, and in how many segmentations that the user may see it is present."""

    organelle: OrganelleClass
    segmentation_count: int
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
    counts = dict(
        _present(user).order_by().values_list("organelle").annotate(number=Count("segmentation", distinct=True))
    )
    nodes = {
        it.pk: OrganelleNode(it, counts.get(it.pk, 0))
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


def newest_segmentations(organelles: Iterable[OrganelleClass], user: Viewer) -> dict[int, Volume]:
    """By class, the newest segmentation of it that ``user`` may see."""
    newest = (
        _present(user)
        .filter(organelle=OuterRef("pk"))
        .order_by("-segmentation__volume__version__frozen_at", "segmentation__volume__rank")
        .values("segmentation__volume")[:1]
    )
    classes = OrganelleClass.objects.filter(pk__in=[it.pk for it in organelles]).annotate(newest=Subquery(newest))
    wanted = {it.pk: it.newest for it in classes if it.newest is not None}
    volumes = Volume.objects.select_related("version__dataset").in_bulk(wanted.values())
    return {organelle: volumes[volume] for organelle, volume in wanted.items()}


def segmentations_of(organelle: OrganelleClass, user: Viewer) -> QuerySet[Volume]:
    """The volumes in the newest versions that ``user`` may see that show ``organelle``, newest first."""
    return (
        Volume.objects.filter(segmentation__coverage__in=_present(user).filter(organelle=organelle))
        .select_related("version__dataset", "version__specimen", "segmentation")
        .prefetch_related("segmentation__coverage__organelle")
        .order_by("-version__frozen_at", "version__dataset__name", "rank", "path")
    )


def other_layers_of(organelle: OrganelleClass, user: Viewer) -> QuerySet[Volume]:
    """The layers in the newest versions that ``user`` may see which are about ``organelle`` but do not label it:
    probabilities, contact sites, measures."""
    versions = newest_versions(user).order_by().values("pk")
    coverage = Coverage.objects.filter(organelle=organelle, found=Coverage.Found.PRESENT)
    return (
        Volume.objects.filter(version__in=versions, segmentation__coverage__in=coverage)
        .exclude(segmentation__type__in=LABELS)
        .select_related("version__dataset", "segmentation")
        .prefetch_related("segmentation__coverage__organelle")
        .order_by("version__dataset__name", "rank", "path")
    )


def _present(user: Viewer) -> QuerySet[Coverage]:
    # Not the prefetches: only which versions they are.
    versions = newest_versions(user).order_by().values("pk")
    return Coverage.objects.filter(
        found=Coverage.Found.PRESENT, segmentation__volume__version__in=versions, segmentation__type__in=LABELS
    )


def _all(nodes: Iterable[OrganelleNode]) -> Iterator[OrganelleNode]:
    for node in nodes:
        yield from node
