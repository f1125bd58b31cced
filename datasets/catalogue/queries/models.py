"""Models, and what one user may see of what they were trained on and what they made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Prefetch, QuerySet, prefetch_related_objects

from datasets.catalogue.models import Crop, Model, ModelRun, ModelVersion, Segmentation, Volume
from datasets.catalogue.queries.datasets import NotFound, newest_versions, of_newest, published_versions, with_version
from datasets.catalogue.queries.organelles import with_cards
from datasets.catalogue.queries.paging import rows_having
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
    model = named_model(name, user)
    prefetch_related_objects([model], *model_content(user))
    return model


def named_model(name: str, user: Viewer) -> Model:
    """The model ``name``, by itself.

    Raises:
        NotFound: it does not exist, or ``user`` may not know of it.
    """
    model = visible_models(user).filter(name=name).first()
    if model is None:
        raise NotFound(f"No model is called {name!r} here", where=name, fix="See /models/")
    return model


def layers_made_by(model: Model, user: Viewer) -> QuerySet[Volume]:
    """The layers of the newest versions that ``user`` may see which ``model`` made, with their cards and runs."""
    volumes = Volume.objects.filter(of_newest(user))
    made = rows_having(volumes, Segmentation.objects.filter(run__model_version__model=model), "volume")
    return with_cards(with_version(made)).select_related("segmentation__run__model_version")


def shown_run(segmentation: Segmentation, user: Viewer) -> ModelRun | None:
    """The run that made ``segmentation``, if ``user`` may know of its model; loaded with both."""
    run = segmentation.run
    if run is None:
        return None
    model = run.model_version.model
    return run if model.public or models_visible_to(user).filter(pk=model.pk).exists() else None


def count_made(models: Iterable[Model], user: Viewer) -> dict[int, int]:
    """By model that ``user`` may know of, the number of those layers."""
    versions = newest_versions(user).order_by().values("pk")
    made = Segmentation.objects.filter(run__model_version__model__in=models, volume__version__in=versions)
    return dict(made.order_by().values_list("run__model_version__model").annotate(number=Count("pk")))


def training_of(versions: Iterable[ModelVersion], user: Viewer) -> dict[int, list[dict[str, Any]]]:
    """By version of a model, the datasets whose crops it was trained on: ``dataset``, ``title``, number of ``crops``.

    Of crops, ``user`` sees those of published versions they may see. One query for all.
    """
    crops = Crop.objects.filter(trained__in=list(versions), version__in=published_versions(user).values("pk"))
    counted: Any = (
        crops.order_by()
        .values("trained", dataset=F("version__dataset__name"))
        .annotate(title=Min("version__title"), crops=Count("pk"))
        .order_by("trained", "dataset")
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in counted:
        found.setdefault(row["trained"], []).append(row)
    return found


def model_content(user: Viewer) -> list[Prefetch[str]]:
    """What is to be loaded to show a model whole."""
    versions = published_versions(user).values("pk")
    made = with_version(Segmentation.objects.filter(volume__version__in=versions), "volume__version")
    runs = ModelRun.objects.filter(Exists(made.filter(run=OuterRef("pk"))))
    crops = with_version(Crop.objects.filter(version__in=versions))
    return [
        Prefetch("versions", ModelVersion.objects.order_by("-rank", "label")),
        Prefetch("versions__training_crops", crops.order_by("version_id", "name")),
        Prefetch("versions__runs", runs.order_by("name")),
        Prefetch("versions__runs__segmentations", made.order_by("volume__version_id", "volume__path")),
    ]
