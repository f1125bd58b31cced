"""What is derived from a version that stands: its place in the published tree, and its pictures."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from datasets.catalogue.actions.drafts import freeze_as_it_is
from datasets.catalogue.actions.published_tree import settle_published_tree
from datasets.catalogue.models import DatasetVersion, State
from datasets.processing.actions.jobs import enqueue_for
from datasets.processing.recipes import get_recipe
from datasets.publishing.pictures import render_pictures
from datasets.publishing.recipes import THUMBNAILS
from datasets.volumes.errors import CisternaError

logger = logging.getLogger("cisterna.publishing")


def derive(version: DatasetVersion) -> None:
    """Make what is missing of it. Without it the portal is poorer or slower, not wrong: what fails is told in the log
    alone, and made when the same is published, imported, or asked for under the same key again."""
    _settle(version)
    with _told_only(f"no pictures of {version}"):
        render_pictures(version)


def freeze_and_derive(*, name: str, by: AbstractBaseUser | None) -> DatasetVersion:
    """Publish a draft as it is, and have a worker draw its pictures and hash its objects.

    Raises:
        NameUnknown, NotAllowed, NotFound, DraftInvalid.
    """
    with transaction.atomic():
        version = freeze_as_it_is(name=name, by=by)
        draw_later(version, by=by)
        if version.mounts.exists():
            enqueue_for(version, recipe=get_recipe("manifest"), parameters={}, by=by)
    _settle(version)
    return version


def draw_later(version: DatasetVersion, *, by: AbstractBaseUser | None) -> None:
    """Have its pictures drawn by a worker, once the caller's transaction is committed."""
    if version.mounts.exists():
        enqueue_for(version, recipe=THUMBNAILS, parameters={}, by=by)


def place(name: str, number: int) -> None:
    """See to its place in the published tree, if its data are here and it was not withdrawn meanwhile."""
    if (version := _standing(name, number)) is not None:
        _settle(version)


def derive_again(name: str, number: int) -> None:
    """:func:`derive` by a version's name and number, under the same conditions."""
    if (version := _standing(name, number)) is not None:
        derive(version)


def _standing(name: str, number: int) -> DatasetVersion | None:
    found = DatasetVersion.objects.filter(
        dataset__name=name, number=number, state=State.PUBLISHED, mounts__isnull=False
    )
    return found.select_related("dataset").distinct().first()


def _settle(version: DatasetVersion) -> None:
    with _told_only(f"{version} is not in the published tree"):
        settle_published_tree(version.dataset)


@contextmanager
def _told_only(what: str) -> Iterator[None]:
    try:
        yield
    except CisternaError as error:
        logger.warning("%s: %s", what, error)
