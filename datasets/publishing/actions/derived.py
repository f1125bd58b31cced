"""What is derived from a version that stands: its place in the published tree, and its pictures."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from datasets.catalogue.actions.published_tree import settle_published_tree
from datasets.catalogue.models import DatasetVersion, State
from datasets.publishing.pictures import render_pictures
from datasets.volumes.errors import CisternaError

logger = logging.getLogger("cisterna.publishing")


def derive(version: DatasetVersion) -> None:
    """Make what is missing of it. Without it the portal is poorer or slower, not wrong: what fails is told in the log
    alone, and made when the same is published, imported, or asked for under the same key again."""
    with _told_only(f"{version} is not in the published tree"):
        settle_published_tree(version.dataset)
    with _told_only(f"no pictures of {version}"):
        render_pictures(version)


def derive_again(name: str, number: int) -> None:
    """The same by a version's name and number, if its data are here and it was not withdrawn meanwhile."""
    found = DatasetVersion.objects.filter(
        dataset__name=name, number=number, state=State.PUBLISHED, mounts__isnull=False
    )
    version = found.select_related("dataset").distinct().first()
    if version is not None:
        derive(version)


@contextmanager
def _told_only(what: str) -> Iterator[None]:
    try:
        yield
    except CisternaError as error:
        logger.warning("%s: %s", what, error)
