"""Regions of ground truth."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from datasets.catalogue.models.dataset import KEPT, DatasetVersion
from datasets.catalogue.models.organelle import OrganelleClass
from datasets.catalogue.models.spaces import CoordinateSpace
from datasets.catalogue.models.volume import Coverage, Segmentation

_AXES = "xyz"


class Crop(models.Model):
    """A box that was annotated by hand: its place in nm, its size in voxels, and which classes were looked for.

    ``translation_*_nm`` is the centre of its first voxel, as in NGFF.
    """

    class Use(models.TextChoices):
        TRAIN = "train", "training"
        TEST = "test", "test"

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="crops")
    name = models.SlugField(max_length=80)
    title = models.CharField(max_length=200, blank=True)
    method = models.CharField(
        max_length=16, choices=Segmentation.Method, default=Segmentation.Method.MANUAL, help_text="How it was labelled"
    )
    use = models.CharField(max_length=8, choices=Use, blank=True, help_text="What a challenge keeps it for")
    space = models.ForeignKey(CoordinateSpace, on_delete=models.CASCADE, null=True, blank=True, related_name="crops")
    voxel_x_nm = models.FloatField()
    voxel_y_nm = models.FloatField()
    voxel_z_nm = models.FloatField()
    translation_x_nm = models.FloatField()
    translation_y_nm = models.FloatField()
    translation_z_nm = models.FloatField()
    shape_x = models.PositiveIntegerField()
    shape_y = models.PositiveIntegerField()
    shape_z = models.PositiveIntegerField()
    labels_url = models.CharField(max_length=1000, blank=True, help_text="Where its labels are")
    image_url = models.CharField(max_length=1000, blank=True, help_text="Where the image below them is")
    kept = models.JSONField(default=dict, blank=True, help_text=KEPT)
    organelles = models.ManyToManyField(OrganelleClass, through="CropCoverage", related_name="crops")

    class Meta:
        ordering = ["version", "name"]
        constraints = [
            models.UniqueConstraint(fields=["version", "name"], name="crop_name_unique"),
            models.CheckConstraint(condition=Q(use__in=["", "train", "test"]), name="crop_use_known"),
            models.CheckConstraint(condition=Q(method__in=["manual", "model", "proofread"]), name="crop_method_known"),
            *[
                models.CheckConstraint(condition=Q(**{f"{name}__gt": 0}), name=f"crop_{name}_positive")
                for name in (*(f"voxel_{axis}_nm" for axis in _AXES), *(f"shape_{axis}" for axis in _AXES))
            ],
        ]

    def __str__(self) -> str:
        return self.title or self.name

    @property
    def voxel_nm(self) -> tuple[float, float, float]:
        """The sides of a voxel, (x, y, z) in nm."""
        return self.voxel_x_nm, self.voxel_y_nm, self.voxel_z_nm

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of voxels, (x, y, z)."""
        return self.shape_x, self.shape_y, self.shape_z

    @property
    def box_nm(self) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """The low and the high corner, (x, y, z) in nm, voxels counted to their edges."""
        centre = (self.translation_x_nm, self.translation_y_nm, self.translation_z_nm)
        x, y, z = (first - side / 2 for first, side in zip(centre, self.voxel_nm, strict=True))
        width, height, depth = (side * count for side, count in zip(self.voxel_nm, self.shape, strict=True))
        return (x, y, z), (x + width, y + height, z + depth)


class CropCoverage(models.Model):
    """Whether a class was labelled in a crop, or looked for and found absent. No row: it was not annotated."""

    crop = models.ForeignKey(Crop, on_delete=models.CASCADE, related_name="coverage")
    organelle = models.ForeignKey(
        OrganelleClass, on_delete=models.PROTECT, related_name="crop_coverage", db_index=False
    )
    found = models.CharField(max_length=16, choices=Coverage.Found, default=Coverage.Found.PRESENT)

    class Meta:
        indexes = [models.Index(fields=["organelle", "found", "crop"], name="cropcoverage_of_class")]
        constraints = [
            models.UniqueConstraint(fields=["crop", "organelle"], name="cropcoverage_once_per_class"),
            models.CheckConstraint(
                condition=Q(found__in=["present", "absent", "not_annotated"]), name="cropcoverage_found_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organelle} {self.found}"
