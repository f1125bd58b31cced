"""Ground truth over all datasets."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from datasets.catalogue.addresses import volume_url
from datasets.catalogue.api.content import CropSerializer
from datasets.catalogue.api.filters import Filter, choice, dataset, exact, organelle, voxel
from datasets.catalogue.api.lists import Key, ListView, Loads, Shown, read_number, read_text
from datasets.catalogue.models import Coverage, Crop, Segmentation, Volume
from datasets.catalogue.queries.crops import crops_with, load_volumes_here, visible_crops, volumes_around
from datasets.catalogue.queries.datasets import segmentation_of

CROP_EXPANSIONS: Loads = {"volumes": [load_volumes_here()]}


class VolumeAroundSerializer(Shown, serializers.Serializer[Any]):
    """A volume that reaches into a crop: all that is said of it is at ``url``, its bytes are below ``data_url``.

    ``organelles`` are the classes that it labels, ``method`` how; null where it labels nothing.
    """

    path = serializers.CharField(read_only=True)
    kind = serializers.CharField(read_only=True)
    method = serializers.SerializerMethodField()
    organelles = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()
    data_url = serializers.SerializerMethodField()

    def get_method(self, volume: Volume) -> str | None:
        segmentation = segmentation_of(volume)
        return segmentation.method if segmentation else None

    def get_organelles(self, volume: Volume) -> list[str]:
        segmentation = segmentation_of(volume)
        found = segmentation.coverage.all() if segmentation else ()
        return [each.organelle.short_name for each in found if each.found == Coverage.Found.PRESENT]

    def get_url(self, volume: Volume) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(volume_url(volume.version, volume))

    def get_data_url(self, volume: Volume) -> str:
        return f"{self.context['data_url']}{volume.version}/{volume.path}/"


class VolumesAround(serializers.ListSerializer[Any]):
    """The volumes of a crop."""

    def to_representation(self, data: Any) -> list[Any]:
        return super().to_representation(volumes_around(data))


class FoundCropSerializer(CropSerializer):
    """A box of ground truth in a list. ``translation_nm`` is the centre of its first voxel, ``box_nm`` goes to voxels'
    edges. With ``expand=volumes`` there are the volumes that it can be read from here: those of its dataset that reach
    into the box, and whose data this portal has."""

    volumes = VolumesAround(child=VolumeAroundSerializer(), source="*", read_only=True)

    class Meta(CropSerializer.Meta):
        fields = [*CropSerializer.Meta.fields, "volumes"]


def _present(rows: QuerySet[Crop], classes: Any) -> QuerySet[Crop]:
    return crops_with(rows, classes, Coverage.Found.PRESENT)


def _absent(rows: QuerySet[Crop], classes: Any) -> QuerySet[Crop]:
    return crops_with(rows, classes, Coverage.Found.ABSENT)


CROP_FILTERS: tuple[Filter, ...] = (
    organelle(_present, description="In which the class, or what is part of it, was labelled"),
    organelle(_absent, name="absent", parts=False, description="In which the class was looked for and not found"),
    choice("use", "use", "That a challenge keeps for this use", Crop.Use.values),
    choice("method", "method", "Labelled in this way", Segmentation.Method.values),
    exact("name", "name", "Of this name", pattern=r"[-a-zA-Z0-9_]+"),
    *voxel(""),
)


class AllCrops(ListView):
    """The ground truth of all datasets, of the newest version of each: dataset by dataset, by name."""

    serializer = FoundCropSerializer
    expansions = CROP_EXPANSIONS
    order = (Key("version_id", read_number), Key("name", read_text))
    filters: ClassVar[tuple[Filter, ...]] = (dataset("version__dataset__name"), *CROP_FILTERS)

    def rows(self, request: Request, **named: Any) -> QuerySet[Crop]:
        return visible_crops(request.user)
