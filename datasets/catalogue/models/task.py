"""What models are compared by: classes to find, and the ground truth to find them in."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from datasets.catalogue.models.crop import Crop
from datasets.catalogue.models.membership import ORGANIZATION_NAME
from datasets.catalogue.models.organelle import OrganelleClass

_SLUG = rf"^{ORGANIZATION_NAME}$"


class Task(models.Model):
    """Organelle classes × ground truth."""

    name = models.CharField(max_length=57, unique=True, validators=[RegexValidator(_SLUG)])
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    organelles = models.ManyToManyField(OrganelleClass, related_name="tasks")
    crops = models.ManyToManyField(Crop, blank=True, related_name="tasks")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=Q(name__regex=_SLUG), name="task_name_form")]

    def __str__(self) -> str:
        return self.title
