"""``manage.py token create|list|revoke``: keys for programs."""

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from datasets.catalogue.actions.tokens import create_api_token, revoke_api_token
from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.catalogue.models import Scope
from datasets.catalogue.queries.tokens import list_api_tokens, standing


class Command(OperatorCommand):
    help = "Make, list and revoke API tokens. What a token is, is shown once, when it is made."

    def add_arguments(self, parser: ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        create = deeds.add_parser("create", help="make a token that sees what an account sees")
        create.add_argument("account")
        create.add_argument("--label", default="", help="where it is used")
        create.add_argument("--scope", default=Scope.READ.value, help=", ".join(Scope.values))
        create.add_argument("--days", type=int, default=90, help="how long it lives; 0: until it is revoked")
        listing = deeds.add_parser("list", help="all tokens, without their secrets")
        listing.add_argument("--account", default="")
        revoke = deeds.add_parser("revoke", help="end a token")
        revoke.add_argument("id")

    def handle(self, *args: Any, **options: Any) -> None:
        match options["deed"]:
            case "create":
                self._create(options)
            case "revoke":
                self.stdout.write(f"{revoke_api_token(token_id=options['id'], by=None)} is revoked")
            case _:
                for token in list_api_tokens(username=options["account"]):
                    self.stdout.write(f"{token.id}  {token.user}  {token.scope}  {standing(token)}  {token.label}")

    def _create(self, options: dict[str, Any]) -> None:
        lifetime = dt.timedelta(days=options["days"]) if options["days"] > 0 else None
        made = create_api_token(
            username=options["account"], label=options["label"], scope=options["scope"], lifetime=lifetime, by=None
        )
        self.stdout.write("Shown this once:")
        self.stdout.write(f"  Bearer token          {made.bearer}")
        self.stdout.write(f"  S3 access key id      {made.token.id}")
        self.stdout.write(f"  S3 secret access key  {made.s3_secret}")
        self.stdout.write(f"{standing(made.token)}")
