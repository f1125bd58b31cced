"""What breaks when a version is retired, or a dataset closed: everything here that refers to them, named before it.

Counts are whole. Examples are those that whoever asks may know of: a link to a dataset of others, a model of another
organization counts, and is not named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model as Table
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from datasets.catalogue.addresses import bucket_name, doi_url, web_url
from datasets.catalogue.models import (
    Collection,
    Crop,
    Dataset,
    DatasetVersion,
    ExternalMesh,
    Model,
    ModelRun,
    ModelVersion,
    Publication,
    Selection,
    ShareToken,
    State,
    StateLink,
    Task,
    View,
    Volume,
)
from datasets.catalogue.queries.datasets import named_version
from datasets.catalogue.queries.visibility import (
    Deed,
    is_operator,
    is_released,
    models_visible_to,
    require,
    visible_to,
)
from datasets.volumes.errors import CisternaError

MOST_EXAMPLES = 10
_LOOKED_AT = 200
"""Of links and selections so many of the newest are looked at for examples that may be named."""


class RetirementRefused(CisternaError):
    """The version cannot be retired so."""

    slug = "retirement-refused"
    status = 409
    title = "The version cannot be retired"


@dataclass(frozen=True)
class Example:
    """Something that breaks, and its address: below this site, or of the web; empty where it has none."""

    name: str
    url: str = ""


@dataclass(frozen=True)
class Broken:
    """How much of one kind breaks, and some of it. The kinds are those of :data:`KINDS`."""

    kind: str
    count: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Withdrawal:
    """What a withdrawal breaks, kind by kind; kinds of which nothing breaks are left out.

    Args:
        subject: the version that is to be retired, or the dataset that is to be closed.
        newest: the version that the dataset's own address leads to now; None where none is published.
        instead: the one that it leads to afterwards, for everyone; None: to none.
    """

    subject: str
    newest: str | None
    instead: str | None
    broken: tuple[Broken, ...]


@dataclass(frozen=True)
class _Going:
    """What goes: the ``versions`` and, where ``is_newest``, what the dataset's own address leads to.

    Args:
        by: who asks; None is the operator's command line.
        leaves_tokens: share tokens that open the dataset go on opening something of it.
    """

    dataset: Dataset
    versions: Sequence[DatasetVersion]
    by: AbstractBaseUser | None
    is_newest: bool
    leaves_tokens: bool

    @property
    def sees_all(self) -> bool:
        return self.by is None or is_operator(self.by)

    def datasets_seen(self) -> QuerySet[Dataset]:
        return Dataset.objects.all() if self.sees_all else visible_to(self.by)

    def names_seen(self, names: set[str]) -> set[str]:
        if self.sees_all:
            return names
        return set(self.datasets_seen().filter(name__in=names).values_list("name", flat=True))


def find_retirement(name: str, label: str | None, user: AbstractBaseUser | AnonymousUser) -> Withdrawal:
    """What breaks when ``name@label`` is retired; without a label, its newest version.

    Raises:
        NotFound, VersionRetired: it is not there for ``user``.
        NotAllowed: they may not retire it.
        RetirementRefused: it is a draft.
    """
    version, by = named_version(name, label, user), cast(AbstractBaseUser, user)
    require(by, Deed.ADMINISTER, version.dataset)
    if version.number is None:
        raise RetirementRefused(
            "It is a draft", where=str(version), fix="Delete it; nothing refers to a draft for good"
        )
    return retirement_of(version, by)


def retirement_of(version: DatasetVersion, by: AbstractBaseUser | None) -> Withdrawal:
    """What breaks when ``version``, which is published, is retired. The caller has asked whether ``by`` may."""
    published = version.dataset.versions.filter(state=State.PUBLISHED).select_related("dataset").order_by("-number")
    newest, instead = published.first(), published.exclude(pk=version.pk).first()
    going = _Going(
        version.dataset,
        [version],
        by,
        is_newest=newest == version,
        leaves_tokens=instead is not None or version.dataset.versions.filter(number=None).exists(),
    )
    return _withdrawal(str(version), newest, instead, going)


def closing_of(dataset: Dataset, by: AbstractBaseUser | None) -> Withdrawal:
    """What breaks for everyone but its members when ``dataset`` is no longer open to all; nothing, where it is not."""
    published = list(
        dataset.versions.filter(state=State.PUBLISHED).select_related("dataset").order_by("-number")
        if is_released(dataset)
        else []
    )
    newest = published[0] if published else None
    going = _Going(dataset, published, by, is_newest=newest is not None, leaves_tokens=True)
    return _withdrawal(dataset.name, newest, None, going)


def _withdrawal(
    subject: str, newest: DatasetVersion | None, instead: DatasetVersion | None, going: _Going
) -> Withdrawal:
    found = (Broken(kind, *find(going)) for kind, find in KINDS.items()) if going.versions else ()
    return Withdrawal(
        subject,
        newest=str(newest) if newest else None,
        instead=str(instead) if instead else None,
        broken=tuple(it for it in found if it.count),
    )


type _Found = tuple[int, tuple[Example, ...]]


def _some[Row: Table](
    rows: QuerySet[Row], say: Callable[[Row], Example], *, named: QuerySet[Row] | None = None
) -> _Found:
    """How many there are, and the first of those that may be ``named``."""
    shown = (rows if named is None else named)[:MOST_EXAMPLES]
    return rows.count(), tuple(say(row) for row in shown)


def _short_links(going: _Going) -> _Found:
    """They name versions as ``["name@1"]``."""
    marks = [f'"{it}"' for it in going.versions]
    rows = _holding(StateLink.objects.all(), "sources", marks)
    return rows.count(), tuple(
        Example(f"/v/{row.pk}/", f"/v/{row.pk}/") for row in _named(rows.only("sources"), lambda it: it.sources, going)
    )


def _selections(going: _Going) -> _Found:
    """They name layers as ``["name@1/path", "name@1/path"]``. A quote within a path has a backslash before it, so that
    no path is taken for the beginning of a layer."""
    marks = [f'{before}"{it}/' for it in going.versions for before in ("[", ", ")]
    rows = _holding(Selection.objects.all(), "layers", marks)
    return rows.count(), tuple(
        Example(f"/selections/{row.pk}/", f"/selections/{row.pk}/")
        for row in _named(rows.only("layers"), lambda it: it.layers, going)
    )


def _holding[Row: Table](rows: QuerySet[Row], column: str, marks: Iterable[str]) -> QuerySet[Row]:
    """The rows whose list in ``column``, written as JSON, holds one of ``marks``; the newest first."""
    condition = Q()
    for mark in marks:
        condition |= Q(written__contains=mark)
    found: Any = rows.annotate(written=Cast(column, TextField())).filter(condition).order_by("-created_at", "pk")
    return cast("QuerySet[Row]", found)


def _named[Row: Table](rows: QuerySet[Row], names: Callable[[Row], list[str]], going: _Going) -> list[Row]:
    """The first of the rows all of whose datasets whoever asks may know of."""
    looked_at = [(row, {name.partition("@")[0] for name in names(row)}) for row in rows[:_LOOKED_AT]]
    seen = going.names_seen(set().union(*(each for _, each in looked_at)))
    return [row for row, each in looked_at if each <= seen][:MOST_EXAMPLES]


def _views(going: _Going) -> _Found:
    rows = View.objects.filter(version__in=going.versions).select_related("version__dataset")
    return _some(
        rows.order_by("-version__number", "rank", "name"),
        lambda it: Example(it.title, f"/datasets/{it.version}/view/?view={it.name}"),
    )


def _publications(going: _Going) -> _Found:
    rows = Publication.objects.filter(version__in=going.versions).order_by("-version__number", "rank", "title")
    one_each = {row.key: row for row in reversed(rows)}
    shown = list(reversed(one_each.values()))[:MOST_EXAMPLES]
    return len(one_each), tuple(Example(it.title, doi_url(it.doi) or web_url(it.url)) for it in shown)


def _collections(going: _Going) -> _Found:
    """They list the dataset's newest version."""
    rows = Collection.objects.filter(members__dataset=going.dataset) if going.is_newest else Collection.objects.none()
    return _some(rows.order_by("name"), lambda it: Example(it.title, f"/collections/{it.name}/"))


def _tasks(going: _Going) -> _Found:
    rows = Task.objects.filter(pk__in=Task.objects.filter(crops__version__in=going.versions).values("pk"))
    return _some(rows.order_by("name"), lambda it: Example(it.title, f"/tasks/{it.name}/"))


def _trained(going: _Going) -> _Found:
    trained = ModelVersion.objects.filter(training_crops__version__in=going.versions).values("pk")
    rows = ModelVersion.objects.filter(pk__in=trained).select_related("model").order_by("model__name", "-rank", "label")
    return _some(
        rows,
        lambda it: Example(str(it), f"/models/{it.model.name}/"),
        named=rows.filter(model__in=_models_seen(going)),
    )


def _runs(going: _Going) -> _Found:
    made = ModelRun.objects.filter(segmentations__volume__version__in=going.versions).values("pk")
    rows = ModelRun.objects.filter(pk__in=made).select_related("model_version__model").order_by("pk")
    return _some(
        rows,
        lambda it: Example(str(it), f"/models/{it.model_version.model.name}/"),
        named=rows.filter(model_version__model__in=_models_seen(going)),
    )


def _models_seen(going: _Going) -> QuerySet[Model]:
    return Model.objects.all() if going.sees_all else models_visible_to(going.by)


def _predecessors(going: _Going) -> _Found:
    """Versions that were retired in favour of one of these."""
    rows = DatasetVersion.objects.filter(successor__in=going.versions).select_related("dataset")
    rows = rows.order_by("dataset__name", "number")
    return _some(
        rows,
        lambda it: Example(str(it), f"/datasets/{it}/"),
        named=rows.filter(dataset__in=going.datasets_seen()),
    )


def _readers(going: _Going) -> _Found:
    """Layers, meshes and ground truth of other datasets that are read from here, as a client elsewhere would."""
    parts = [part for it in going.versions for part in (f"/data/{it}/", f"/s3/{bucket_name(it)}/")]

    def reading(*columns: str) -> Q:
        condition = Q()
        for column in columns:
            for part in parts:
                condition |= Q(**{f"{column}__contains": part})
        return condition

    found: list[tuple[DatasetVersion, str]] = []
    volumes = Volume.objects.filter(reading("external_url")).select_related("version__dataset")
    found += [(it.version, it.path) for it in volumes]
    meshes = ExternalMesh.objects.filter(reading("url")).select_related("volume__version__dataset")
    found += [(it.volume.version, f"{it.volume.path}, mesh {it.name}") for it in meshes]
    crops = Crop.objects.filter(reading("labels_url", "image_url")).select_related("version__dataset")
    found += [(it.version, f"crop {it.name}") for it in crops]
    found = [(version, what) for version, what in found if version not in going.versions]
    return len(found), tuple(_of_frozen(found, going))[:MOST_EXAMPLES]


def _of_frozen(found: Sequence[tuple[DatasetVersion, str]], going: _Going) -> Iterator[Example]:
    """Those of versions that whoever asks may know of; of drafts the operator alone is told."""
    seen = going.names_seen({version.dataset.name for version, _ in found})
    for version, what in found:
        if going.sees_all or (version.number is not None and version.dataset.name in seen):
            yield Example(f"{version}: {what}", f"/datasets/{version}/")


def _share_tokens(going: _Going) -> _Found:
    active = ShareToken.objects.filter(dataset=going.dataset, revoked_at=None, expires_at__gt=timezone.now())
    rows = active.none() if going.leaves_tokens else active.order_by("expires_at")
    return _some(rows, lambda it: Example(it.label or "without a label"))


KINDS: dict[str, Callable[[_Going], _Found]] = {
    "short_links": _short_links,
    "selections": _selections,
    "views": _views,
    "publications": _publications,
    "collections": _collections,
    "tasks": _tasks,
    "trained_models": _trained,
    "runs": _runs,
    "predecessors": _predecessors,
    "readers": _readers,
    "share_tokens": _share_tokens,
}
"""What may refer to a version or a dataset, and how it is found."""
