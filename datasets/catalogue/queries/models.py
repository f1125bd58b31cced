"""Models, and what one user may see of what they were trained on and what they made."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Prefetch, QuerySet, prefetch_related_objects

from datasets.catalogue.models import Crop, Model, ModelRun, ModelVersion, Segmentation
from datasets.catalogue.queries.datasets import NotFound, published_versions
from datasets.catalogue.queries.visibility import Viewer, models_visible_to


def visible_models(user: Viewer) -> QuerySet[Model]:
    """The models that ``user`` may know of, by name."""
    return models_visible_to(user).select_related("organization").order_by("name")


def find_model(name: str, user: Viewer) -> Model:
    """The model ``name`` with its versions, their training crops, runs, and what these made.

    Of crops, and of runs with their segmentations, ``user`` sees those of published versions they may see.

    Raises:
        NotFound: it does not exist, or ``user`` may not know of it.
    """
    model = visible_models(user).filter(name=name).first()
    if model is None:
        raise NotFound(f"No model is called {name!r} here", where=name, fix="See /api/v1/models/")
    prefetch_related_objects([model], *model_content(user))
    return model


def model_content(user: Viewer) -> list[Prefetch[str]]:
    """What is to be loaded to show a model whole."""
    versions = published_versions(user).values("pk")
    made = Segmentation.objects.filter(volume__version__in=versions).select_related("volume__version__dataset")
    runs = ModelRun.objects.filter(Exists(made.filter(run=OuterRef("pk"))))
    crops = Crop.objects.filter(version__in=versions).select_related("version__dataset")
    return [
        Prefetch("versions", ModelVersion.objects.order_by("-rank", "label")),
        Prefetch("versions__training_crops", crops.order_by("version_id", "name")),
        Prefetch("versions__runs", runs.order_by("name")),
        Prefetch("versions__runs__segmentations", made.order_by("volume__version_id", "volume__path")),
    ]
