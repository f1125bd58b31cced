"""People, by what they contributed to that one user may see."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Prefetch, QuerySet, prefetch_related_objects

from datasets.catalogue.models import Contribution, DatasetVersion, Person
from datasets.catalogue.queries.datasets import NotFound, newest_among, of_newest, with_version
from datasets.catalogue.queries.visibility import Viewer


def visible_people(user: Viewer) -> QuerySet[Person]:
    """Whoever contributed to a newest version that ``user`` may see; their ``contributions`` are those."""
    return known_people(user).prefetch_related(_load_contributions(user)).order_by("name", "id")


def people_with_pages(version: DatasetVersion, versions: Iterable[DatasetVersion], user: Viewer) -> set[int]:
    """The ids of those who contributed to ``version`` whom :func:`find_person` finds; ``versions`` are all that
    ``user`` may know of."""
    people = {it.person_id for it in version.contributions.all()}
    if version == newest_among(versions):
        return people  # whoever contributed to the newest has a page
    return set(known_people(user).filter(pk__in=people).values_list("pk", flat=True))


def other_names(person: Person, user: Viewer) -> QuerySet[Person]:
    """The same person under other names: those of the same ORCID whom ``user`` may know of."""
    if not person.orcid:
        return Person.objects.none()
    return known_people(user).filter(orcid=person.orcid).exclude(pk=person.pk).order_by("name", "id")


def find_person(number: int, user: Viewer) -> Person:
    """The person of this number; their ``contributions`` are those to newest versions that ``user`` may see.

    Raises:
        NotFound: there is none, or ``user`` may see nothing they contributed to.
    """
    person = numbered_person(number, user)
    prefetch_related_objects([person], _load_contributions(user))
    return person


def numbered_person(number: int, user: Viewer) -> Person:
    """The person of this number, by themselves.

    Raises:
        NotFound: there is none, or ``user`` may see nothing they contributed to.
    """
    person = known_people(user).filter(pk=number).first()
    if person is None:
        raise NotFound("Nobody here has this number", where=str(number), fix="See /people/")
    return person


def visible_contributions(user: Viewer) -> QuerySet[Contribution]:
    """What people did for the newest versions that ``user`` may see, with these."""
    return with_version(Contribution.objects.filter(of_newest(user)))


def known_people(user: Viewer) -> QuerySet[Person]:
    """Whoever contributed to a newest version that ``user`` may see, by themselves."""
    seen = Contribution.objects.filter(of_newest(user), person=OuterRef("pk"))
    return Person.objects.filter(Exists(seen))


def _load_contributions(user: Viewer) -> Prefetch[str]:
    return Prefetch("contributions", visible_contributions(user).order_by("version__dataset__name"))
