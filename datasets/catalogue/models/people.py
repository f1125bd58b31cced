"""Who contributed, and where it was published."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Lower

from datasets.catalogue.models.dataset import DatasetVersion
from datasets.catalogue.models.identifiers import orcid_digit_fits
from datasets.catalogue.models.membership import Organization

CREDIT_ROLES = (
    "Conceptualization",
    "Data curation",
    "Formal analysis",
    "Funding acquisition",
    "Investigation",
    "Methodology",
    "Project administration",
    "Resources",
    "Software",
    "Supervision",
    "Validation",
    "Visualization",
    "Writing – original draft",
    "Writing – review & editing",
)
"""The fourteen roles of CRediT (ANSI/NISO Z39.104-2022)."""


def validate_orcid(value: str) -> None:
    """Check an ORCID's form and its ISO 7064 11,2 check digit.

    Raises:
        ValidationError: saying which of the two is wrong.
    """
    digits = value.replace("-", "")
    if not re.fullmatch(r"(?:[0-9]{4}-){3}[0-9]{3}[0-9X]", value):
        raise ValidationError("An ORCID looks like 0000-0002-1825-0097.")
    total = 0
    for digit in digits[:15]:
        total = (total + int(digit)) * 2
    if "0123456789X"[(12 - total % 11) % 11] != digits[15]:
        raise ValidationError("The ORCID's last digit does not fit the others: one of them is mistyped.")


class Person(models.Model):
    """Someone who contributed, under one name: as it is written where they did.

    One ORCID may have several, for what a dataset that nobody may know of writes is told nowhere else.
    """

    name = models.CharField(max_length=200)
    orcid = models.CharField(max_length=19, blank=True, validators=[validate_orcid])

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "people"
        indexes = [models.Index(fields=["name", "id"], name="person_by_name")]
        constraints = [
            models.UniqueConstraint(fields=["orcid", "name"], condition=~Q(orcid=""), name="person_orcid_name_unique"),
            models.CheckConstraint(
                condition=Q(orcid="") | Q(orcid__regex=r"^[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$"),
                name="person_orcid_form",
            ),
            models.CheckConstraint(condition=orcid_digit_fits("orcid"), name="person_orcid_digit"),
        ]

    def __str__(self) -> str:
        return self.name


class Contribution(models.Model):
    """A person's (CRediT) roles in a version."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="contributions")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="contributions")
    rank = models.PositiveIntegerField(default=0)
    roles = models.JSONField(default=list, blank=True)
    organization = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["rank"]
        constraints = [models.UniqueConstraint(fields=["version", "person"], name="contribution_once_per_person")]

    def __str__(self) -> str:
        return str(self.person)


class Affiliation(models.Model):
    """An organization that a version names as one that made it."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="affiliations")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="affiliations")
    rank = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["rank"]
        constraints = [models.UniqueConstraint(fields=["version", "organization"], name="affiliation_once")]

    def __str__(self) -> str:
        return str(self.organization)


class Publication(models.Model):
    """A paper that a version belongs to, or another place that it, or a part of it, was published at under a DOI."""

    class Kind(models.TextChoices):
        PAPER = "paper"
        DATA = "data"
        SOFTWARE = "software"

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="publications")
    rank = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.PAPER)
    doi = models.CharField(max_length=200, blank=True)
    url = models.URLField(max_length=500, blank=True)
    title = models.CharField(max_length=500)
    citation = models.TextField(blank=True)
    key = models.GeneratedField(
        expression=Case(
            When(doi="", url="", then=F("title")),
            When(doi="", then=F("url")),
            default=Lower("doi"),
            output_field=models.CharField(max_length=500),
        ),
        output_field=models.CharField(max_length=500),
        db_persist=True,
        help_text="What it has in common with those it is one with: DOIs are one whatever the case of their letters",
    )

    class Meta:
        ordering = ["rank"]
        indexes = [models.Index(fields=["key"], name="publication_key")]
        constraints = [
            models.UniqueConstraint(fields=["version", "doi"], condition=~Q(doi=""), name="publication_doi_once"),
            models.CheckConstraint(
                condition=Q(doi="") | Q(doi__regex=r"^10\.[0-9]{4,9}/\S+$"), name="publication_doi_form"
            ),
            models.CheckConstraint(condition=Q(kind__in=["paper", "data", "software"]), name="publication_kind_known"),
        ]

    def __str__(self) -> str:
        return self.title
