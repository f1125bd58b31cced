"""What a person named on a command line or in a form. Where there is no such thing, the error says what there is."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser

from datasets.catalogue.models import Dataset, DatasetVersion, Organization, State
from datasets.catalogue.models.dataset import DATASET_NAME
from datasets.catalogue.queries.visibility import is_operator, visible_to
from datasets.volumes.errors import CisternaError

NAMES_SHOWN = 20


class NameUnknown(CisternaError):
    """Something is named that does not exist."""

    slug = "name-unknown"
    status = 404
    title = "There is nothing of this name"

    def __init__(self, kind: str, name: str, existing: Iterable[str]) -> None:
        names = list(existing)
        shown = ", ".join(names[:NAMES_SHOWN]) + (", …" if len(names) > NAMES_SHOWN else "")
        super().__init__(
            f"No {kind} is called {name!r}", fix=f"There is: {shown}" if names else f"There is no {kind} yet"
        )


def find_account(username: str, by: AbstractBaseUser | None) -> AbstractBaseUser:
    """The account ``username``; only the operator (``None`` is the command line) is told which accounts there are.

    Raises:
        NameUnknown
    """
    accounts = get_user_model()._default_manager.all()
    user = accounts.filter(**{accounts.model.USERNAME_FIELD: username}).first()
    if user is None:
        told = accounts[: NAMES_SHOWN + 1] if by is None or is_operator(by) else ()
        raise NameUnknown("account", username, [account.get_username() for account in told])
    return user


def find_dataset(name: str, by: AbstractBaseUser | None) -> Dataset:
    """The dataset ``name`` as ``by`` may know of it; ``None`` is the operator's command line.

    Raises:
        NameUnknown
    """
    datasets = Dataset.objects.all() if by is None else visible_to(by)
    dataset = datasets.filter(name=name).first() if re.fullmatch(DATASET_NAME, name) else None
    if dataset is None:
        raise NameUnknown("dataset", name, datasets.values_list("name", flat=True)[: NAMES_SHOWN + 1])
    return dataset


def find_published(reference: str, by: AbstractBaseUser | None) -> DatasetVersion:
    """The published version that ``name@2`` names; of ``name`` the newest.

    Raises:
        NameUnknown: there is none, or ``by`` may not know of its dataset.
    """
    name, at, number = reference.partition("@")
    published = find_dataset(name, by).versions.filter(state=State.PUBLISHED).select_related("dataset")
    published = published.order_by("-number")
    named = published.filter(number=int(number) if number.isascii() and number.isdigit() else None) if at else published
    version = named.first()
    if version is None:
        raise NameUnknown("published version", reference, [str(it) for it in published])
    return version


def find_any_version(reference: str) -> DatasetVersion:
    """For the operator's command line: the version that ``name@2`` or ``name@draft`` names, whatever has become of it;
    of ``name`` the newest published one.

    Raises:
        NameUnknown
    """
    name, at, label = reference.partition("@")
    if not at:
        return find_published(name, None)
    versions = find_dataset(name, None).versions.select_related("dataset")
    number = int(label) if label.isascii() and label.isdigit() else None
    version = versions.filter(number=number).first() if number is not None or label == "draft" else None
    if version is None:
        raise NameUnknown("version", reference, [str(it) for it in versions])
    return version


def find_organization(name: str) -> Organization:
    """The organization ``name``.

    Raises:
        NameUnknown
    """
    organization = Organization.objects.filter(name=name).first()
    if organization is None:
        existing = Organization.objects.values_list("name", flat=True)[: NAMES_SHOWN + 1]
        raise NameUnknown("organization", name, existing)
    return organization
