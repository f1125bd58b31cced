"""``manage.py visibility NAME public|private|embargoed [--until DATE]``: who may see a dataset."""

import datetime as dt
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from datasets.catalogue.actions.withdrawal import change_visibility
from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.catalogue.models import Visibility


class Command(OperatorCommand):
    help = "Say who may see a dataset. Ends when all servers answer accordingly; copies in others' caches stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("visibility", help=", ".join(Visibility.values))
        parser.add_argument("--until", type=_date, help="when the embargo ends: 2027-03-31, or with time and zone")

    def handle(self, *args: Any, name: str, visibility: str, until: dt.datetime | None, **options: Any) -> None:
        dataset = change_visibility(name=name, visibility=visibility, until=until, by=None)
        end = f" until {until.isoformat()}" if until else ""
        self.stdout.write(f"{dataset} is {dataset.visibility}{end}")


def _date(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date such as 2027-03-31") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
