"""What the pages of models say, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets.catalogue.addresses import web_url
from datasets.catalogue.models import Model, ModelVersion
from datasets.catalogue.pages.crops import crops_url
from datasets.catalogue.pages.entries import EntriesPage
from datasets.catalogue.pages.parts import Fact
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
class ModelPage:
    """A model, its versions, and what they made."""

    title: str
    name: str
    description: str
    facts: tuple[Fact, ...]
    is_public: bool
    versions: tuple[TrainedVersion, ...]
    made: EntriesPage


def model_page(
    model: Model,
    versions: Iterable[ModelVersion],
    training: Mapping[int, Sequence[Mapping[str, Any]]],
    made: EntriesPage,
) -> ModelPage:
    """The page of ``model``; ``training`` has by version the datasets whose crops it was trained on, ``made`` is the
    list of the layers that it made."""
    return ModelPage(
        title=model.title,
        name=model.name,
        description=model.description,
        facts=tuple(_facts(model)),
        is_public=model.public,
        versions=tuple(_version(it, training.get(it.pk, ())) for it in versions),
        made=made,
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
