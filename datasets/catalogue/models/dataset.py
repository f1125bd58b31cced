"""Identity (Dataset) against content (DatasetVersion and what hangs on it)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

if TYPE_CHECKING:
    from datasets.catalogue.models.sample import Acquisition, Specimen

DATASET_NAME = r"[a-z0-9][a-z0-9_-]{1,56}"
SHA256_HEX = r"^[0-9a-f]{64}$"
KEPT = "What the source of an import says that has no place of its own, as it stands there"
ABSENT = "$absent"
"""``{ABSENT: True}`` stands in what is kept where rows say something that the source does not."""


def without_absent(kept: Mapping[str, Any]) -> dict[str, Any]:
    """What the source says of what is kept: without marks of what it does not say, and what holds nothing else."""
    told: dict[str, Any] = {}
    for name, value in kept.items():
        if not isinstance(value, Mapping) or not value:
            told[name] = value
        elif value != {ABSENT: True} and (inner := without_absent(value)):
            told[name] = inner
    return told


class Visibility(models.TextChoices):
    PUBLIC = "public"
    EMBARGOED = "embargoed"
    PRIVATE = "private"


class State(models.TextChoices):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review", "in review"
    PUBLISHED = "published"
    RETIRED = "retired"


class Dataset(models.Model):
    """A permanent name, who may see it, and its versions. What is said and shown belongs to the versions."""

    name = models.CharField(max_length=57, unique=True, validators=[RegexValidator(rf"^{DATASET_NAME}$")])
    visibility = models.CharField(max_length=16, choices=Visibility, default=Visibility.PRIVATE)
    embargo_until = models.DateTimeField(null=True, blank=True)
    organization = models.ForeignKey(
        "catalogue.Organization", on_delete=models.PROTECT, null=True, blank=True, related_name="datasets"
    )
    contact_name = models.CharField(max_length=200, blank=True)
    contact_email = models.EmailField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(name__regex=rf"^{DATASET_NAME}$"), name="dataset_name_is_canonical"),
            models.CheckConstraint(condition=Q(visibility__in=Visibility.values), name="dataset_visibility_known"),
            models.CheckConstraint(
                condition=Q(visibility=Visibility.EMBARGOED) | Q(embargo_until__isnull=True),
                name="dataset_embargo_end_only_when_embargoed",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DatasetVersion(models.Model):
    """One version of a dataset's content: a draft (no number), or frozen under a number and a digest."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    title = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    licence = models.CharField(max_length=64, blank=True, help_text="SPDX identifier; empty: none is stated")
    credit = models.TextField(blank=True, help_text="How the data ask to be credited, and what was changed")
    keywords = models.JSONField(default=list, blank=True)
    change_note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    record = models.TextField(blank=True, help_text="The frozen content as canonical JSON")
    record_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the record")
    manifest_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the manifest, once made")
    kept = models.JSONField(default=dict, blank=True, help_text=KEPT)
    retired_reason = models.TextField(blank=True)
    successor = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="predecessors")

    specimen: Specimen
    acquisition: Acquisition

    class Meta:
        ordering = ["dataset", F("number").desc(nulls_first=True)]
        indexes = [models.Index(F("frozen_at").desc(), F("id").desc(), name="version_newest_first")]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="version_number_unique"),
            models.UniqueConstraint(
                fields=["dataset"], condition=Q(number__isnull=True), name="version_one_draft_per_dataset"
            ),
            models.CheckConstraint(condition=Q(number__isnull=True) | Q(number__gte=1), name="version_number_from_one"),
            models.CheckConstraint(
                condition=Q(number__isnull=True, state__in=[State.DRAFT, State.SUBMITTED, State.IN_REVIEW])
                | Q(number__isnull=False, state__in=[State.PUBLISHED, State.RETIRED]),
                name="version_number_iff_frozen_state",
            ),
            models.CheckConstraint(
                condition=Q(number__isnull=True, frozen_at__isnull=True, record="", record_digest="")
                | (Q(number__isnull=False, frozen_at__isnull=False, record_digest__regex=SHA256_HEX) & ~Q(record="")),
                name="version_record_iff_frozen",
            ),
            models.CheckConstraint(
                condition=(Q(state=State.RETIRED) & ~Q(retired_reason=""))
                | (~Q(state=State.RETIRED) & Q(retired_reason="", successor__isnull=True)),
                name="version_retired_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(manifest_digest="") | Q(manifest_digest__regex=SHA256_HEX),
                name="version_manifest_digest_is_sha256",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset.name}@{self.label}"

    @property
    def label(self) -> str:
        """What stands behind the ``@`` in addresses: the number, or ``draft``."""
        return "draft" if self.number is None else str(self.number)


class Mount(models.Model):
    """A path prefix, or a single object, of a version → where its bytes are. The longest match wins."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="mounts")
    path = models.CharField(max_length=512, blank=True, help_text="Prefix below the version; empty: everything")
    single = models.BooleanField(default=False, help_text="One object instead of a prefix")
    root = models.CharField(max_length=31)
    key = models.CharField(max_length=1024, blank=True, help_text="Prefix or key in the root")
    revision = models.CharField(max_length=128, blank=True, help_text="Write-once revision, or digest of an inventory")

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["version", "path"], name="mount_path_unique"),
            models.CheckConstraint(condition=~Q(single=True, path=""), name="mount_single_has_path"),
            models.CheckConstraint(
                condition=~Q(path__startswith="/") & ~Q(path__endswith="/") & ~Q(path__contains="//"),
                name="mount_path_is_canonical",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.path or '/'} → {self.root}:{self.key}"


class RevisionStamp(models.Model):
    """One row, bumped in the same transaction as any change of mounts or visibility; the data plane watches it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="revision_stamp_is_one_row")]

    def __str__(self) -> str:
        return str(self.value)
