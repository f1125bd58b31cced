"""What a version says, as JSON. Lengths in nm, sizes in bytes, positions and sides (x, y, z)."""

from __future__ import annotations

from typing import Any, TypedDict

from django.utils.functional import cached_property
from rest_framework import serializers

from datasets.catalogue.addresses import layer_url, volume_url
from datasets.catalogue.api.lists import Shown
from datasets.catalogue.models import (
    Acquisition,
    Affiliation,
    Contribution,
    CoordinateSpace,
    Crop,
    DatasetVersion,
    ExternalMesh,
    ModelRun,
    Publication,
    Segmentation,
    SourceCheck,
    Specimen,
    SpecimenTerm,
    View,
    Volume,
)
from datasets.catalogue.models.dataset import KEPT, without_absent
from datasets.catalogue.models.volume import extent_nm
from datasets.catalogue.queries.models import shown_run
from datasets.catalogue.queries.source_checks import LastCheck, last_check


class Place(TypedDict):
    """Where a volume lies in a space: 3 × 4, rows and columns x, y, z, from the finest level's voxels to nm."""

    space: str
    matrix: list[list[float]]


class KeptField(serializers.JSONField):
    """What an import kept, as the source says it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, help_text=KEPT, **options)

    def to_representation(self, value: Any) -> Any:
        return without_absent(value)


class SourceCheckSerializer(Shown, serializers.Serializer[LastCheck]):
    """What came of asking for external data; ``reached_at`` is null where they never were reached."""

    state = serializers.ChoiceField(SourceCheck.State.choices, read_only=True)
    checked_at = serializers.DateTimeField(read_only=True)
    reached_at = serializers.DateTimeField(read_only=True, allow_null=True)


class TermSerializer(Shown, serializers.ModelSerializer[SpecimenTerm]):
    """A term said of a specimen."""

    class Meta:
        model = SpecimenTerm
        fields = ["kind", "label", "curie"]


class SpecimenSerializer(Shown, serializers.ModelSerializer[Specimen]):
    """What was imaged."""

    tissue = serializers.CharField(read_only=True)
    cell_line = serializers.CharField(read_only=True)
    treatment = serializers.CharField(read_only=True)
    terms = TermSerializer(many=True, read_only=True)

    class Meta:
        model = Specimen
        fields = ["organism", "ncbi_taxon", "sample", "tissue", "cell_line", "treatment", "preparation", "terms"]


class AcquisitionSerializer(Shown, serializers.ModelSerializer[Acquisition]):
    """How it was imaged."""

    voxel_nm = serializers.SerializerMethodField()
    extent_nm = serializers.SerializerMethodField()

    class Meta:
        model = Acquisition
        fields = [
            *("method", "instrument", "description", "voltage_kv", "current_na", "scan_rate_mhz", "bias_voltage_kv"),
            *("started_on", "duration_days", "institution", "source_id", "voxel_nm", "extent_nm"),
        ]

    def get_voxel_nm(self, acquisition: Acquisition) -> list[float] | None:
        return sides_nm(acquisition, "voxel")

    def get_extent_nm(self, acquisition: Acquisition) -> list[float] | None:
        return sides_nm(acquisition, "extent")


class CoverageSerializer(Shown, serializers.Serializer[Any]):
    """What is said of one organelle class: found, looked for and absent, or not annotated."""

    name = serializers.CharField(source="organelle.short_name", read_only=True)
    label = serializers.CharField(source="organelle.long_name", read_only=True)  # type: ignore[assignment]
    go_id = serializers.SerializerMethodField()
    found = serializers.CharField(read_only=True)

    def get_go_id(self, coverage: Any) -> str | None:
        return coverage.organelle.go_id or None


class LabelSerializer(CoverageSerializer):
    """The same of a segmentation, with the label that stands for the class where there is one."""

    label_value = serializers.IntegerField(read_only=True, allow_null=True)


class RunSerializer(Shown, serializers.Serializer[ModelRun]):
    """The run of a model that made a segmentation."""

    model = serializers.CharField(source="model_version.model.name", read_only=True)
    version = serializers.CharField(source="model_version.label", read_only=True)
    name = serializers.CharField(read_only=True)


class SegmentationSerializer(Shown, serializers.ModelSerializer[Segmentation]):
    """What the values of a volume mean."""

    run = serializers.SerializerMethodField()
    organelles = LabelSerializer(source="coverage", many=True, read_only=True)

    class Meta:
        model = Segmentation
        fields = ["type", "method", "method_detail", "subject", "region", "run", "organelles"]

    def get_run(self, segmentation: Segmentation) -> dict[str, str] | None:
        run = shown_run(segmentation, self.context["request"].user)
        return None if run is None else self._run.to_representation(run)

    @cached_property
    def _run(self) -> RunSerializer:
        return RunSerializer()


class MeshSerializer(Shown, serializers.ModelSerializer[ExternalMesh]):
    """Meshes that are elsewhere; ``matrix`` leads from their coordinates to nm."""

    kept = KeptField()

    class Meta:
        model = ExternalMesh
        fields = ["name", "url", "format", "matrix", "kept"]


class VolumeSerializer(Shown, serializers.ModelSerializer[Volume]):
    """A volume with its levels, and where its bytes are: here, below ``data_url``, or elsewhere."""

    dataset = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()
    page_url = serializers.SerializerMethodField()
    data_url = serializers.SerializerMethodField()
    extent_nm = serializers.SerializerMethodField()
    contrast = serializers.SerializerMethodField()
    transforms = serializers.SerializerMethodField()
    meshes = MeshSerializer(source="external_meshes", many=True, read_only=True)
    segmentation = SegmentationSerializer(read_only=True, allow_null=True)
    source_check = serializers.SerializerMethodField()
    kept = KeptField()

    class Meta:
        model = Volume
        fields = [
            *("dataset", "path", "kind", "title", "description", "url", "page_url", "data_url", "external_url"),
            *("external_format", "ngff_version", "zarr_format", "axes", "axis_types", "axis_units", "dtype"),
            *("extent_nm", "channels", "contrast", "colour", "viewable", "levels", "transforms", "meshes"),
            *("segmentation", "source_check", "kept"),
        ]

    def get_dataset(self, volume: Volume) -> str:
        return self._version(volume)

    def get_url(self, volume: Volume) -> str:
        return self._absolute(volume_url(self._of(volume), volume))

    def get_page_url(self, volume: Volume) -> str:
        return self._absolute(layer_url(self._of(volume), volume))

    def get_data_url(self, volume: Volume) -> str | None:
        return None if volume.is_external else f"{self.context['data_url']}{self._version(volume)}/{volume.path}/"

    def get_extent_nm(self, volume: Volume) -> dict[str, list[float]] | None:
        if not volume.levels:
            return None
        low, high = extent_nm(volume)
        return {axis: [low[axis], high[axis]] for axis in low}

    def get_contrast(self, volume: Volume) -> list[float] | None:
        if volume.contrast_low is None or volume.contrast_high is None:
            return None
        return [volume.contrast_low, volume.contrast_high]

    def get_transforms(self, volume: Volume) -> list[Place]:
        return [{"space": each.space.name, "matrix": each.matrix} for each in volume.transforms.all()]

    def get_source_check(self, volume: Volume) -> dict[str, Any] | None:
        check = last_check(volume)
        return None if check is None else self._check.to_representation(check)

    @cached_property
    def _check(self) -> SourceCheckSerializer:  # one for all rows: to make one takes longer than to use it
        return SourceCheckSerializer()

    def _of(self, volume: Volume) -> DatasetVersion:
        version: DatasetVersion = self.context.get("version") or volume.version
        return version

    def _version(self, volume: Volume) -> str:
        return str(self._of(volume))

    def _absolute(self, path: str) -> str:
        return f"{self._site}{path}"

    @cached_property
    def _site(self) -> str:
        address: str = self.context["request"].build_absolute_uri("/")
        return address.removesuffix("/")


class ViewSerializer(Shown, serializers.ModelSerializer[View]):
    """A curator's scene."""

    kept = KeptField()

    class Meta:
        model = View
        fields = [
            *("name", "title", "description", "layers", "position_nm", "orientation", "nm_per_pixel", "layout"),
            "kept",
        ]


class PublicationSerializer(Shown, serializers.ModelSerializer[Publication]):
    """Where a version was published."""

    class Meta:
        model = Publication
        fields = ["kind", "doi", "url", "title", "citation"]


class ContributionSerializer(Shown, serializers.ModelSerializer[Contribution]):
    """Somebody's part in a version, in CRediT's roles."""

    name = serializers.CharField(source="person.name", read_only=True)
    orcid = serializers.CharField(source="person.orcid", read_only=True)

    class Meta:
        model = Contribution
        fields = ["name", "orcid", "roles", "organization"]


class AffiliationSerializer(Shown, serializers.ModelSerializer[Affiliation]):
    """An organization that a version names."""

    name = serializers.CharField(source="organization.name", read_only=True)
    title = serializers.CharField(source="organization.title", read_only=True)
    ror = serializers.CharField(source="organization.ror", read_only=True)

    class Meta:
        model = Affiliation
        fields = ["name", "title", "ror"]


class SpaceSerializer(Shown, serializers.ModelSerializer[CoordinateSpace]):
    """A space in nm that volumes align in."""

    class Meta:
        model = CoordinateSpace
        fields = ["name", "title", "description", "main"]


class CropSerializer(Shown, serializers.ModelSerializer[Crop]):
    """A box of ground truth. ``translation_nm`` is the centre of its first voxel, ``box_nm`` goes to voxels' edges."""

    dataset = serializers.CharField(source="version", read_only=True)
    space = serializers.SerializerMethodField()
    voxel_nm = serializers.SerializerMethodField()
    shape = serializers.SerializerMethodField()
    translation_nm = serializers.SerializerMethodField()
    box_nm = serializers.SerializerMethodField()
    organelles = CoverageSerializer(source="coverage", many=True, read_only=True)
    kept = KeptField()

    class Meta:
        model = Crop
        fields = [
            *("dataset", "name", "title", "method", "use", "space", "voxel_nm", "shape", "translation_nm", "box_nm"),
            *("labels_url", "image_url", "organelles", "kept"),
        ]

    def get_space(self, crop: Crop) -> str | None:
        return crop.space.name if crop.space else None

    def get_voxel_nm(self, crop: Crop) -> list[float]:
        return list(crop.voxel_nm)

    def get_shape(self, crop: Crop) -> list[int]:
        return list(crop.shape)

    def get_translation_nm(self, crop: Crop) -> list[float]:
        return [crop.translation_x_nm, crop.translation_y_nm, crop.translation_z_nm]

    def get_box_nm(self, crop: Crop) -> list[list[float]]:
        return [list(corner) for corner in crop.box_nm]


def sides_nm(acquisition: Acquisition, name: str) -> list[float] | None:
    """The ``voxel`` or the ``extent`` of an acquisition: its sides, (x, y, z) in nm, if all are known."""
    sides = [getattr(acquisition, f"{name}_{axis}_nm") for axis in "xyz"]
    return None if None in sides else sides
