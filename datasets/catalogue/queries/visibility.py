"""Who may see what, and who may do what: the one place that decides. Pages, API and data plane all follow from it."""

from __future__ import annotations

import enum

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from datasets.catalogue.models import Dataset, DatasetVersion, Membership, Model, Organization, Role, Visibility
from datasets.volumes.errors import CisternaError

type Viewer = AbstractBaseUser | AnonymousUser | None

SHARED = "shared_datasets"
"""The attribute of a request's user that holds the ids of the datasets opened by a reviewer's cookies."""


class NotAllowed(CisternaError):
    """One may see it, but not do it."""

    slug = "not-allowed"
    status = 403
    title = "Not allowed"


class Deed(enum.Enum):
    """What takes more than being allowed to see."""

    EDIT = "edit"
    REVIEW = "review"
    ADMINISTER = "administer"
    """Publish, withdraw, change who may see, give and take memberships and share tokens."""


_ROLES = {
    Deed.EDIT: (Role.OWNER, Role.CURATOR),
    Deed.REVIEW: (Role.OWNER, Role.REVIEWER),
    Deed.ADMINISTER: (Role.OWNER,),
}


def is_operator(user: Viewer) -> bool:
    """Whether everything is open to ``user``."""
    return user is not None and user.is_active and bool(getattr(user, "is_superuser", False))


def is_stranger(user: Viewer) -> bool:
    """Whether ``user`` sees what everyone may see, and nothing else: neither signed in, nor let in by a share token."""
    return (user is None or user.pk is None) and not getattr(user, SHARED, ())


def opened_to(user: Viewer) -> QuerySet[Dataset]:
    """The datasets of which ``user`` may see what is not public, too: drafts, and versions private or under embargo.

    Those are the ones ``user`` is a member of, in whatever role, directly or through their organization; for the
    operator all. An inactive account is a stranger. Whoever holds a share token sees its dataset, too.
    """
    return Dataset.objects.all() if is_operator(user) else Dataset.objects.filter(_is_opened_to(user))


def worked_on_by(user: Viewer) -> QuerySet[Dataset]:
    """The datasets whose workings ``user`` may see: those of :func:`opened_to` without what a share token opens."""
    if is_operator(user):
        return Dataset.objects.all()
    if user is None or not user.is_active or user.pk is None:
        return Dataset.objects.none()
    return Dataset.objects.filter(_is_place_of(Membership.objects.filter(user_id=user.pk)))


def visible_to(user: Viewer) -> QuerySet[Dataset]:
    """The datasets ``user`` may know of: those with a frozen version that are public or whose embargo has ended, and
    those :func:`opened_to` them."""
    if is_operator(user):
        return Dataset.objects.all()
    frozen = DatasetVersion.objects.filter(dataset=OuterRef("pk"), number__isnull=False)
    return Dataset.objects.filter(_is_released() & Exists(frozen) | _is_opened_to(user))


def seen_by(user: Viewer, dataset: str) -> Q:
    """Whether the ``dataset`` that a frozen version belongs to, by the path from there, is one of :func:`visible_to`:
    a condition of a plain join, which no database gets wrong that does not know its tables' sizes yet."""
    return Q() if is_operator(user) else _is_released(f"{dataset}__") | _is_opened_to(user, f"{dataset}__")


def count_released() -> int:
    """How many datasets are open to everyone, or will be with their first frozen version."""
    return Dataset.objects.filter(_is_released()).count()


def opened_alone_to(user: Viewer) -> QuerySet[Dataset]:
    """Those of :func:`opened_to` that are not open to everyone."""
    return opened_to(user).filter(~_is_released())


def models_visible_to(user: Viewer) -> QuerySet[Model]:
    """The models ``user`` may know of: those that are public, and those of their organizations."""
    if is_operator(user):
        return Model.objects.all()
    if user is None or not user.is_active or user.pk is None:
        return Model.objects.filter(public=True)
    organizations = Membership.objects.filter(user_id=user.pk, organization__isnull=False).values("organization")
    return Model.objects.filter(Q(public=True) | Q(organization__in=organizations))


def is_released(dataset: Dataset) -> bool:
    """Whether ``dataset`` is open to everyone, once it has a frozen version: the same rule for one row at hand."""
    if dataset.visibility == Visibility.EMBARGOED:
        return dataset.embargo_until is not None and dataset.embargo_until <= timezone.now()
    return dataset.visibility == Visibility.PUBLIC


def is_open(version: DatasetVersion) -> bool:
    """Whether everyone may see ``version``: a frozen one of a released dataset."""
    return version.number is not None and is_released(version.dataset)


def may_see_drafts(user: Viewer, dataset: Dataset) -> bool:
    """Whether ``user`` may open the draft of ``dataset``."""
    return opened_to(user).filter(pk=dataset.pk).exists()


def may(user: Viewer, deed: Deed, dataset: Dataset) -> bool:
    """Whether ``user`` may do ``deed`` to ``dataset``."""
    if is_operator(user):
        return True
    if user is None or not user.is_active or user.pk is None:
        return False
    memberships = Membership.objects.filter(user_id=user.pk, role__in=_ROLES[deed])
    return Dataset.objects.filter(_is_place_of(memberships), pk=dataset.pk).exists()


def require(by: AbstractBaseUser | None, deed: Deed, dataset: Dataset) -> None:
    """For actions on a dataset that ``by`` may see; ``None`` is the operator's command line.

    Raises:
        NotAllowed: ``by`` may not do ``deed``.
    """
    if by is not None and not may(by, deed, dataset):
        roles = " or ".join(_ROLES[deed])
        raise NotAllowed(f"This takes the role {roles}", where=dataset.name, fix="Ask an owner of the dataset")


def require_organization(by: AbstractBaseUser | None, organization: Organization) -> None:
    """For actions on an organization: its owners' and the operator's.

    Raises:
        NotAllowed
    """
    if by is None or is_operator(by):
        return
    if not by.is_active or not organization.memberships.filter(user_id=by.pk, role=Role.OWNER).exists():
        raise NotAllowed("This takes the role owner", where=organization.name, fix="Ask an owner of the organization")


def _is_released(dataset: str = "") -> Q:
    visibility = f"{dataset}visibility"
    ended = Q(**{visibility: Visibility.EMBARGOED, f"{dataset}embargo_until__lte": timezone.now()})
    return Q(**{visibility: Visibility.PUBLIC}) | ended


def _is_opened_to(user: Viewer, dataset: str = "") -> Q:
    shared = Q(**{f"{dataset}pk__in": getattr(user, SHARED, ())})
    if user is None or not user.is_active or user.pk is None:
        return shared
    return shared | _is_place_of(Membership.objects.filter(user_id=user.pk), dataset)


def _is_place_of(memberships: QuerySet[Membership], dataset: str = "") -> Q:
    """Whether a dataset, or its organization, is that of one of ``memberships``."""
    datasets = memberships.filter(dataset__isnull=False).values("dataset")
    organizations = memberships.filter(organization__isnull=False).values("organization")
    return Q(**{f"{dataset}pk__in": datasets}) | Q(**{f"{dataset}organization__in": organizations})
