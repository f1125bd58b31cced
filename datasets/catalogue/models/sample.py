"""What was imaged, and how."""

from django.db import models
from django.db.models import Q

from datasets.catalogue.models.dataset import DatasetVersion


class Specimen(models.Model):
    """The biological sample of a version."""

    version = models.OneToOneField(DatasetVersion, on_delete=models.CASCADE, related_name="specimen")
    organism = models.CharField(max_length=200, blank=True)
    ncbi_taxon = models.PositiveIntegerField(null=True, blank=True)
    sample = models.CharField(max_length=200, blank=True, help_text="What was imaged, in a few words")
    tissue = models.CharField(max_length=200, blank=True)
    cell_line = models.CharField(max_length=200, blank=True)
    treatment = models.CharField(max_length=300, blank=True)
    preparation = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.sample or self.organism or "specimen"


class Method(models.TextChoices):
    FIB_SEM = "FIB-SEM", "FIB-SEM"
    SBF_SEM = "SBF-SEM", "SBF-SEM"
    SS_TEM = "ssTEM", "ssTEM"
    CRYO_ET = "cryo-ET", "cryo-ET"
    LIGHT = "light", "light"
    OTHER = "other", "other"


class Acquisition(models.Model):
    """How a version's image was taken."""

    version = models.OneToOneField(DatasetVersion, on_delete=models.CASCADE, related_name="acquisition")
    method = models.CharField(max_length=16, choices=Method)
    instrument = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    voltage_kv = models.FloatField(null=True, blank=True)
    current_na = models.FloatField(null=True, blank=True)
    scan_rate_mhz = models.FloatField(null=True, blank=True)
    started_on = models.DateField(null=True, blank=True)
    duration_days = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(method__in=Method.values), name="acquisition_method_known"),
            *[
                models.CheckConstraint(
                    condition=Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gt": 0}),
                    name=f"acquisition_{name}_positive",
                )
                for name in ("voltage_kv", "current_na", "scan_rate_mhz", "duration_days")
            ],
        ]

    def __str__(self) -> str:
        return self.method
