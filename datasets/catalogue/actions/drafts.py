"""Beginning, changing, publishing and deleting a dataset's draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.actions.people import recorded_person
from datasets.catalogue.actions.revision import bump_revision
from datasets.catalogue.actions.versions import freeze, revise
from datasets.catalogue.drafts import PLAIN, Finding, fields_for, find_faults, said_by, tag_of
from datasets.catalogue.models import (
    Acquisition,
    Contribution,
    Dataset,
    DatasetVersion,
    Publication,
    Specimen,
    SpecimenTerm,
    View,
)
from datasets.catalogue.queries.datasets import NotFound, load_content, named_dataset, named_version
from datasets.catalogue.queries.names import find_dataset
from datasets.catalogue.queries.visibility import Deed, require
from datasets.catalogue.records import Record, write_record
from datasets.volumes.errors import CisternaError

type Writer = AbstractBaseUser | AnonymousUser
ANY_TAG = "*"


class DraftInvalid(CisternaError):
    """A draft cannot be told this."""

    slug = "draft-invalid"
    status = 422
    title = "The draft cannot say this"

    def __init__(self, what: str, *, where: str = "", fix: str = "", findings: Sequence[Finding] = ()) -> None:
        super().__init__(what, where=where, fix=fix)
        self.findings = findings

    def problem(self) -> dict[str, Any]:
        findings = [{name: value for name, value in asdict(each).items() if value != ()} for each in self.findings]
        return super().problem() | {"findings": findings}


class DraftChanged(CisternaError):
    """The draft was changed by somebody else since the caller read it."""

    slug = "draft-changed"
    status = 409
    title = "The draft was changed meanwhile"

    def __init__(self, what: str, *, yours: dict[str, Any], current: dict[str, Any], where: str, fix: str) -> None:
        super().__init__(what, where=where, fix=fix)
        self.yours, self.current = yours, current

    def problem(self) -> dict[str, Any]:
        return super().problem() | {"yours": self.yours, "current": self.current}


class ConditionMissing(CisternaError):
    """A change does not say which state of the draft it is meant for."""

    slug = "condition-missing"
    status = 428
    title = "If-Match is needed"


class VersionFrozen(CisternaError):
    """A published version does not change."""

    slug = "version-frozen"
    status = 409
    title = "A published version does not change"


def editable_dataset(*, name: str, label: str | None, by: Writer) -> Dataset:
    """The dataset that ``by`` is to revise.

    Raises:
        NotFound, VersionRetired: it is not there for ``by``.
        NotAllowed: they may not change it.
    """
    version = named_version(name, label, by)
    require(_account(by), Deed.EDIT, version.dataset)
    return version.dataset


@transaction.atomic
def begin_draft(*, dataset: Dataset, by: Writer) -> tuple[DatasetVersion, str]:
    """Revise the newest version of a dataset that ``by`` may edit: its draft, with all that it says, and its tag.

    Raises:
        DraftExists, NothingToRevise
    """
    revise(dataset=dataset, by=_account(by))
    return _read(dataset.name, by)


def change_draft(
    *, name: str, label: str | None, change: Any, tags: Sequence[str], by: Writer
) -> tuple[DatasetVersion, str]:
    """Say something else in a draft: all of ``change``, or nothing. Returns the draft with all that it says, and its
    tag.

    Args:
        change: as :class:`~datasets.catalogue.drafts.DraftFields` describes it.
        tags: those that the caller read the draft under; :data:`ANY_TAG`: whatever it says now.

    Raises:
        NotFound, VersionRetired, NotAllowed, VersionFrozen.
        ConditionMissing: there are no tags.
        DraftInvalid: with every wrong field.
        DraftChanged: with what it says now.
    """
    return _change(_find(name, label, tags, by), change, tags, by)


@transaction.atomic
def _change(version: DatasetVersion, change: Any, tags: Sequence[str], by: Writer) -> tuple[DatasetVersion, str]:
    draft = _lock(version)
    fields = fields_for(draft, change)
    if findings := find_faults(fields):
        what = "; ".join(f"{each.where}: {each.message}" if each.where else each.message for each in findings[:5])
        raise DraftInvalid(what, where=str(draft), fix="Correct these fields; nothing was changed", findings=findings)
    before = said_by(draft)
    _require_tag(draft, tags, change, {name: before[name] for name in change})
    _write(draft, fields.validated_data)
    draft, tag = _read(draft.dataset.name, by)
    after = said_by(draft)
    changed = [name for name in before if before[name] != after[name]]
    if changed:
        record_event(
            by=_account(by),
            action="draft.change",
            subject=str(draft),
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
    return draft, tag


def require_owner(*, name: str, by: Writer) -> None:
    """For whoever is to publish a draft of the dataset, whether there is one or not.

    Raises:
        NotFound: it is not there for ``by``.
        NotAllowed: they may not publish it.
    """
    require(_account(by), Deed.ADMINISTER, named_dataset(name, by))


def freeze_draft(*, name: str, label: str | None, tags: Sequence[str], by: Writer) -> DatasetVersion:
    """Make a draft its dataset's next version. Returns that, with all that it says.

    Raises:
        NotFound, VersionRetired, NotAllowed, VersionFrozen, ConditionMissing, DraftChanged.
        DraftInvalid: it lacks what each version says.
    """
    return _freeze(_find(name, label, tags, by, Deed.ADMINISTER), tags, by)


def freeze_as_it_is(*, name: str, by: AbstractBaseUser | None) -> DatasetVersion:
    """The same for a draft in whatever state it is; ``None`` is the operator's command line.

    Raises:
        NameUnknown, NotAllowed, NotFound, DraftInvalid.
    """
    dataset = find_dataset(name, by)
    require(by, Deed.ADMINISTER, dataset)
    draft = dataset.versions.filter(number=None).select_related("dataset").first()
    if draft is None:
        raise NotFound(f"{name} has no draft", where=f"{name}@draft", fix=f"Begin one: manage.py revise {name}")
    return _freeze(draft, [ANY_TAG], by)


def revise_newest(*, name: str, by: AbstractBaseUser | None) -> DatasetVersion:
    """Begin a dataset's next version; ``None`` is the operator's command line.

    Raises:
        NameUnknown, NotAllowed, DraftExists, NothingToRevise.
    """
    dataset = find_dataset(name, by)
    require(by, Deed.EDIT, dataset)
    return revise(dataset=dataset, by=by)


@transaction.atomic
def _freeze(version: DatasetVersion, tags: Sequence[str], by: Writer | None) -> DatasetVersion:
    draft = _lock(version)
    said = said_by(draft)
    record = _require_tag(draft, tags, {}, said)
    lacking = [name for name in ("specimen", "acquisition") if not hasattr(draft, name)]
    if lacking:
        findings = [Finding(f"/{name}", "It is not said yet.") for name in lacking]
        raise DraftInvalid(f"It lacks {' and '.join(lacking)}", where=str(draft), fix="Say it first", findings=findings)
    frozen = freeze(draft=draft, by=_account(by) if by is not None else None, record=record)
    version = DatasetVersion.objects.select_related("dataset").get(pk=frozen.pk)
    load_content(version)
    return version


def delete_draft(*, name: str, label: str | None, tags: Sequence[str], by: Writer) -> None:
    """Throw a draft away. The objects its mounts lead to stay where they are.

    Raises:
        NotFound, VersionRetired, NotAllowed, VersionFrozen, ConditionMissing, DraftChanged.
    """
    _delete(_find(name, label, tags, by), tags, by)


@transaction.atomic
def _delete(version: DatasetVersion, tags: Sequence[str], by: Writer) -> None:
    draft = _lock(version)
    said = said_by(draft)
    _require_tag(draft, tags, {}, said)
    record_event(by=_account(by), action="draft.delete", subject=str(draft), before=said)
    draft.delete()
    bump_revision()


def _find(name: str, label: str | None, tags: Sequence[str], by: Writer, deed: Deed = Deed.EDIT) -> DatasetVersion:
    """The draft, if ``by`` may do ``deed``: asked before a transaction keeps others waiting."""
    version = named_version(name, label, by)
    require(_account(by), deed, version.dataset)
    if version.number is not None:
        raise VersionFrozen(
            f"{version} is published", where=str(version), fix=f"Revise it: POST /api/v1/datasets/{name}/versions/"
        )
    if not tags:
        raise ConditionMissing(
            "It does not say which state of the draft it is meant for",
            where=str(version),
            fix='Read the draft, and send its ETag: If-Match: "…"',
        )
    return version


def _lock(version: DatasetVersion) -> DatasetVersion:
    """The draft read anew; nobody else changes or freezes it until the transaction ends."""
    name = version.dataset.name
    Dataset.objects.select_for_update().get(pk=version.dataset_id)  # as revising and freezing do
    draft = (
        DatasetVersion.objects.filter(pk=version.pk, number=None)
        .select_related("dataset", "specimen", "acquisition")
        .prefetch_related("volumes")
        .first()
    )
    if draft is None:
        raise NotFound(f"{name} has no draft any more", where=f"{name}@draft", fix=f"See /datasets/{name}/")
    return draft


def _require_tag(draft: DatasetVersion, tags: Sequence[str], change: Any, current: dict[str, Any]) -> Record:
    """The record of ``draft``, if that is what the caller read."""
    record = write_record(draft)
    now = tag_of(record)
    if ANY_TAG in tags or now in tags:
        return record
    raise DraftChanged(
        "It does not say any more what it said when you read it",
        yours={"etag": ", ".join(tags), "said": change},
        current={"etag": now, "said": current},
        where=str(draft),
        fix="Compare the two, and send what is wanted with the present ETag",
    )


def _read(name: str, by: Writer) -> tuple[DatasetVersion, str]:
    draft = named_version(name, "draft", by)
    load_content(draft)
    return draft, tag_of(write_record(draft))


def _write(draft: DatasetVersion, said: dict[str, Any]) -> None:
    plain = [name for name in PLAIN if name in said]
    for name in plain:
        setattr(draft, name, said[name])
    if plain:
        draft.save(update_fields=plain)
    if "specimen" in said:
        _write_specimen(draft, said["specimen"])
    if "acquisition" in said:
        _write_acquisition(draft, said["acquisition"])
    if "contributions" in said:
        draft.contributions.all().delete()
        for rank, row in enumerate(said["contributions"]):
            person = recorded_person(row.pop("name"), row.pop("orcid"))
            Contribution.objects.create(version=draft, person=person, rank=rank, **row)
    if "publications" in said:
        draft.publications.all().delete()
        rows = enumerate(said["publications"])
        Publication.objects.bulk_create(Publication(version=draft, rank=rank, **row) for rank, row in rows)
    if "views" in said:
        kept = dict(draft.views.values_list("name", "kept"))
        draft.views.all().delete()
        View.objects.bulk_create(
            View(version=draft, rank=rank, kept=kept.get(row["name"], {}), **row)
            for rank, row in enumerate(said["views"])
        )


def _write_specimen(draft: DatasetVersion, said: dict[str, Any]) -> None:
    terms = said.pop("terms", None)
    specimen, _ = Specimen.objects.update_or_create(version=draft, defaults=said)
    if terms is not None:
        specimen.terms.all().delete()
        SpecimenTerm.objects.bulk_create(
            SpecimenTerm(specimen=specimen, rank=rank, **row) for rank, row in enumerate(terms)
        )


def _write_acquisition(draft: DatasetVersion, said: dict[str, Any]) -> None:
    for length in ("voxel", "extent"):
        if (name := f"{length}_nm") in said:
            sides = said.pop(name) or (None, None, None)
            said.update({f"{length}_{axis}_nm": side for axis, side in zip("xyz", sides, strict=True)})
    Acquisition.objects.update_or_create(version=draft, defaults=said)


def _account(by: Writer) -> AbstractBaseUser:
    """``by``, of whom :func:`require` has found, or will find, that they have an account."""
    return cast(AbstractBaseUser, by)
