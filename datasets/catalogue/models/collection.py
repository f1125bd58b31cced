"""Curated sets of datasets: a paper's, a challenge's."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from datasets.catalogue.models.dataset import Dataset
from datasets.catalogue.models.membership import ORGANIZATION_NAME, Organization

_SLUG = rf"^{ORGANIZATION_NAME}$"


class Collection(models.Model):
    """A set of datasets with a name. Everyone may know of it; of its datasets each sees those they may know of."""

    name = models.CharField(max_length=57, unique=True, validators=[RegexValidator(_SLUG)])
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    url = models.URLField(max_length=500, blank=True)
    doi = models.CharField(max_length=200, blank=True)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="collections"
    )
    datasets = models.ManyToManyField(Dataset, through="CollectionMember", related_name="collections")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(name__regex=_SLUG), name="collection_name_form"),
            models.CheckConstraint(
                condition=Q(doi="") | Q(doi__regex=r"^10\.[0-9]{4,9}/\S+$"), name="collection_doi_form"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CollectionMember(models.Model):
    """A dataset in a collection, and its place in the order."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="members")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="collection_memberships")
    rank = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["rank", "dataset__name"]
        constraints = [models.UniqueConstraint(fields=["collection", "dataset"], name="collectionmember_once")]

    def __str__(self) -> str:
        return f"{self.dataset} in {self.collection}"
