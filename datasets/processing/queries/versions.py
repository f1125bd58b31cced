"""The version that a job is asked for."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser

from datasets.catalogue.models import DatasetVersion, State
from datasets.catalogue.queries.names import NameUnknown, find_dataset, find_published
from datasets.catalogue.queries.visibility import may_see_drafts
from datasets.processing.recipe import For, NotForThis

DRAFT = "draft"


def find_subject(reference: str, of: For, by: AbstractBaseUser | None) -> DatasetVersion:
    """The version that ``reference`` names; without a number, the one that the recipe is for.

    Raises:
        NameUnknown: there is none, or ``by`` may not know of it.
        NotForThis: the recipe is for drafts, or for published versions, and this is none.
    """
    name, at, label = reference.partition("@")
    if label == DRAFT or (of is For.DRAFTS and not at):
        version = _find_draft(name, reference, by)
    else:
        version = find_published(reference, by)
    require_fit(version, of)
    return version


def _find_draft(name: str, reference: str, by: AbstractBaseUser | None) -> DatasetVersion:
    dataset = find_dataset(name, by)
    drafts = dataset.versions.filter(number=None).select_related("dataset")
    draft = drafts.first() if by is None or may_see_drafts(by, dataset) else None
    if draft is None:
        raise NameUnknown("draft", reference, [])
    return draft


def require_fit(version: DatasetVersion, of: For) -> None:
    """That ``version`` is what a recipe is for.

    Raises:
        NotForThis
    """
    if of is For.DRAFTS and version.number is not None:
        raise NotForThis(
            "A published version never changes",
            where=str(version),
            fix=f"Revise the dataset and run it on {version.dataset.name}@draft",
        )
    if of is For.PUBLISHED and version.state != State.PUBLISHED:
        raise NotForThis("This is for published versions", where=str(version), fix="Publish it first")
