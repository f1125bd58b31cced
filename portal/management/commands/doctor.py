"""``manage.py doctor``: what is wrong here, and how to mend it.

When the configuration itself cannot be used, Django does not start; manage.py then reports that finding in its place.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal.doctor import examine, report


class Command(BaseCommand):
    help = (
        "Look at configuration, database, roots and build, each finding with its fix. Exit code 1: something is wrong."
    )
    requires_system_checks: list[str] = []  # they are among the findings

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        if report(examine(), as_json=options["json"], out=self.stdout):
            raise SystemExit(1)
