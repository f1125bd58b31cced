"""What is said of everything that is searched: the very texts that are indexed, and that a hit's reason quotes.

Names weigh more than terms, and those more than text. A term that the vocabulary knows is written out with all it says
of it, so that a synonym or a parent finds it.
"""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from datasets.catalogue.models import (
    Affiliation,
    Collection,
    Contribution,
    Coverage,
    CropCoverage,
    DatasetVersion,
    Model,
    OrganelleClass,
    Person,
    Publication,
    Segmentation,
    SpecimenTerm,
    Task,
    View,
    Volume,
)
from datasets.catalogue.models.volume import Kind
from datasets.catalogue.organelles import OrganelleFact
from datasets.catalogue.queries.organelles import LABELS
from datasets.catalogue.search.full_text import FIELDS, NAMES, TERMS, TEXT, whole_word
from datasets.catalogue.search.vocabulary import describe
from datasets.catalogue.search.words import name_of, words_of

_SIDES = tuple("xyz")

type _Class = OrganelleClass | OrganelleFact


@dataclass(frozen=True)
class Said:
    """A text that something is found by: how it weighs, what it is for people, and how it reads."""

    weight: str
    what: str
    text: str


@dataclass
class DatasetDocument:
    """What the newest published version of a dataset says."""

    version: Any
    terms: list[tuple[str, str]] = field(default_factory=list)
    """Kind and label, as of its specimen."""
    labelled: list[int] = field(default_factory=list)
    """Classes that it has segmentations of, by their keys."""
    ground_truth: list[int] = field(default_factory=list)
    """Classes that were labelled in its crops."""
    methods: list[str] = field(default_factory=list)
    """How its segmentations were made."""
    subjects: list[str] = field(default_factory=list)
    institutions: list[tuple[str, str]] = field(default_factory=list)
    """Names and titles of organizations."""
    people: list[str] = field(default_factory=list)
    views: list[tuple[str, str]] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    publications: list[tuple[str, str, str]] = field(default_factory=list)
    """Title, DOI and citation."""
    finest: tuple[list[int], list[float]] | None = None
    """Shape in voxels and sides of a voxel in nm of the first image here, along its axes of space."""

    @property
    def voxel_nm(self) -> float | None:
        """The longest side of a voxel."""
        return max(self._sides_nm, default=None)

    @property
    def voxels(self) -> float:
        """How many the image has; 0 where that is not known."""
        acquisition = _one(self.version, "acquisition")
        extent = [getattr(acquisition, f"extent_{axis}_nm", None) for axis in _SIDES]
        if self.finest:
            return _product(self.finest[0])
        if self._sides_nm and all(extent):
            return _product(extent) / _product(self._sides_nm)
        return 0

    @property
    def _sides_nm(self) -> list[float]:
        acquisition = _one(self.version, "acquisition")
        sides = [getattr(acquisition, f"voxel_{axis}_nm", None) for axis in _SIDES]
        return [side for side in sides if side] or (self.finest[1] if self.finest else [])


def load_datasets(versions: Several[int]) -> Iterator[DatasetDocument]:
    """The documents of versions, by their keys; few questions for many."""
    rows = DatasetVersion.objects.filter(pk__in=versions).select_related("dataset", "specimen", "acquisition")
    documents = {row.pk: DatasetDocument(row) for row in rows.defer("record", "kept").order_by("pk")}
    for key, kind, label in _of(SpecimenTerm, "specimen__version", documents, ("kind", "rank"), "kind", "label"):
        documents[key].terms.append((kind, label))
    labelled = Coverage.objects.filter(found=Coverage.Found.PRESENT, segmentation__type__in=LABELS)
    for key, organelle in _classes(labelled, "segmentation__volume__version", documents):
        documents[key].labelled.append(organelle)
    cropped = CropCoverage.objects.filter(found=Coverage.Found.PRESENT)
    for key, organelle in _classes(cropped, "crop__version", documents):
        documents[key].ground_truth.append(organelle)
    for key, method, subject in _of(
        Segmentation, "volume__version", documents, ("volume__rank", "pk"), "method", "subject"
    ):
        _add(documents[key].methods, method)
        _add(documents[key].subjects, subject)
    for key, name, title in _of(
        Affiliation, "version", documents, ("rank", "pk"), "organization__name", "organization__title"
    ):
        documents[key].institutions.append((name, title))
    for key, name in _of(Contribution, "version", documents, ("rank", "pk"), "person__name"):
        documents[key].people.append(name)
    for key, title, description in _of(View, "version", documents, ("rank", "pk"), "title", "description"):
        documents[key].views.append((title, description))
    for key, title in _of(Volume, "version", documents, ("rank", "path"), "title"):
        _add(documents[key].layers, title)
    for key, title, doi, citation in _of(Publication, "version", documents, ("rank", "pk"), "title", "doi", "citation"):
        documents[key].publications.append((title, doi, citation))
    images = Volume.objects.filter(version__in=documents, kind=Kind.EM, external_url="").order_by("-rank", "-path")
    for key, axes, levels in images.values_list("version", "axes", "levels"):
        if levels:
            level = levels[0]
            shape = [size for axis, size in zip(axes, level["shape"], strict=True) if axis in _SIDES]
            documents[key].finest = shape, list(level["scale_nm"].values())
    yield from documents.values()


def said_of_dataset(document: DatasetDocument, classes: Mapping[int, str]) -> list[Said]:
    """What is said of a dataset.

    Args:
        classes: how each organelle class reads, by its key, from :func:`describe_class`.
    """
    version = document.version
    specimen, acquisition = _one(version, "specimen"), _one(version, "acquisition")
    organelles = [Said(TERMS, "organelle", classes[key]) for key in document.labelled]
    kinds = dict(SpecimenTerm.Kind.choices)
    return _told(
        Said(NAMES, "title", version.title),
        Said(NAMES, "name", version.dataset.name),
        *([Said(TERMS, "organism", describe(specimen.organism, specimen.ncbi_taxon))] if specimen else []),
        *(Said(TERMS, str(kinds[kind]), describe(label)) for kind, label in document.terms),
        Said(TERMS, "sample", specimen.sample if specimen else ""),
        *organelles,
        *(Said(TERMS, "labelled", subject) for subject in document.subjects),
        Said(TERMS, "imaged by", describe(acquisition.method) if acquisition else ""),
        Said(TERMS, "imaged at", acquisition.institution if acquisition else ""),
        *(Said(TERMS, "organization", _both(title, name)) for name, title in document.institutions),
        *(Said(TERMS, "keyword", str(keyword)) for keyword in version.keywords),
        Said(TEXT, "description", version.description),
        Said(TEXT, "preparation", specimen.preparation if specimen else ""),
        *([Said(TEXT, "acquisition", acquisition.description)] if acquisition else []),
        *([Said(TEXT, "instrument", acquisition.instrument)] if acquisition else []),
        *(Said(TEXT, "view", _both(title, description)) for title, description in document.views),
        *(Said(TEXT, "layer", title) for title in document.layers),
        *(Said(TEXT, "ground truth", classes[key]) for key in document.ground_truth),
        *(Said(TEXT, "contributor", name) for name in document.people),
        *(Said(TEXT, "publication", _both(title, doi, citation)) for title, doi, citation in document.publications),
        Said(TEXT, "licence", version.licence),
        Said(TEXT, "credit", version.credit),
    )


def said_of_publication(publication: Publication) -> list[Said]:
    """What is said of a publication by one dataset."""
    return _told(
        Said(NAMES, "title", publication.title),
        Said(NAMES, "DOI", publication.doi),
        Said(TERMS, "kind", publication.get_kind_display()),
        Said(TEXT, "citation", publication.citation),
        Said(TEXT, "address", publication.url),
    )


def said_of_person(person: Person) -> list[Said]:
    """What is said of a person."""
    return _told(Said(NAMES, "name", person.name), Said(NAMES, "ORCID", person.orcid))


def said_of_model(model: Model) -> list[Said]:
    """What is said of a model."""
    organization = model.organization
    return _told(
        Said(NAMES, "title", model.title),
        Said(NAMES, "name", model.name),
        Said(TERMS, "architecture", model.architecture),
        Said(TERMS, "organization", _both(organization.title, organization.name) if organization else ""),
        Said(TEXT, "description", model.description),
        *(Said(TEXT, "version", _both(it.label, it.description)) for it in model.versions.all()),
        Said(TEXT, "licence", model.licence),
    )


def said_of_collection(collection: Collection) -> list[Said]:
    """What is said of a collection; not its datasets, which are not all for everyone to know of."""
    organization = collection.organization
    return _told(
        Said(NAMES, "title", collection.title),
        Said(NAMES, "name", collection.name),
        Said(NAMES, "DOI", collection.doi),
        Said(TERMS, "organization", _both(organization.title, organization.name) if organization else ""),
        Said(TEXT, "description", collection.description),
        Said(TEXT, "address", collection.url),
    )


def said_of_task(task: Task, classes: Mapping[int, str]) -> list[Said]:
    """What is said of a task with its classes, of which ``classes`` says what each is."""
    return _told(
        Said(NAMES, "title", task.title),
        Said(NAMES, "name", task.name),
        *(Said(TERMS, "organelle", classes[it.pk]) for it in task.organelles.all()),
        Said(TEXT, "description", task.description),
    )


def said_of_class(lineage: Sequence[_Class]) -> list[Said]:
    """What is said of the last of ``lineage``; by what it is part of it is found, behind that."""
    *above, organelle = lineage
    return _told(
        Said(NAMES, "name", organelle.long_name),
        Said(NAMES, "short name", organelle.short_name),
        *(Said(NAMES, "synonym", synonym) for synonym in organelle.synonyms),
        Said(NAMES, "Gene Ontology", organelle.go_id),
        Said(NAMES, "Gene Ontology", organelle.go_label if organelle.go_label != organelle.long_name else ""),
        *(Said(TEXT, "part of", _names_of(each)) for each in reversed(above)),
    )


def describe_class(lineage: Sequence[_Class]) -> str:
    """A class with its other names and what it is part of: "mitochondrial membrane: mito_mem, GO:…; part of …"."""
    return "; part of ".join(_names_of(organelle) for organelle in reversed(lineage))


def words_by_field(said: Iterable[Said]) -> dict[str, set[str]]:
    """The words to index, by field. Of a name, all its words joined are one, too: so a whole name is found as such."""
    words: dict[str, set[str]] = {name: set() for name in FIELDS}
    for each in said:
        words[each.weight] |= words_in(each.text)
        if each.weight == NAMES:
            words[NAMES].add(whole_word(name_of(each.text)))
    for found in words.values():
        found.discard("")
    return words


@lru_cache(maxsize=20_000)
def words_in(text: str) -> frozenset[str]:
    """The words under which a text is found; many texts are those of many datasets."""
    return frozenset(words_of(text))


def _names_of(organelle: _Class) -> str:
    others = dict.fromkeys([organelle.short_name, *organelle.synonyms, organelle.go_label, organelle.go_id])
    return f"{organelle.long_name}: {', '.join(it for it in others if it and it != organelle.long_name)}"


def _told(*said: Said) -> list[Said]:
    return [each for each in said if each.text.strip()]


def _both(*texts: str) -> str:
    return ". ".join(dict.fromkeys(text.rstrip(".") for text in texts if text))


def _add(found: list[str], value: str) -> None:
    if value and value not in found:
        found.append(value)


def _one(version: DatasetVersion, name: str) -> Any:
    return getattr(version, name, None)


def _product(numbers: Sequence[Any]) -> float:
    found = 1.0
    for number in numbers:
        found *= number
    return found


def _of(table: Any, owner: str, documents: Iterable[int], order: Sequence[str], *columns: str) -> Any:
    rows = table._default_manager.filter(**{f"{owner}__in": list(documents)})
    return rows.order_by(*order).values_list(owner, *columns)


def _classes(coverage: Any, owner: str, documents: Iterable[int]) -> list[tuple[int, int]]:
    rows = coverage.filter(**{f"{owner}__in": list(documents)}).order_by()
    return sorted(rows.values_list(owner, "organelle").distinct())
