"""Who belongs to what, and what was done to it by whom."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from datasets.catalogue.models.identifiers import ROR_DIGITS, ror_digits_fit

ORGANIZATION_NAME = r"[a-z0-9][a-z0-9-]{1,56}"
_ROR = r"^0[0-9a-hj-km-np-tv-z]{6}[0-9]{2}$"


def validate_ror(value: str) -> None:
    """Check the form of a ROR identifier (``013sk6x84``) and its ISO 7064 mod 97-10 check digits.

    Raises:
        ValidationError: saying which of the two is wrong.
    """
    if not re.fullmatch(_ROR, value):
        raise ValidationError("A ROR identifier looks like 013sk6x84: what stands behind https://ror.org/.")
    number = 0
    for character in value[:7]:
        number = number * 32 + ROR_DIGITS.index(character)
    if 98 - number * 100 % 97 != int(value[7:]):
        raise ValidationError("The last two digits do not fit the others: one of them is mistyped.")


class Organization(models.Model):
    """A laboratory, facility or institute whose members see its datasets."""

    name = models.CharField(max_length=57, unique=True, validators=[RegexValidator(rf"^{ORGANIZATION_NAME}$")])
    title = models.CharField(max_length=200)
    ror = models.CharField("ROR", max_length=9, blank=True, validators=[validate_ror], help_text="As in 013sk6x84")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(name__regex=rf"^{ORGANIZATION_NAME}$"), name="organization_name_form"),
            models.CheckConstraint(condition=Q(ror="") | Q(ror__regex=_ROR), name="organization_ror_form"),
            models.CheckConstraint(condition=ror_digits_fit("ror"), name="organization_ror_digits"),
            models.UniqueConstraint(fields=["ror"], condition=~Q(ror=""), name="organization_ror_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """Every role may see; what else each may do is in :mod:`datasets.catalogue.queries.visibility`."""

    OWNER = "owner"
    CURATOR = "curator"
    REVIEWER = "reviewer"
    VIEWER = "viewer"


class Membership(models.Model):
    """A user's role in one dataset, or in an organization and thereby in all its datasets."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships"
    )
    dataset = models.ForeignKey(
        "catalogue.Dataset", on_delete=models.CASCADE, null=True, blank=True, related_name="memberships"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["user", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(
                condition=Q(organization__isnull=True, dataset__isnull=False)
                | Q(organization__isnull=False, dataset__isnull=True),
                name="membership_of_one_dataset_or_organization",
            ),
            models.UniqueConstraint(
                fields=["user", "dataset"], condition=Q(dataset__isnull=False), name="membership_once_per_dataset"
            ),
            models.UniqueConstraint(
                fields=["user", "organization"],
                condition=Q(organization__isnull=False),
                name="membership_once_per_organization",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} of {self.dataset or self.organization}"


class AuditEvent(models.Model):
    """Who did what, when, before and after. Plain words instead of foreign keys: it outlives what it describes."""

    at = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=150, blank=True, help_text="User name; empty: the operator's command line")
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, help_text="What it was done to, such as a dataset's name")
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
