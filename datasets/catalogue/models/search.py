"""What the search and the facets are asked: made from the catalogue, and made anew from it at any time."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from datasets.catalogue.models.dataset import Dataset


class SearchEntry(models.Model):
    """Something that full text finds. Its words are under the same ``id`` in a table of the database's own kind
    (:mod:`datasets.catalogue.search.full_text`).

    An ``id`` says the kind, and within it the newest have the highest: to find the newest first is to find in the order
    of ids, which both databases do without looking at this table.
    """

    class Kind(models.TextChoices):
        DATASET = "dataset"
        PUBLICATION = "publication"
        PERSON = "person"
        MODEL = "model"
        COLLECTION = "collection"
        TASK = "task"

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=16, choices=Kind)
    object_id = models.PositiveBigIntegerField(
        help_text="Of a dataset its newest published version; else the row itself, a publication's of such a version"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, null=True, blank=True, related_name="search_entries")
    grouped_as = models.BigIntegerField(
        help_text="Equal for those that are one thing, as the same publication of two datasets"
    )
    voxels = models.FloatField(default=0, help_text="How many the largest image of a dataset has; 0: not known")
    fineness = models.FloatField(
        default=0, help_text="Of a dataset's voxels, by their longest side, in a µm; 0: not known"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id"], name="searchentry_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["dataset", "publication", "person", "model", "collection", "task"]),
                name="searchentry_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class SearchSaid(models.Model):
    """By what an entry is found: a text of which each word is indexed, of which hits quote their reasons."""

    entry = models.OneToOneField(SearchEntry, on_delete=models.CASCADE, primary_key=True, related_name="text")
    said = models.JSONField(default=list, help_text="Weight, what it is, and how it reads, of each text")

    def __str__(self) -> str:
        return str(self.entry)


class DatasetFacet(models.Model):
    """One value of one facet that a dataset has, by its newest published version."""

    id = models.BigAutoField(primary_key=True)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="facets", db_index=False)
    facet = models.CharField(max_length=16)
    value = models.CharField(max_length=300)

    class Meta:
        indexes = [models.Index(fields=["facet", "value", "dataset"], name="datasetfacet_counted")]
        constraints = [models.UniqueConstraint(fields=["dataset", "facet", "value"], name="datasetfacet_once")]

    def __str__(self) -> str:
        return f"{self.facet}: {self.value}"


class SearchState(models.Model):
    """One row: of which vocabulary, and made by which rules, the entries are."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    fingerprint = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="search_state_is_one_row")]

    def __str__(self) -> str:
        return self.fingerprint
