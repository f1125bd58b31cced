"""``manage.py membership grant|revoke|list``: who belongs to which dataset or organization."""

from argparse import ArgumentParser
from typing import Any

from datasets.catalogue.actions.memberships import grant_membership, revoke_membership
from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.catalogue.models import Role
from datasets.catalogue.queries.memberships import list_memberships


class Command(OperatorCommand):
    help = "Give, take and list memberships in datasets and organizations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        grant = deeds.add_parser("grant", help="make an account a member, or change its role")
        grant.add_argument("account")
        grant.add_argument("role", help=", ".join(Role.values))
        _add_place(grant, required=True)
        revoke = deeds.add_parser("revoke", help="end a membership")
        revoke.add_argument("account")
        _add_place(revoke, required=True)
        listing = deeds.add_parser("list", help="who is a member of what")
        listing.add_argument("--account", default="")
        _add_place(listing, required=False)

    def handle(self, *args: Any, **options: Any) -> None:
        account = options["account"]
        place = {"dataset": options["dataset"], "organization": options["organization"]}
        match options["deed"]:
            case "grant":
                membership = grant_membership(username=account, role=options["role"], by=None, **place)
                self.stdout.write(str(membership))
            case "revoke":
                revoke_membership(username=account, by=None, **place)
                self.stdout.write(f"{account} is no longer a member of {place['dataset'] or place['organization']}")
            case _:
                for membership in list_memberships(username=account, **place):
                    self.stdout.write(str(membership))


def _add_place(parser: ArgumentParser, *, required: bool) -> None:
    place = parser.add_mutually_exclusive_group(required=required)
    place.add_argument("--dataset", default="", metavar="NAME")
    place.add_argument("--organization", default="", metavar="NAME")
