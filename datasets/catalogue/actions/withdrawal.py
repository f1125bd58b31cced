"""Opening and withdrawing: who may see a dataset, and the end of a version."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.actions.published_tree import withdrawn_from_published_tree
from datasets.catalogue.actions.refusal import wait_until_refused_everywhere
from datasets.catalogue.actions.revision import bump_revision
from datasets.catalogue.models import Dataset, DatasetVersion, State, Visibility
from datasets.catalogue.queries.names import NameUnknown, find_dataset
from datasets.catalogue.queries.visibility import Deed, require
from datasets.catalogue.queries.withdrawals import RetirementRefused, Withdrawal, closing_of, retirement_of
from datasets.catalogue.search.indexing import index_dataset
from datasets.volumes.errors import CisternaError


class VisibilityInvalid(CisternaError):
    """A visibility that cannot be."""

    slug = "visibility-invalid"
    status = 400
    title = "This visibility cannot be set"


def change_visibility(
    *, name: str, visibility: str, until: dt.datetime | None = None, by: AbstractBaseUser | None
) -> Dataset:
    """Say who may see a dataset. Returns when every server process and front server answers accordingly.

    Args:
        until: the end of an embargo; without one it lasts until the visibility is changed.

    Raises:
        VisibilityInvalid, NameUnknown, NotAllowed.
        StorageUnavailable: the published tree cannot be changed; then nothing was.
    """
    dataset = _closable(name, visibility, until, by)
    return set_visibility(dataset=dataset, visibility=visibility, until=until, by=by)


def foresee_visibility(
    *, name: str, visibility: str, until: dt.datetime | None = None, by: AbstractBaseUser | None
) -> Withdrawal | None:
    """What :func:`change_visibility` would break; None where the dataset is open to everyone then. Changes nothing.

    Raises:
        VisibilityInvalid, NameUnknown, NotAllowed.
    """
    dataset = _closable(name, visibility, until, by)
    return None if visibility == Visibility.PUBLIC else closing_of(dataset, by)


def _closable(name: str, visibility: str, until: dt.datetime | None, by: AbstractBaseUser | None) -> Dataset:
    """The dataset whose visibility ``by`` may change so."""
    if visibility not in Visibility.values:
        raise NameUnknown("visibility", visibility, Visibility.values)
    if until is not None and visibility != Visibility.EMBARGOED:
        raise VisibilityInvalid("Only an embargo has an end", where=name, fix="Leave the date out, or say embargoed")
    if until is not None and until <= timezone.now():
        raise VisibilityInvalid(f"{until:%Y-%m-%d} is past", where=name, fix="Give a date to come, or say public")
    dataset = find_dataset(name, by)
    require(by, Deed.ADMINISTER, dataset)
    return dataset


def set_visibility(
    *, dataset: Dataset, visibility: str, until: dt.datetime | None, by: AbstractBaseUser | None
) -> Dataset:
    """The change itself, for callers that have judged what is asked for and whether ``by`` may."""
    # Taken out of the tree whatever it was before: a change is rare, and what is still open is put back at once.
    with withdrawn_from_published_tree(dataset), transaction.atomic():
        dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
        before = _access(dataset)
        dataset.visibility, dataset.embargo_until = visibility, until
        dataset.save(update_fields=["visibility", "embargo_until"])
        bump_revision()
        record_event(by=by, action="dataset.visibility", subject=dataset.name, before=before, after=_access(dataset))
    wait_until_refused_everywhere()
    return dataset


def retire_version(
    *, name: str, number: int, reason: str, successor: str = "", by: AbstractBaseUser | None
) -> DatasetVersion:
    """Withdraw a published version. Returns when every server process and front server refuses it.

    Args:
        successor: ``name@2``, what to use in its place.

    Raises:
        RetirementRefused, NameUnknown, NotAllowed.
        StorageUnavailable: the published tree cannot be changed; then nothing was.
    """
    dataset, new = _asked(name, number, reason, successor, by)
    breaks = retirement_of(_retirable(DatasetVersion.objects.all(), dataset, number, new), by)
    with withdrawn_from_published_tree(dataset), transaction.atomic():
        version = _retirable(DatasetVersion.objects.select_for_update(), dataset, number, new)
        version.state, version.retired_reason, version.successor = State.RETIRED, reason.strip(), new
        version.save(update_fields=["state", "retired_reason", "successor"])
        index_dataset(dataset)
        bump_revision()
        record_event(
            by=by,
            action="version.retire",
            subject=str(version),
            before={"referred_to_by": {it.kind: it.count for it in breaks.broken}},
            after={"reason": reason, "successor": successor},
        )
    wait_until_refused_everywhere()
    return version


def foresee_retirement(
    *, name: str, number: int, reason: str, successor: str = "", by: AbstractBaseUser | None
) -> Withdrawal:
    """What :func:`retire_version` would break. Changes nothing.

    Raises:
        RetirementRefused, NameUnknown, NotAllowed.
    """
    dataset, new = _asked(name, number, reason, successor, by)
    return retirement_of(_retirable(DatasetVersion.objects.all(), dataset, number, new), by)


def _asked(
    name: str, number: int, reason: str, successor: str, by: AbstractBaseUser | None
) -> tuple[Dataset, DatasetVersion | None]:
    """The dataset of which ``by`` may retire a version, and the successor."""
    if not reason.strip():
        raise RetirementRefused("A reason is missing", where=f"{name}@{number}", fix="Say in a sentence why")
    dataset = find_dataset(name, by)
    require(by, Deed.ADMINISTER, dataset)
    return dataset, _find_successor(successor, by) if successor else None


def _retirable(
    versions: QuerySet[DatasetVersion], dataset: Dataset, number: int, new: DatasetVersion | None
) -> DatasetVersion:
    """The version ``number`` of ``dataset``, of ``versions``, which may be retired in favour of ``new``."""
    version = versions.filter(dataset=dataset, number=number).first()
    match version:
        case None:
            numbers = dataset.versions.exclude(number=None).values_list("number", flat=True)
            raise NameUnknown("version", f"{dataset}@{number}", [f"{dataset}@{each}" for each in numbers])
        case DatasetVersion(state=State.RETIRED):
            raise RetirementRefused("It is retired already", where=str(version), fix="Nothing needs to be done")
        case _ if new == version:
            raise RetirementRefused("It cannot succeed itself", where=str(version), fix="Name another version")
    return version


def _find_successor(reference: str, by: AbstractBaseUser | None) -> DatasetVersion:
    name, _, number = reference.partition("@")
    dataset = find_dataset(name, by)
    published = dataset.versions.filter(state=State.PUBLISHED)
    version = published.filter(number=int(number)).first() if number.isascii() and number.isdigit() else None
    if version is None:
        raise NameUnknown("published version", reference, [str(each) for each in published])
    return version


def _access(dataset: Dataset) -> dict[str, str | None]:
    until = dataset.embargo_until
    return {"visibility": str(dataset.visibility), "until": until.isoformat() if until else None}
