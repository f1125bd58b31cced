"""People and what they contributed to."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.api.filters import Filter, exact, words
from datasets.catalogue.api.lists import CatalogueView, Key, ListView, Shown, read_number, read_text
from datasets.catalogue.models import Contribution, Person
from datasets.catalogue.queries.people import find_person, visible_people


class PartSerializer(Shown, serializers.ModelSerializer[Contribution]):
    """Somebody's part in a dataset, in CRediT's roles."""

    dataset = serializers.CharField(source="version", read_only=True)
    title = serializers.CharField(source="version.title", read_only=True)

    class Meta:
        model = Contribution
        fields = ["dataset", "title", "roles", "organization"]


class PersonSerializer(Shown, serializers.ModelSerializer[Person]):
    """A person; of what they contributed to, the newest versions that the caller may see."""

    url = serializers.SerializerMethodField()
    contributions = PartSerializer(many=True, read_only=True)

    class Meta:
        model = Person
        fields = ["id", "name", "orcid", "url", "contributions"]

    def get_url(self, person: Person) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(reverse("api:person", kwargs={"number": person.pk}))


class PersonList(ListView):
    """Whoever contributed to a dataset, by name."""

    serializer = PersonSerializer
    order = (Key("name", read_text), Key("id", read_number))
    filters: ClassVar[tuple[Filter, ...]] = (
        words("name", "name", "Of this name, as written there"),
        exact("orcid", "orcid", "With this ORCID", pattern=r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]"),
    )

    def rows(self, request: Request, **named: Any) -> QuerySet[Person]:
        return visible_people(request.user)


class PersonDetail(CatalogueView):
    """One person."""

    serializer = PersonSerializer

    def get(self, request: Request, number: int) -> Response:
        return self.one(request, find_person(number, request.user))
