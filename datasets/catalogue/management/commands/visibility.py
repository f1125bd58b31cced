"""``manage.py visibility NAME public|private|embargoed [--until DATE] [--dry-run]``: who may see a dataset."""

import datetime as dt
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from datasets.catalogue.actions.withdrawal import change_visibility, foresee_visibility
from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.catalogue.models import Visibility
from datasets.catalogue.withdrawal_texts import say_withdrawal


class Command(OperatorCommand):
    help = (
        "Say who may see a dataset, and tell what that breaks for others. Ends when all servers answer accordingly; "
        "copies in others' caches stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("visibility", help=", ".join(Visibility.values))
        parser.add_argument("--until", type=_date, help="when the embargo ends: 2027-03-31, or with time and zone")
        parser.add_argument("--dry-run", action="store_true", help="tell what it would break, and change nothing")

    def handle(
        self,
        *args: Any,
        name: str,
        visibility: str,
        until: dt.datetime | None,
        dry_run: bool = False,
        **options: Any,
    ) -> None:
        asked: dict[str, Any] = {"name": name, "visibility": visibility, "until": until}
        if breaks := foresee_visibility(**asked, by=None):
            for line in say_withdrawal(breaks, is_retirement=False):
                self.stdout.write(line)
        if dry_run:
            return
        dataset = change_visibility(**asked, by=None)
        end = f" until {until.isoformat()}" if until else ""
        self.stdout.write(f"{dataset} is {dataset.visibility}{end}")


def _date(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date such as 2027-03-31") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
