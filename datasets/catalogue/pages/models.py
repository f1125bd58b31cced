"""What the pages of models say, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets.catalogue.addresses import layer_url, web_url
from datasets.catalogue.models import Model, ModelVersion, Volume
from datasets.catalogue.pages.crops import crops_url
from datasets.catalogue.pages.layers import describe_values
from datasets.catalogue.pages.parts import Fact
from datasets.catalogue.pages.publications import DatasetLink, dataset_link
from datasets.catalogue.presentation import describe_licence, format_count, format_date

DATASETS_SHOWN = 50


@dataclass(frozen=True)
class CropCount:
    """A dataset, and how many of its crops are meant."""

    title: str
    url: str
    count: str


@dataclass(frozen=True)
class TrainedVersion:
    """A version of a model."""

    label: str
    description: str
    facts: tuple[Fact, ...]
    training: tuple[CropCount, ...]
    more: str


@dataclass(frozen=True)
class MadeRow:
    """A layer that a model made."""

    title: str
    url: str
    what: str
    dataset: DatasetLink
    version: str
    run: str


@dataclass(frozen=True)
class ModelPage:
    """A model, its versions, and what they made."""

    title: str
    name: str
    description: str
    facts: tuple[Fact, ...]
    is_public: bool
    versions: tuple[TrainedVersion, ...]
    made_count: str
    made: tuple[MadeRow, ...]
    newer_url: str
    older_url: str


def model_page(
    model: Model,
    versions: Iterable[ModelVersion],
    training: Mapping[int, Sequence[Mapping[str, Any]]],
    made: Iterable[Volume],
    *,
    made_count: int,
    newer_url: str,
    older_url: str,
) -> ModelPage:
    """The page of ``model``; ``training`` has by version the datasets whose crops it was trained on."""
    return ModelPage(
        title=model.title,
        name=model.name,
        description=model.description,
        facts=tuple(_facts(model)),
        is_public=model.public,
        versions=tuple(_version(it, training.get(it.pk, ())) for it in versions),
        made_count=format_count(made_count, "layer"),
        made=tuple(_made(it) for it in made),
        newer_url=newer_url,
        older_url=older_url,
    )


def crop_counts(datasets: Sequence[Mapping[str, Any]]) -> tuple[tuple[CropCount, ...], str]:
    """Datasets with the numbers of their crops, and whether there are more than are shown."""
    shown = tuple(
        CropCount(it["title"], crops_url(dataset=it["dataset"]), format_count(it["crops"], "crop"))
        for it in datasets[:DATASETS_SHOWN]
    )
    return shown, "and of more datasets" if len(datasets) > DATASETS_SHOWN else ""


def _facts(model: Model) -> Iterable[Fact]:
    if model.architecture:
        yield Fact("Architecture", model.architecture)
    if model.organization:
        yield Fact("By", model.organization.title)
    yield from _offers(model)


def _offers(source: Model | ModelVersion) -> Iterable[Fact]:
    if source.code_url:
        yield Fact("Code", source.code_url, web_url(source.code_url))
    if source.licence:
        licence = describe_licence(source.licence)
        yield Fact("Licence", licence.name, licence.url)


def _version(version: ModelVersion, training: Sequence[Mapping[str, Any]]) -> TrainedVersion:
    facts = [Fact("Released", format_date(version.released_on))] if version.released_on else []
    if version.weights_url:
        facts.append(Fact("Weights", version.weights_url, web_url(version.weights_url)))
    shown, more = crop_counts(training)
    return TrainedVersion(version.label, version.description, (*facts, *_offers(version)), shown, more)


def _made(volume: Volume) -> MadeRow:
    run = volume.segmentation.run
    assert run is not None, "what a model made was made in one of its runs"
    return MadeRow(
        title=volume.title,
        url=layer_url(volume.version, volume),
        what=describe_values(volume),
        dataset=dataset_link(volume.version),
        version=run.model_version.label,
        run=run.name,
    )
