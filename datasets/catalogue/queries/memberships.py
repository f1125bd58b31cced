"""Who is a member of what."""

from django.db.models import F, QuerySet

from datasets.catalogue.models import Membership
from datasets.catalogue.queries.names import find_account, find_dataset, find_organization


def list_memberships(*, username: str = "", dataset: str = "", organization: str = "") -> QuerySet[Membership]:
    """The memberships of an account, in a dataset or in an organization; all where none is named.

    Raises:
        NameUnknown
    """
    memberships = Membership.objects.select_related("user", "dataset", "organization")
    if username:
        memberships = memberships.filter(user_id=find_account(username, None).pk)
    if dataset:
        memberships = memberships.filter(dataset=find_dataset(dataset, None))
    if organization:
        memberships = memberships.filter(organization=find_organization(organization))
    # By organization first, then by dataset; where NULL sorts is said, since databases differ.
    places = (F(f"{place}__name").asc(nulls_last=True) for place in ("organization", "dataset"))
    return memberships.order_by(*places, "user__username")
