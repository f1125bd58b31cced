"""What the page of two versions' changes says, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from datasets.catalogue.addresses import changes_url, compare_url
from datasets.catalogue.change_texts import Piece, compare_texts, say_place, say_where
from datasets.catalogue.models import DatasetVersion, State
from datasets.catalogue.presentation import format_count, format_date
from datasets.catalogue.queries.version_changes import VersionChanges
from datasets.catalogue.queries.visibility import is_open

MOST_ROWS = 500
"""A page has no more; programs are told all."""


@dataclass(frozen=True)
class Row:
    """Something that changed, and how: what was said, and what is."""

    where: str
    kind: str
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


@dataclass(frozen=True)
class Edition:
    """One of the two versions, in words, and where it is."""

    label: str
    reference: str
    date: str
    url: str


@dataclass(frozen=True)
class Choice:
    """A version to compare with."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class ChangesPage:
    """Everything the page shows; ``since`` is None where no version lies before."""

    title: str
    name: str
    version: Edition
    since: Edition | None
    note: str
    rows: tuple[Row, ...]
    mounts: tuple[Row, ...]
    left_out: str
    is_draft: bool
    is_open: bool
    choices: tuple[Choice, ...]
    compare_url: str
    api_url: str
    url: str


def changes_page(changes: VersionChanges, versions: Sequence[DatasetVersion]) -> ChangesPage:
    """The page of ``changes``.

    Args:
        versions: those of the dataset that the caller may know of, newest first.
    """
    version, since = changes.version, changes.since
    said, mounts = changes.said[:MOST_ROWS], changes.mounts[:MOST_ROWS]
    more = len(changes.said) + len(changes.mounts) - len(said) - len(mounts)
    query = f"?{urlencode({'since': since.label})}" if since else ""
    return ChangesPage(
        title=version.title,
        name=version.dataset.name,
        version=_edition(version),
        since=_edition(since) if since else None,
        note=version.change_note,
        rows=tuple(Row(say_where(it), it.kind, *compare_texts(it.before, it.after)) for it in said),
        mounts=tuple(
            Row(it.path or "everything", it.kind, *(
                (Piece(say_place(place, shows_places=changes.shows_places)),) for place in (it.before, it.after)
            ))
            for it in mounts
        ),
        left_out=format_count(more, "further change") if more else "",
        is_draft=version.number is None,
        is_open=is_open(version),
        choices=tuple(
            Choice(it.label, _edition(it).label, since is not None and it.pk == since.pk)
            for it in versions
            if it.state != State.RETIRED and it.pk != version.pk
        ),
        compare_url=compare_url(since, version) if since else "",
        api_url=reverse("api:changes", kwargs={"ref": str(version)}) + query,
        url=changes_url(version),
    )  # fmt: skip


def _edition(version: DatasetVersion) -> Edition:
    return Edition(
        label="the draft" if version.number is None else f"version {version.label}",
        reference=str(version),
        date=format_date(version.frozen_at) if version.frozen_at else "",
        url=reverse("catalogue:dataset", kwargs={"ref": str(version)}),
    )
