"""Rendering the pictures of published versions, of all or of some: what publishing does for each when it is frozen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from datasets.catalogue.models import DatasetVersion, Mount, State
from datasets.catalogue.queries.names import NameUnknown, find_dataset
from datasets.publishing.named_thumbnails import keep_named
from datasets.publishing.pictures import render_pictures
from datasets.storage import objects
from datasets.storage.roots import OWN_ROOT
from datasets.volumes.errors import CisternaError


@dataclass(frozen=True)
class Rendered:
    """What came of a version, as the ``done``-th of ``total``: how many pictures, or what was in the way.

    ``trouble`` is why a picture on somebody else's server could not be had; nothing here is wrong then.
    """

    version: DatasetVersion
    done: int
    total: int
    pictures: int = 0
    problem: CisternaError | None = None
    trouble: str = ""


def render_thumbnails(references: Sequence[str] = (), *, again: bool = False) -> Iterator[Rendered]:
    """Render the missing pictures of published versions, one version after another. What was made before stays made.

    Versions that have no data here get the picture that their source names, if it may be asked for; the others are
    left out.

    Args:
        references: ``name`` (all its published versions) or ``name@2``; none: all there are.
        again: render those that exist as well.

    Raises:
        NameUnknown: no such version is published.
        StorageError: the portal's own root cannot be written to. What is wrong with a version's data is in its result.
    """
    keys = _named(references) if references else list(_published().values_list("pk", flat=True))
    objects.check_root(OWN_ROOT)
    return _render(keys, again=again)


def _render(keys: list[int], *, again: bool) -> Iterator[Rendered]:
    for done, key in enumerate(keys, start=1):
        version = _published().filter(pk=key).first()
        if version is None:  # withdrawn meanwhile
            continue
        try:
            pictures = render_pictures(version, again=again)
            named = keep_named(version, again=again)
            yield Rendered(version, done, len(keys), pictures + named.pictures, trouble=named.trouble)
        except CisternaError as error:
            yield Rendered(version, done, len(keys), problem=error)


def _published() -> QuerySet[DatasetVersion]:
    here = Q(Exists(Mount.objects.filter(version=OuterRef("pk"))))
    named = Q(kept__metadata__has_key="thumbnailURL")
    found = DatasetVersion.objects.filter(here | named, state=State.PUBLISHED)
    return found.select_related("dataset").order_by("dataset__name", "number")


def _named(references: Sequence[str]) -> list[int]:
    keys: dict[int, None] = {}
    for reference in references:
        name, at, number = reference.partition("@")
        published = find_dataset(name, None).versions.filter(state=State.PUBLISHED).select_related("dataset")
        versions = [it for it in published.order_by("number") if not at or str(it.number) == number]
        if not versions:
            raise NameUnknown("published version", reference, [str(it) for it in published])
        keys |= dict.fromkeys(it.pk for it in versions)
    return list(keys)
