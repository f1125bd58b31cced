"""Models that segment, their versions, and the runs that made segmentations."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from datasets.catalogue.models.crop import Crop
from datasets.catalogue.models.membership import ORGANIZATION_NAME, Organization

_SLUG = rf"^{ORGANIZATION_NAME}$"


class Model(models.Model):
    """A segmentation model by its name. It is public, or known to the members of its organization alone."""

    name = models.CharField(max_length=57, unique=True, validators=[RegexValidator(_SLUG)])
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    architecture = models.CharField(max_length=200, blank=True)
    code_url = models.URLField(max_length=500, blank=True)
    licence = models.CharField(max_length=64, blank=True, help_text="SPDX identifier")
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="models"
    )
    public = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=Q(name__regex=_SLUG), name="model_name_form")]

    def __str__(self) -> str:
        return self.title


class ModelVersion(models.Model):
    """One trained state of a model: its weights, and the ground truth it was trained on."""

    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="versions")
    label = models.CharField(max_length=40)
    rank = models.PositiveIntegerField(default=0, help_text="Order; the highest is the newest")
    description = models.TextField(blank=True)
    weights_url = models.URLField(max_length=500, blank=True)
    code_url = models.URLField(max_length=500, blank=True, help_text="Where it differs from the model's")
    licence = models.CharField(max_length=64, blank=True, help_text="SPDX identifier, where it differs")
    released_on = models.DateField(null=True, blank=True)
    training_crops = models.ManyToManyField(Crop, blank=True, related_name="trained")

    class Meta:
        ordering = ["model", "-rank", "label"]
        constraints = [
            models.UniqueConstraint(fields=["model", "label"], name="modelversion_label_unique"),
            models.CheckConstraint(condition=~Q(label=""), name="modelversion_has_label"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.label}"


class ModelRun(models.Model):
    """One run of a model's version, which made segmentations."""

    model_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="runs")
    name = models.SlugField(max_length=80, help_text="Unique within the version of the model")
    program = models.CharField(max_length=200, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    run_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["model_version", "name"]
        constraints = [models.UniqueConstraint(fields=["model_version", "name"], name="modelrun_name_unique")]

    def __str__(self) -> str:
        return f"{self.model_version}, {self.name}"
