"""Volumes of a version, what a segmentation means, and the curators' views."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.db.models import F, Q

from datasets.catalogue.models.dataset import KEPT, DatasetVersion
from datasets.catalogue.models.organelle import OrganelleClass


class Kind(models.TextChoices):
    EM = "em", "electron micrograph"
    LIGHT = "light", "light micrograph"
    PREDICTION = "prediction"
    SEGMENTATION = "segmentation"
    MASK = "mask"
    ANALYSIS = "analysis"


IMAGE_KINDS = {Kind.EM, Kind.LIGHT, Kind.PREDICTION}
"""Kinds whose values are brightness."""

LABEL_KINDS = {Kind.SEGMENTATION, Kind.MASK}
"""Kinds whose values are labels, not brightness."""

_LABEL_TYPES = {"instance", "semantic", "contact"}


class ExternalFormat(models.TextChoices):
    N5 = "n5", "N5"
    ZARR = "zarr", "Zarr"
    PRECOMPUTED = "precomputed", "precomputed"


class Volume(models.Model):
    """One OME-Zarr image of a version, as inspection found it; or one that stays where it is, outside the portal.

    An external volume has an ``external_url`` and no levels: nothing of its data has been read. Where it lies stands
    in its transforms.

    ``levels`` lists the resolution levels, finest first: ``{"path", "shape", "chunk_shape", "shard_shape", "scale",
    "translation", "scale_nm", "translation_nm", "codecs", "size_bytes"}``. Shapes, ``scale`` and ``translation`` are in
    stored axis order, the latter two in each axis's own unit; ``scale_nm`` and ``translation_nm`` are by the names of
    the space axes. ``channels`` lists ``{"label", "colour", "low", "high", "active"}`` along the channel axis, with
    ``""`` and null for what is not known; it is empty where nothing is said of them.
    """

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="volumes")
    path = models.CharField(max_length=512)
    rank = models.PositiveIntegerField(default=0, help_text="Order in lists")
    kind = models.CharField(max_length=16, choices=Kind)
    title = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    external_url = models.CharField(
        max_length=1000, blank=True, help_text="Where it is, as its source writes it; empty: below the version's mounts"
    )
    external_format = models.CharField(max_length=16, choices=ExternalFormat, blank=True)
    ngff_version = models.CharField(max_length=8, blank=True)
    zarr_format = models.PositiveSmallIntegerField(default=0, blank=True, help_text="0: external")
    axes = models.JSONField(help_text="Axis names in stored order")
    axis_types = models.JSONField(
        default=list, blank=True, help_text="Types of the axes in stored order; null where none is stated"
    )
    axis_units = models.JSONField(
        default=list, blank=True, help_text="Units of the axes in stored order; null where none is stated"
    )
    channels = models.JSONField(default=list, blank=True, help_text="How each channel is shown")
    dtype = models.CharField(max_length=16, blank=True)
    levels = models.JSONField(default=list, blank=True)
    metadata_digest = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 over the Zarr metadata that was read"
    )
    contrast_low = models.FloatField(null=True, blank=True)
    contrast_high = models.FloatField(null=True, blank=True)
    colour = models.CharField(max_length=7, blank=True)
    viewable = models.BooleanField(default=True, help_text="Otherwise download only")
    kept = models.JSONField(default=dict, blank=True, help_text=KEPT)

    segmentation: Segmentation

    class Meta:
        ordering = ["rank", "path"]
        constraints = [
            models.UniqueConstraint(fields=["version", "path"], name="volume_path_unique"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="volume_kind_known"),
            models.CheckConstraint(
                condition=Q(contrast_low__isnull=True, contrast_high__isnull=True)
                | Q(contrast_low__lt=F("contrast_high")),
                name="volume_contrast_is_a_window",
            ),
            models.CheckConstraint(
                condition=Q(colour="") | Q(colour__regex=r"^#[0-9a-f]{6}$"), name="volume_colour_is_hex"
            ),
            models.CheckConstraint(
                condition=Q(external_url="", external_format="", zarr_format__gt=0) & ~Q(dtype="")
                | (~Q(external_url="") & Q(external_format__in=ExternalFormat.values, zarr_format=0)),
                name="volume_here_or_external",
            ),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def is_external(self) -> bool:
        """Whether its data are elsewhere."""
        return bool(self.external_url)

    @property
    def is_labels(self) -> bool:
        """Whether its values are labels: always of some kinds, of an analysis where what it measures are objects."""
        if self.kind in LABEL_KINDS:
            return True
        meaning: Segmentation | None = getattr(self, "segmentation", None)
        return self.kind == Kind.ANALYSIS and meaning is not None and meaning.type in _LABEL_TYPES

    @property
    def is_shown(self) -> bool:
        """Whether its voxels can be shown: they may, and were inspected (a draft's may be still to come)."""
        return self.viewable and bool(self.levels)


def first_image(volumes: Sequence[Volume]) -> Volume | None:
    """What stands for ``volumes``: the first electron micrograph, else the first of them."""
    return next((volume for volume in volumes if volume.kind == Kind.EM), volumes[0] if volumes else None)


def extent_nm(volume: Volume) -> tuple[dict[str, float], dict[str, float]]:
    """Low and high corner of the volume's finest level in nm by axis name, voxels counted to their edges; no axes
    where nothing was measured."""
    if not volume.levels:
        return {}, {}
    level = volume.levels[0]
    shape = dict(zip(volume.axes, level["shape"], strict=True))
    low, high = {}, {}
    for axis, scale in level["scale_nm"].items():
        start = level["translation_nm"][axis] - scale / 2
        low[axis], high[axis] = start, start + scale * shape[axis]
    return low, high


class ExternalMesh(models.Model):
    """Meshes of an external volume's labels, that stay where they are, too."""

    volume = models.ForeignKey(Volume, on_delete=models.CASCADE, related_name="external_meshes")
    rank = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=200)
    url = models.CharField(max_length=1000)
    format = models.CharField(max_length=60, help_text="As the source names it, such as neuroglancer_legacy_mesh")
    matrix = models.JSONField(help_text="3 × 4, from the meshes' own coordinates to nm, rows and columns x, y, z")
    kept = models.JSONField(default=dict, blank=True, help_text=KEPT)

    class Meta:
        ordering = ["rank", "name"]
        constraints = [
            models.UniqueConstraint(fields=["volume", "url"], name="externalmesh_once"),
            models.CheckConstraint(condition=~Q(url=""), name="externalmesh_has_url"),
        ]

    def __str__(self) -> str:
        return self.url


class Segmentation(models.Model):
    """What the values of a volume mean: of which classes they are labels, probabilities, contact sites or measures."""

    class Type(models.TextChoices):
        INSTANCE = "instance", "instance"
        SEMANTIC = "semantic", "semantic"
        PROBABILITY = "probability", "probability"
        CONTACT = "contact", "contact sites"
        MEASURE = "measure", "measure"

    class Method(models.TextChoices):
        MANUAL = "manual", "by hand"
        MODEL = "model", "model"
        PROOFREAD = "proofread", "proofread"

    volume = models.OneToOneField(Volume, on_delete=models.CASCADE, related_name="segmentation")
    type = models.CharField(max_length=16, choices=Type)
    method = models.CharField(max_length=16, choices=Method)
    method_detail = models.CharField(max_length=300, blank=True)
    subject = models.CharField(max_length=120, blank=True, help_text="What is labelled, where no organelle class fits")
    region = models.CharField(max_length=300, blank=True, help_text="Where it was made; empty: all over the volume")
    run = models.ForeignKey(
        "catalogue.ModelRun", on_delete=models.PROTECT, null=True, blank=True, related_name="segmentations"
    )
    organelles = models.ManyToManyField(OrganelleClass, through="Coverage", related_name="segmentations")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(type__in=["instance", "semantic", "probability", "contact", "measure"]),
                name="segmentation_type_known",
            ),
            models.CheckConstraint(
                condition=Q(method__in=["manual", "model", "proofread"]), name="segmentation_method_known"
            ),
        ]

    def __str__(self) -> str:
        return self.volume.path


class Coverage(models.Model):
    """Whether a segmentation labels a class, found none of it, or did not look."""

    class Found(models.TextChoices):
        PRESENT = "present"
        ABSENT = "absent"
        NOT_ANNOTATED = "not_annotated", "not annotated"

    segmentation = models.ForeignKey(Segmentation, on_delete=models.CASCADE, related_name="coverage")
    organelle = models.ForeignKey(OrganelleClass, on_delete=models.PROTECT, related_name="coverage", db_index=False)
    found = models.CharField(max_length=16, choices=Found, default=Found.PRESENT)
    label_value = models.PositiveBigIntegerField(null=True, blank=True, help_text="The label of a semantic class")

    class Meta:
        indexes = [models.Index(fields=["organelle", "found", "segmentation"], name="coverage_of_class")]
        constraints = [
            models.UniqueConstraint(fields=["segmentation", "organelle"], name="coverage_once_per_class"),
            models.CheckConstraint(
                condition=Q(found__in=["present", "absent", "not_annotated"]), name="coverage_found_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organelle} {self.found}"


class View(models.Model):
    """A curator's scene: which layers, from where. Positions are nm (x, y, z) in the dataset's space."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="views")
    name = models.SlugField(max_length=80)
    rank = models.PositiveIntegerField(default=0)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    layers = models.JSONField(help_text="Paths of the volumes that are shown")
    position_nm = models.JSONField(null=True, blank=True, help_text="(x, y, z); null: the middle")
    orientation = models.JSONField(null=True, blank=True, help_text="Quaternion (x, y, z, w) of the cross-section")
    nm_per_pixel = models.FloatField(null=True, blank=True)
    layout = models.CharField(max_length=8, default="4panel")
    kept = models.JSONField(default=dict, blank=True, help_text=KEPT)

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["version", "name"], name="view_name_unique"),
            models.CheckConstraint(
                condition=Q(nm_per_pixel__isnull=True) | Q(nm_per_pixel__gt=0), name="view_scale_positive"
            ),
            models.CheckConstraint(
                condition=Q(layout__in=["4panel", "xy", "xz", "yz", "3d"]), name="view_layout_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title
