"""Models: their versions, what these were trained on, and what their runs made."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.addresses import volume_url
from datasets.catalogue.api.filters import Filter, exact, organelle, words
from datasets.catalogue.api.lists import CatalogueView, Key, ListView, Loads, Shown, read_text
from datasets.catalogue.models import Coverage, Crop, Model, ModelRun, ModelVersion, Segmentation
from datasets.catalogue.queries.datasets import published_versions
from datasets.catalogue.queries.models import find_model, model_content, visible_models


class CropNameSerializer(Shown, serializers.ModelSerializer[Crop]):
    """A crop by its dataset's version and its name."""

    dataset = serializers.CharField(source="version", read_only=True)

    class Meta:
        model = Crop
        fields = ["dataset", "name"]


class MadeSerializer(Shown, serializers.ModelSerializer[Segmentation]):
    """A segmentation that a run made."""

    dataset = serializers.CharField(source="volume.version", read_only=True)
    path = serializers.CharField(source="volume.path", read_only=True)
    url = serializers.SerializerMethodField()

    class Meta:
        model = Segmentation
        fields = ["dataset", "path", "url"]

    def get_url(self, segmentation: Segmentation) -> str:
        volume = segmentation.volume
        address: str = self.context["request"].build_absolute_uri(volume_url(volume.version, volume))
        return address


class ModelRunSerializer(Shown, serializers.ModelSerializer[ModelRun]):
    """A run, and the segmentations it made that the caller may see."""

    segmentations = MadeSerializer(many=True, read_only=True)

    class Meta:
        model = ModelRun
        fields = ["name", "program", "parameters", "run_on", "segmentations"]


class ModelVersionSerializer(Shown, serializers.ModelSerializer[ModelVersion]):
    """A trained state of a model."""

    training_crops = CropNameSerializer(many=True, read_only=True)
    runs = ModelRunSerializer(many=True, read_only=True)

    class Meta:
        model = ModelVersion
        fields = [
            *("label", "description", "weights_url", "code_url", "licence", "released_on", "training_crops", "runs"),
        ]


class ModelSerializer(Shown, serializers.ModelSerializer[Model]):
    """A model; ``versions`` the newest first."""

    organization = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()
    versions = ModelVersionSerializer(many=True, read_only=True)

    class Meta:
        model = Model
        fields = [
            *("name", "title", "description", "architecture", "code_url", "licence", "organization", "public", "url"),
            "versions",
        ]

    def get_organization(self, model: Model) -> str | None:
        return model.organization.name if model.organization else None

    def get_url(self, model: Model) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(reverse("api:model", kwargs={"name": model.name}))


class ModelList(ListView):
    """The models, by name: those that are public, and those of the caller's organizations."""

    serializer = ModelSerializer
    order = (Key("name", read_text),)
    expansions: ClassVar[Loads] = {"versions": []}

    @property
    def filters(self) -> tuple[Filter, ...]:  # type: ignore[override]
        """Which of them; what a model made is what the caller may see of it."""
        return (
            words("architecture", "architecture", "Of this architecture, as written there"),
            exact("organization", "organization__name", "Of the organization of this name"),
            exact("licence", "licence", "Under this licence, by its SPDX identifier"),
            organelle(self._made, description="That made a segmentation of the class, or of what is part of it"),
        )

    def rows(self, request: Request, **named: Any) -> QuerySet[Model]:
        rows = visible_models(request.user)
        is_whole = "versions" in self.chosen(request)["shown"]
        return rows.prefetch_related(*model_content(request.user)) if is_whole else rows

    def _made(self, rows: QuerySet[Model], classes: Any) -> QuerySet[Model]:
        made = Coverage.objects.filter(
            segmentation__run__model_version__model=OuterRef("pk"),
            segmentation__volume__version__in=published_versions(self.request.user).values("pk"),
            organelle__in=classes,
            found=Coverage.Found.PRESENT,
        )
        return rows.filter(Exists(made))


class ModelDetail(CatalogueView):
    """One model with its versions, their training crops and runs, as far as the caller may see their datasets."""

    serializer = ModelSerializer

    def get(self, request: Request, name: str) -> Response:
        return self.one(request, find_model(name, request.user))
