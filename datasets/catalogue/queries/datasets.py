"""Datasets and versions, as one user may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Exists, Model, OuterRef, Prefetch, QuerySet, prefetch_related_objects

from datasets.catalogue.models import (
    Affiliation,
    Contribution,
    Coverage,
    Dataset,
    DatasetVersion,
    ExternalMesh,
    Mount,
    Publication,
    Segmentation,
    Specimen,
    SpecimenTerm,
    State,
    Transform,
    View,
    Volume,
)
from datasets.catalogue.queries.catalogue_state import kept_for_strangers
from datasets.catalogue.queries.paging import first_rows
from datasets.catalogue.queries.prepared import Prepared, hand_over, is_loaded
from datasets.catalogue.queries.source_checks import with_checks
from datasets.catalogue.queries.visibility import Viewer, may_see_drafts, seen_by, visible_to
from datasets.volumes.errors import CisternaError

LONG = ("record", "kept")
"""What no list shows of a version, and may be some hundred kilobytes."""

_NAMED = {"id", "dataset", "number", "title", "record_digest"}  # which names its pictures
_UNNAMED = (
    *(it.name for it in DatasetVersion._meta.concrete_fields if it.name not in _NAMED),
    *(f"dataset__{it.name}" for it in Dataset._meta.concrete_fields if it.name not in {"id", "name"}),
)
"""What is not loaded of a version and its dataset where a row of a list only names them."""


class NotFound(CisternaError):
    """There is no such thing, or the caller may not know of it: the two look alike."""

    slug = "not-found"
    status = 404
    title = "Not found"


class VersionRetired(CisternaError):
    """The version was published once and has been withdrawn."""

    slug = "version-retired"
    status = 410
    title = "This version was retired"


class DataExternal(CisternaError):
    """The data of a volume, or all of a dataset's, are elsewhere: the portal has no objects of it."""

    slug = "external"
    status = 409
    title = "The data are not in this portal"


def newest_versions(user: Viewer) -> QuerySet[DatasetVersion]:
    """The newest published version of each dataset that ``user`` may see, newest first, with what a list shows."""
    versions = newest_seen(user).select_related("dataset", "specimen", "acquisition")
    return versions.defer(*LONG).order_by("-frozen_at", "-pk")


def newest_of(datasets: QuerySet[Dataset]) -> QuerySet[DatasetVersion]:
    """The newest published version of each of ``datasets``."""
    published = DatasetVersion.objects.filter(Exists(datasets.filter(pk=OuterRef("dataset"))), state=State.PUBLISHED)
    return _newest_in(published)


def newest_seen(user: Viewer) -> QuerySet[DatasetVersion]:
    """The newest published version of each dataset that ``user`` may see, by itself."""
    return _newest_in(published_versions(user))


def published_versions(user: Viewer) -> QuerySet[DatasetVersion]:
    """Every published version, the newest and those before, of the datasets that ``user`` may see."""
    return DatasetVersion.objects.filter(seen_by(user, "dataset"), state=State.PUBLISHED)


def of_newest(user: Viewer, version: str = "version") -> Exists:
    """Whether a row's ``version`` is one of :func:`newest_versions`: for lists, which end after a page.

    The database asks this of each row on its way through the list's order. What counts all rows is quicker with
    ``version__in=``, for which all versions are found first.
    """
    return Exists(newest_seen(user).filter(pk=OuterRef(version)))


def find_version(name: str, label: str | None, user: Viewer) -> DatasetVersion:
    """The version that :func:`named_version` finds, with its volumes.

    :func:`load_content` loads the rest, where all is shown.

    Raises:
        NotFound, VersionRetired
    """
    version = named_version(name, label, user)
    _load_volumes(version)
    return version


def named_dataset(name: str, user: Viewer) -> Dataset:
    """The dataset ``name``, whichever of its versions there are.

    Raises:
        NotFound: it does not exist, or ``user`` may not know of it.
    """
    dataset = visible_to(user).filter(name=name).first()
    if dataset is None:
        raise NotFound(f"No dataset is called {name!r} here", where=name, fix="Check the name, or sign in")
    return dataset


def named_version(name: str, label: str | None, user: Viewer) -> DatasetVersion:
    """The version ``label`` of dataset ``name``, by itself; the newest published one when ``label`` is ``None``.

    Raises:
        NotFound: it does not exist, or ``user`` may not know of it.
        VersionRetired: it did exist; where its successor is known, the error names it.
    """
    loaded = DatasetVersion.objects.defer("record")
    loaded = loaded.select_related("dataset", "specimen", "acquisition", "successor__dataset").order_by("-number")
    frozen = loaded.filter(seen_by(user, "dataset"), dataset__name=name, number__isnull=False)
    version: DatasetVersion | None
    if label == "draft":
        version = _draft_in(loaded, name, user)
    elif label is not None:
        version = frozen.filter(number=int(label)).first()
    else:
        version = frozen.filter(state=State.PUBLISHED).first() or frozen.filter(state=State.RETIRED).first()
        version = version or _draft_in(loaded, name, user)
    if version is None:
        named_dataset(name, user)  # where not even that may be known, this says so
        raise NotFound(f"{name} has no version {label}", where=f"{name}@{label}", fix=f"See /datasets/{name}/")
    if version.state == State.RETIRED:
        successor = _visible_successor(version, user)
        raise VersionRetired(
            f"{version} was retired: {version.retired_reason}",
            where=str(version),
            fix=f"Use its successor {successor}" if successor else "",
        )
    return version


def _draft_in(versions: QuerySet[DatasetVersion], name: str, user: Viewer) -> DatasetVersion | None:
    """The draft of dataset ``name``, if there is one that ``user`` may open."""
    dataset = named_dataset(name, user)
    return versions.filter(dataset=dataset, number__isnull=True).first() if may_see_drafts(user, dataset) else None


def _visible_successor(version: DatasetVersion, user: Viewer) -> str:
    """The address of what took the place of ``version``; empty where ``user`` may not know of that."""
    if version.successor is None or not visible_to(user).filter(pk=version.successor.dataset_id).exists():
        return ""
    return f"/datasets/{version.successor}/"


def versions_of(dataset: Dataset, user: Viewer) -> list[DatasetVersion]:
    """The versions of a dataset that ``user`` may know of, newest first, the draft before them.

    A retired one has its successor if ``user`` may know of that, too.
    """
    rows = dataset.versions.order_by().defer(*LONG)
    rows = rows if may_see_drafts(user, dataset) else rows.filter(number__isnull=False)
    versions = sorted(rows, key=lambda it: (it.number is not None, -(it.number or 0)))
    if retired := [it for it in versions if it.successor_id]:
        successors = DatasetVersion.objects.filter(dataset__in=visible_to(user)).select_related("dataset").defer(*LONG)
        prefetch_related_objects(retired, Prefetch("successor", successors))
    return versions


def newest_among(versions: Iterable[DatasetVersion]) -> DatasetVersion | None:
    """The newest published one, of those of :func:`versions_of`."""
    return next((it for it in versions if it.state == State.PUBLISHED), None)


def paths_in(versions: Sequence[DatasetVersion]) -> dict[int, list[str]]:
    """By version, the paths of its volumes in the order of its page. To make volumes of them takes most of a list."""
    paths: dict[int, list[str]] = {version.pk: [] for version in versions}
    for version, path in Volume.objects.filter(version__in=paths).values_list("version_id", "path"):
        paths[version].append(path)
    return paths


def find_volume(version: DatasetVersion, path: str) -> Volume:
    """The volume at ``path`` of ``version``.

    Raises:
        NotFound: the version has none there.
    """
    for volume in version.volumes.all():
        if volume.path == path:
            return volume
    raise NotFound(f"{version} has no volume at {path!r}", where=path, fix=f"See /datasets/{version}/")


def find_volume_here(version: DatasetVersion, path: str) -> Volume:
    """The volume at ``path`` of ``version``, whose data the portal has.

    Raises:
        NotFound: the version has none there.
        DataExternal: its data are elsewhere.
    """
    volume = find_volume(version, path)
    if volume.is_external:
        raise DataExternal(
            f"The data of {path} are elsewhere: {volume.external_url}", where=path, fix="Read them where they are"
        )
    return volume


def find_view(version: DatasetVersion, name: str) -> View:
    """The curated view called ``name`` of ``version``.

    Raises:
        NotFound: the version has none so called.
    """
    for view in version.views.all():
        if view.name == name:
            return view
    raise NotFound(f"{version} has no view called {name!r}", where=name, fix=f"See /datasets/{version}/")


@kept_for_strangers(1)
def newest_views(user: Viewer, most: int) -> tuple[View, ...]:
    """Up to ``most`` curated views in the newest versions that ``user`` may see whose data are here, with those
    versions; the version that was begun last first."""
    here = Mount.objects.filter(version=OuterRef("version"))
    views = View.objects.filter(of_newest(user), Exists(here)).select_related("version__dataset")
    views = views.defer(*(f"version__{name}" for name in LONG))
    return tuple(first_rows(views, ("-version_id", "rank", "pk"), most).rows)


def segmentation_of(volume: Volume) -> Segmentation | None:
    """What the labels of ``volume`` mean, if it is a segmentation."""
    return getattr(volume, "segmentation", None)


def load_content(version: DatasetVersion) -> None:
    """Load all that ``version`` says in one go, for a page or an answer that shows it all."""
    _load_volumes(version)
    for name, rows in _CONTENT.items():
        if not is_loaded(version, name):
            hand_over(rows.of(version.pk), name, [version])
    specimen: Specimen | None = getattr(version, "specimen", None)
    if specimen is not None and not is_loaded(specimen, "terms"):
        hand_over(_TERMS.of(version.pk), "terms", [specimen])


def load_volumes() -> Prefetch[str]:
    """What is to be loaded of versions for their volumes to be shown whole."""
    return Prefetch("volumes", queryset=with_content(Volume.objects.all()))


def volumes_of(version: DatasetVersion) -> QuerySet[Volume]:
    """The volumes of a version that the caller has found, each to be shown whole."""
    return with_content(with_version(Volume.objects.filter(version=version)))


def with_version[Row: Model](rows: QuerySet[Row], version: str = "version") -> QuerySet[Row]:
    """With the ``version`` that each row belongs to, and its dataset, as lists name them: nothing else of the two."""
    return rows.select_related(f"{version}__dataset").defer(*(f"{version}__{name}" for name in _UNNAMED))


def with_content(volumes: QuerySet[Volume]) -> QuerySet[Volume]:
    """With what is said of each volume."""
    return _with_segmentation(volumes).prefetch_related(
        Prefetch("segmentation__coverage", _coverage()), Prefetch("transforms", _transforms()), "external_meshes"
    )


def _newest_in(published: QuerySet[DatasetVersion]) -> QuerySet[DatasetVersion]:
    newer = DatasetVersion.objects.filter(
        dataset=OuterRef("dataset"), state=State.PUBLISHED, number__gt=OuterRef("number")
    )
    return published.filter(~Exists(newer))


def _with_segmentation(volumes: QuerySet[Volume]) -> QuerySet[Volume]:
    return with_checks(volumes.select_related("segmentation__run__model_version__model"))


def _coverage() -> QuerySet[Coverage]:
    return Coverage.objects.select_related("organelle").defer("organelle__synonyms").order_by("pk")


def _transforms() -> QuerySet[Transform]:
    return Transform.objects.select_related("space").order_by("pk")


_VOLUMES = Prepared(_with_segmentation(Volume.objects.all()), "version")
_COVERAGE = Prepared(_coverage(), "segmentation__volume__version")
_TRANSFORMS = Prepared(_transforms(), "volume__version")
_MESHES = Prepared(ExternalMesh.objects.all(), "volume__version")
_TERMS = Prepared(SpecimenTerm.objects.all(), "specimen__version")
_CONTENT: Mapping[str, Prepared[Any]] = {
    "mounts": Prepared(Mount.objects.all(), "version"),
    "views": Prepared(View.objects.all(), "version"),
    "publications": Prepared(Publication.objects.all(), "version"),
    "contributions": Prepared(Contribution.objects.select_related("person").order_by("rank", "pk"), "version"),
    "affiliations": Prepared(Affiliation.objects.select_related("organization").order_by("rank", "pk"), "version"),
}


def _load_volumes(version: DatasetVersion) -> None:
    """The volumes of ``version``, each with what :func:`with_content` says of it."""
    if is_loaded(version, "volumes"):
        return
    volumes = _VOLUMES.of(version.pk)
    hand_over(volumes, "volumes", [version])
    if segmentations := list(filter(None, map(segmentation_of, volumes))):
        hand_over(_COVERAGE.of(version.pk), "coverage", segmentations)
    if volumes:
        hand_over(_TRANSFORMS.of(version.pk), "transforms", volumes)
        hand_over(_MESHES.of(version.pk), "external_meshes", volumes)
