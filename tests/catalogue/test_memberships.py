"""Memberships: the constraints of their table, the actions, and the command."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from datasets.catalogue.actions.memberships import MembershipAbsent, grant_membership, revoke_membership
from datasets.catalogue.models import AuditEvent, Dataset, Membership, Organization, Role
from datasets.catalogue.models.membership import validate_ror
from datasets.catalogue.queries.names import NameUnknown
from datasets.catalogue.queries.visibility import Deed, NotAllowed, may, opened_to, visible_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Any:
    return get_user_model().objects.create_user("ada", password="x")


@pytest.fixture
def bob() -> Any:
    return get_user_model().objects.create_user("bob", password="x")


@pytest.fixture
def lab() -> Organization:
    return Organization.objects.create(name="lab", title="The laboratory", ror="013sk6x84")


@pytest.fixture
def cell(lab: Organization) -> Dataset:
    return Dataset.objects.create(name="cell", organization=lab)


def membership(*arguments: str) -> str:
    out = StringIO()
    call_command("membership", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("ror", ["013sk6x84", "05dxps055", "02mhbdp94", "042nb2s44"])
def test_a_ror_identifier_is_known_by_its_check_digits(ror: str) -> None:
    validate_ror(ror)
    with pytest.raises(ValidationError, match="mistyped"):
        validate_ror(ror[:-1] + str((int(ror[-1]) + 1) % 10))


@pytest.mark.parametrize("ror", ["", "https://ror.org/013sk6x84", "113sk6x84", "013sk6x8", "013su6x84"])
def test_what_is_no_ror_identifier(ror: str) -> None:
    with pytest.raises(ValidationError, match="looks like"):
        validate_ror(ror)


def test_the_database_keeps_a_membership_to_one_place_and_one_role(ada: Any, lab: Organization, cell: Dataset) -> None:
    Membership.objects.create(user=ada, dataset=cell, role=Role.VIEWER)
    Membership.objects.create(user=ada, organization=lab, role=Role.OWNER)
    for wrong in (
        {"role": Role.VIEWER},
        {"role": Role.VIEWER, "dataset": Dataset.objects.create(name="other"), "organization": lab},
        {"role": "king", "dataset": Dataset.objects.create(name="third")},
        {"role": Role.OWNER, "dataset": cell},
        {"role": Role.VIEWER, "organization": lab},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.objects.create(user=ada, **wrong)


@pytest.mark.parametrize("role", Role.values)
def test_every_role_sees_and_each_may_do_what_is_its_own(ada: Any, cell: Dataset, role: str) -> None:
    assert not visible_to(ada).exists()
    grant_membership(username="ada", role=role, dataset="cell", by=None)
    assert visible_to(ada).get() == opened_to(ada).get() == cell
    assert {deed for deed in Deed if may(ada, deed, cell)} == {
        "owner": {Deed.EDIT, Deed.REVIEW, Deed.ADMINISTER},
        "curator": {Deed.EDIT},
        "reviewer": {Deed.REVIEW},
        "viewer": set(),
    }[role]


def test_members_of_an_organization_see_its_datasets_and_no_others(
    ada: Any, bob: Any, lab: Organization, cell: Dataset
) -> None:
    other = Dataset.objects.create(name="other")
    grant_membership(username="ada", role="owner", organization="lab", by=None)
    assert list(opened_to(ada)) == [cell]
    assert may(ada, Deed.ADMINISTER, cell)
    assert not may(ada, Deed.ADMINISTER, other)
    assert not opened_to(bob).exists()


def test_an_inactive_account_is_a_stranger(ada: Any, cell: Dataset) -> None:
    grant_membership(username="ada", role="owner", dataset="cell", by=None)
    ada.is_active, ada.is_superuser = False, True
    assert not visible_to(ada).exists()
    assert not may(ada, Deed.EDIT, cell)


def test_granting_again_changes_the_role_and_each_change_is_written_down(ada: Any, bob: Any, cell: Dataset) -> None:
    grant_membership(username="ada", role="owner", dataset="cell", by=None)
    grant_membership(username="bob", role="viewer", dataset="cell", by=ada)
    grant_membership(username="bob", role="viewer", dataset="cell", by=ada)
    grant_membership(username="bob", role="curator", dataset="cell", by=ada)
    revoke_membership(username="bob", dataset="cell", by=ada)
    assert list(cell.memberships.values_list("user__username", "role")) == [("ada", "owner")]
    assert [(event.by, event.action, event.subject, event.before, event.after) for event in AuditEvent.objects.all()][
        ::-1
    ] == [
        ("", "membership.grant", "cell", {}, {"user": "ada", "role": "owner"}),
        ("ada", "membership.grant", "cell", {}, {"user": "bob", "role": "viewer"}),
        ("ada", "membership.grant", "cell", {"role": "viewer"}, {"user": "bob", "role": "curator"}),
        ("ada", "membership.revoke", "cell", {"user": "bob", "role": "curator"}, {}),
    ]


def test_only_owners_and_the_operator_give_and_take(ada: Any, bob: Any, lab: Organization, cell: Dataset) -> None:
    with pytest.raises(NameUnknown):  # not to be known of
        grant_membership(username="bob", role="viewer", dataset="cell", by=ada)
    grant_membership(username="ada", role="curator", dataset="cell", by=None)
    with pytest.raises(NotAllowed):
        grant_membership(username="bob", role="viewer", dataset="cell", by=ada)
    with pytest.raises(NotAllowed):
        revoke_membership(username="ada", dataset="cell", by=ada)
    with pytest.raises(NotAllowed):
        grant_membership(username="bob", role="viewer", organization="lab", by=ada)
    grant_membership(username="ada", role="owner", organization="lab", by=None)
    grant_membership(username="bob", role="viewer", organization="lab", by=ada)
    grant_membership(username="bob", role="viewer", dataset="cell", by=ada)
    with pytest.raises(NameUnknown) as unknown:
        grant_membership(username="carl", role="viewer", dataset="cell", by=ada)
    assert "bob" not in str(unknown.value)  # accounts are the operator's to know


def test_who_is_no_member_cannot_be_taken_out(ada: Any, bob: Any, cell: Dataset) -> None:
    grant_membership(username="ada", role="owner", dataset="cell", by=None)
    with pytest.raises(MembershipAbsent, match="Members are: ada"):
        revoke_membership(username="bob", dataset="cell", by=None)


def test_the_command_gives_lists_and_takes(ada: Any, bob: Any, lab: Organization, cell: Dataset) -> None:
    assert membership("grant", "ada", "owner", "--dataset", "cell") == "ada: owner of cell\n"
    assert membership("grant", "bob", "viewer", "--organization", "lab") == "bob: viewer of lab\n"
    assert membership("list") == "bob: viewer of lab\nada: owner of cell\n"
    assert membership("list", "--account", "bob") == "bob: viewer of lab\n"
    assert membership("list", "--dataset", "cell") == "ada: owner of cell\n"
    assert "no longer" in membership("revoke", "ada", "--dataset", "cell")
    assert membership("list", "--dataset", "cell") == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("grant", "eve", "owner", "--dataset", "cell"), "No account is called 'eve'. There is: ada."),
        (("grant", "ada", "king", "--dataset", "cell"), "There is: owner, curator, reviewer, viewer."),
        (("grant", "ada", "owner", "--dataset", "sell"), "No dataset is called 'sell'. There is: cell."),
        (("grant", "ada", "owner", "--organization", "lib"), "No organization is called 'lib'. There is: lab."),
        (("list", "--dataset", "sell"), "There is: cell."),
        (("revoke", "ada", "--dataset", "cell"), "membership-absent"),
        (("grant", "ada", "owner"), "--dataset --organization is required"),
        (("grant", "ada", "owner", "--dataset", "cell", "--organization", "lab"), "not allowed with"),
    ],
)
def test_the_command_names_what_it_does_not_know_and_what_there_is(
    ada: Any, cell: Dataset, arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(CommandError) as error:
        membership(*arguments)
    assert words in str(error.value)
