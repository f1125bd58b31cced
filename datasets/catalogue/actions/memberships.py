"""Giving and taking memberships."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from datasets.catalogue.actions.audit import record_event
from datasets.catalogue.actions.refusal import wait_until_refused_everywhere
from datasets.catalogue.models import Dataset, Membership, Organization, Role
from datasets.catalogue.queries.names import NameUnknown, find_account, find_dataset, find_organization
from datasets.catalogue.queries.visibility import Deed, require, require_organization
from datasets.volumes.errors import CisternaError


class MembershipAbsent(CisternaError):
    """The user is no member there."""

    slug = "membership-absent"
    status = 404
    title = "There is no such membership"


@transaction.atomic
def grant_membership(
    *, username: str, role: str, dataset: str = "", organization: str = "", by: AbstractBaseUser | None
) -> Membership:
    """Make ``username`` a member of a dataset or of an organization, or change the role they have there.

    Args:
        dataset, organization: the name of either.
        by: who grants; ``None`` is the operator's command line.

    Raises:
        NameUnknown: there is no such account, role, dataset or organization.
        NotAllowed: ``by`` does not administer it.
    """
    place = _find_place(dataset, organization, by)
    if role not in Role.values:
        raise NameUnknown("role", role, Role.values)
    user = find_account(username, by)
    existing = _memberships(place).select_for_update().filter(user_id=user.pk).first()
    before = {"role": existing.role} if existing else {}
    membership = existing or Membership(user_id=user.pk, **_as_field(place))
    if membership.role != role:
        membership.role = role
        membership.save()
        record_event(
            by=by, action="membership.grant", subject=str(place), before=before, after={"user": username, "role": role}
        )
    return membership


@transaction.atomic
def revoke_membership(*, username: str, dataset: str = "", organization: str = "", by: AbstractBaseUser | None) -> None:
    """End the membership of ``username`` in a dataset or an organization. Ends when every server refuses them.

    Raises:
        MembershipAbsent: they are no member of it.
        NameUnknown, NotAllowed: as for :func:`grant_membership`.
    """
    place = _find_place(dataset, organization, by)
    user = find_account(username, by)
    membership = _memberships(place).filter(user_id=user.pk).first()
    if membership is None:
        members = ", ".join(str(row.user) for row in _memberships(place).select_related("user")) or "nobody"
        raise MembershipAbsent(f"{username} is no member of {place}", where=str(place), fix=f"Members are: {members}")
    record_event(
        by=by, action="membership.revoke", subject=str(place), before={"user": username, "role": membership.role}
    )
    membership.delete()
    wait_until_refused_everywhere()


def _find_place(dataset: str, organization: str, by: AbstractBaseUser | None) -> Dataset | Organization:
    if bool(dataset) == bool(organization):
        raise ValueError("A membership is of one dataset or of one organization")
    if dataset:
        found = find_dataset(dataset, by)
        require(by, Deed.ADMINISTER, found)
        return found
    place = find_organization(organization)
    require_organization(by, place)
    return place


def _memberships(place: Dataset | Organization) -> QuerySet[Membership]:
    return Membership.objects.filter(**_as_field(place))


def _as_field(place: Dataset | Organization) -> dict[str, Any]:
    return {"dataset" if isinstance(place, Dataset) else "organization": place}
