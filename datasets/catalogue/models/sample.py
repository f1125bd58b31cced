"""What was imaged, and how."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from datasets.catalogue.models.dataset import DatasetVersion

CURIE = r"^[A-Za-z][A-Za-z0-9_.-]*:[A-Za-z0-9][A-Za-z0-9_.:-]*$"


class Specimen(models.Model):
    """The biological sample of a version."""

    version = models.OneToOneField(DatasetVersion, on_delete=models.CASCADE, related_name="specimen")
    organism = models.CharField(max_length=200, blank=True)
    ncbi_taxon = models.PositiveIntegerField(null=True, blank=True)
    sample = models.CharField(max_length=300, blank=True, help_text="What was imaged, in a few words")
    preparation = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ncbi_taxon__isnull=True) | Q(ncbi_taxon__gte=1), name="specimen_taxon_from_one"
            )
        ]

    def __str__(self) -> str:
        return self.sample or self.organism or "specimen"

    @property
    def sample_type(self) -> str:
        """Whether cells, tissue or a whole organism were imaged; ``""`` where nothing is said."""
        return self.named("sample_type")

    @property
    def tissue(self) -> str:
        """The tissues' labels, joined; ``""`` where there is none."""
        return self.named("tissue")

    @property
    def cell_line(self) -> str:
        """The cell lines' labels, joined; ``""`` where there is none."""
        return self.named("cell_line")

    @property
    def treatment(self) -> str:
        """The treatments' labels, joined; ``""`` where there is none."""
        return self.named("treatment")

    def named(self, kind: str) -> str:
        """The labels of the terms of one kind, joined by commas."""
        terms = self.terms.all() if self.pk else ()  # a draft may say nothing yet
        return ", ".join(term.label for term in terms if term.kind == kind)


class SpecimenTerm(models.Model):
    """Something said of a specimen by a term: its label, and its CURIE (``UBERON:0002107``) where one is known."""

    class Kind(models.TextChoices):
        SAMPLE_TYPE = "sample_type", "sample type"
        TISSUE = "tissue", "tissue"
        CELL_LINE = "cell_line", "cell line"
        TREATMENT = "treatment", "treatment"

    specimen = models.ForeignKey(Specimen, on_delete=models.CASCADE, related_name="terms")
    kind = models.CharField(max_length=16, choices=Kind)
    rank = models.PositiveIntegerField(default=0)
    label = models.CharField(max_length=300)
    curie = models.CharField("CURIE", max_length=60, blank=True)

    class Meta:
        ordering = ["kind", "rank", "label"]
        constraints = [
            models.UniqueConstraint(fields=["specimen", "kind", "label"], name="specimenterm_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["sample_type", "tissue", "cell_line", "treatment"]),
                name="specimenterm_kind_known",
            ),
            models.CheckConstraint(condition=~Q(label=""), name="specimenterm_has_label"),
            models.CheckConstraint(condition=Q(curie="") | Q(curie__regex=CURIE), name="specimenterm_curie_form"),
        ]

    def __str__(self) -> str:
        return self.label


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
    bias_voltage_kv = models.FloatField(null=True, blank=True)
    institution = models.CharField(max_length=200, blank=True, help_text="Where it was imaged")
    source_id = models.CharField(max_length=200, blank=True, help_text="What the laboratory calls this acquisition")
    voxel_x_nm = models.FloatField(null=True, blank=True)
    voxel_y_nm = models.FloatField(null=True, blank=True)
    voxel_z_nm = models.FloatField(null=True, blank=True)
    extent_x_nm = models.FloatField(null=True, blank=True)
    extent_y_nm = models.FloatField(null=True, blank=True)
    extent_z_nm = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(method__in=Method.values), name="acquisition_method_known"),
            *[
                models.CheckConstraint(
                    condition=Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gt": 0}),
                    name=f"acquisition_{name}_positive",
                )
                for name in (
                    *("voltage_kv", "current_na", "scan_rate_mhz", "duration_days"),
                    *(f"{length}_{axis}_nm" for length in ("voxel", "extent") for axis in "xyz"),
                )
            ],
            *[
                models.CheckConstraint(
                    condition=Q(**{f"{length}_{axis}_nm__isnull": True for axis in "xyz"})
                    | Q(**{f"{length}_{axis}_nm__isnull": False for axis in "xyz"}),
                    name=f"acquisition_{length}_of_all_axes",
                )
                for length in ("voxel", "extent")
            ],
            models.CheckConstraint(
                condition=Q(bias_voltage_kv__isnull=True) | Q(bias_voltage_kv__gte=0),
                name="acquisition_bias_voltage_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.method
