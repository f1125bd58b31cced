"""What a person's page says, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from datasets.catalogue.models import Person
from datasets.catalogue.pages.entries import EntriesPage


@dataclass(frozen=True)
class PersonPage:
    """A person, and what they contributed to."""

    name: str
    orcid: str
    others: tuple[tuple[str, str], ...]
    """Other names of theirs, each with the address of its page."""
    datasets: EntriesPage


def person_page(person: Person, datasets: EntriesPage, *, others: Iterable[Person]) -> PersonPage:
    """The page of ``person``; the ``datasets`` they contributed to, and the ``others`` who are they, are those that can
    be seen."""
    return PersonPage(
        name=person.name,
        orcid=person.orcid,
        others=tuple((it.name, reverse("catalogue:person", kwargs={"number": it.pk})) for it in others),
        datasets=datasets,
    )
