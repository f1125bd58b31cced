"""Who contributed, as rows."""

from __future__ import annotations

from datasets.catalogue.models import Person


def recorded_person(name: str, orcid: str) -> Person:
    """The person of this name and ORCID, or without one; a new one where nobody is.

    Of several without an ORCID who have this name it is the first that was recorded.
    """
    if orcid:
        return Person.objects.get_or_create(orcid=orcid, name=name)[0]
    return Person.objects.filter(name=name, orcid="").order_by("pk").first() or Person.objects.create(name=name)
