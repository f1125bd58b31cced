"""``manage.py share create|list|revoke``: keys to one dataset, for reviewers."""

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from datasets.catalogue.actions.tokens import create_share_token, revoke_share_token
from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.catalogue.queries.tokens import list_share_tokens, standing


class Command(OperatorCommand):
    help = "Make, list and revoke share tokens: each opens one dataset, drafts included, to whoever holds it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        create = deeds.add_parser("create", help="make a token for a dataset")
        create.add_argument("dataset")
        create.add_argument("--label", default="", help="whom it is given to")
        create.add_argument("--days", type=int, default=30, help="how long it lives")
        listing = deeds.add_parser("list", help="all share tokens, without their secrets")
        listing.add_argument("--dataset", default="")
        revoke = deeds.add_parser("revoke", help="end a share token")
        revoke.add_argument("id", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        match options["deed"]:
            case "create":
                self._create(options["dataset"], options["label"], options["days"])
            case "revoke":
                self.stdout.write(f"{revoke_share_token(share_id=options['id'], by=None)} is revoked")
            case _:
                for token in list_share_tokens(dataset=options["dataset"]):
                    self.stdout.write(f"{token.pk}  {token.dataset}  {standing(token)}  {token.label}")

    def _create(self, dataset: str, label: str, days: int) -> None:
        if days < 1:
            raise CommandError("--days is a number of days from 1 on")
        made = create_share_token(dataset=dataset, label=label, lifetime=dt.timedelta(days=days), by=None)
        site = settings.CONFIG.public_url or f"http://{settings.CONFIG.bind}:{settings.CONFIG.port}"
        self.stdout.write("Shown this once; whoever has one of these addresses can read the dataset:")
        self.stdout.write(f"  in a browser  {site}/r/{made.secret}/")
        self.stdout.write(f"  for programs  {site}/data/~{made.secret}/{dataset}@<version>/…")
        self.stdout.write(f"share {made.token.pk}: {standing(made.token)}")
