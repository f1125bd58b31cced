"""What a person's page says, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from datasets.catalogue.models import Contribution, Person
from datasets.catalogue.pages.publications import DatasetLink, dataset_link
from datasets.catalogue.presentation import format_count


@dataclass(frozen=True)
class ContributionRow:
    """What someone did for a dataset."""

    dataset: DatasetLink
    roles: str
    organization: str


@dataclass(frozen=True)
class PersonPage:
    """A person, and what they contributed to."""

    name: str
    orcid: str
    others: tuple[tuple[str, str], ...]
    """Other names of theirs, each with the address of its page."""
    count: str
    rows: tuple[ContributionRow, ...]
    newer_url: str
    older_url: str


def person_page(
    person: Person,
    contributions: Iterable[Contribution],
    *,
    others: Iterable[Person],
    count: int,
    newer_url: str,
    older_url: str,
) -> PersonPage:
    """The page of ``person``; ``contributions``, and the ``others`` who are they, are those that can be seen."""
    return PersonPage(
        name=person.name,
        orcid=person.orcid,
        others=tuple((it.name, reverse("catalogue:person", kwargs={"number": it.pk})) for it in others),
        count=format_count(count, "dataset"),
        rows=tuple(
            ContributionRow(dataset_link(it.version), ", ".join(map(str, it.roles)), it.organization)
            for it in contributions
        ),
        newer_url=newer_url,
        older_url=older_url,
    )
