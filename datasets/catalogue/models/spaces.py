"""The spaces that volumes of a version align in: several alignments of one dataset may exist."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from datasets.catalogue.models.dataset import DatasetVersion
from datasets.catalogue.models.volume import Volume


class CoordinateSpace(models.Model):
    """A space in nm, such as one alignment or reconstruction. One of a version's is the one people meet first."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="spaces")
    name = models.SlugField(max_length=80)
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    main = models.BooleanField(default=False)

    class Meta:
        ordering = ["-main", "name"]
        constraints = [
            models.UniqueConstraint(fields=["version", "name"], name="space_name_unique"),
            models.UniqueConstraint(fields=["version"], condition=Q(main=True), name="space_one_main_per_version"),
        ]

    def __str__(self) -> str:
        return self.title or self.name


class Transform(models.Model):
    """Where a volume lies in a space.

    ``matrix`` is 3 × 4, rows and columns in the order x, y, z: from the indices of the finest level's voxels to the nm
    of their centres. A negative scale mirrors.
    """

    volume = models.ForeignKey(Volume, on_delete=models.CASCADE, related_name="transforms")
    space = models.ForeignKey(CoordinateSpace, on_delete=models.CASCADE, related_name="transforms")
    matrix = models.JSONField()

    class Meta:
        ordering = ["volume", "space"]
        constraints = [models.UniqueConstraint(fields=["volume", "space"], name="transform_once_per_space")]

    def __str__(self) -> str:
        return f"{self.volume} in {self.space}"
