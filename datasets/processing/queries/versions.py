"""The version that a job is asked for."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser

from datasets.catalogue.models import DatasetVersion, State
from datasets.catalogue.queries.names import NameUnknown, find_dataset
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
    dataset = find_dataset(name, by)
    versions = dataset.versions.select_related("dataset").exclude(state=State.RETIRED)
    if by is not None and not may_see_drafts(by, dataset):
        versions = versions.exclude(number=None)
    if not at:
        label = DRAFT if of is For.DRAFTS else ""
    if label == DRAFT:
        version = versions.filter(number=None).first()
    elif label:
        version = versions.filter(number=int(label)).first() if label.isascii() and label.isdigit() else None
    else:
        version = versions.exclude(number=None).order_by("-number").first()
    if version is None:
        raise NameUnknown("version", reference, [str(it) for it in versions.order_by("number")])
    require_fit(version, of)
    return version


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
