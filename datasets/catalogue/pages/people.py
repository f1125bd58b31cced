"""What a person's page says, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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
    count: str
    rows: tuple[ContributionRow, ...]
    newer_url: str
    older_url: str


def person_page(
    person: Person, contributions: Iterable[Contribution], *, count: int, newer_url: str, older_url: str
) -> PersonPage:
    """The page of ``person``; ``contributions`` are those that can be seen."""
    return PersonPage(
        name=person.name,
        orcid=person.orcid,
        count=format_count(count, "dataset"),
        rows=tuple(
            ContributionRow(dataset_link(it.version), ", ".join(map(str, it.roles)), it.organization)
            for it in contributions
        ),
        newer_url=newer_url,
        older_url=older_url,
    )
