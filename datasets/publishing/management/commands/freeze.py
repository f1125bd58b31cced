"""``manage.py freeze NAME``: publish a dataset's draft as its next version."""

from argparse import ArgumentParser
from typing import Any

from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.publishing.actions.derived import freeze_and_derive


class Command(OperatorCommand):
    help = "Publish a draft as it is: its dataset's next version, which never changes. Jobs draw and hash it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="such as hela-2")

    def handle(self, *args: Any, dataset: str, **options: Any) -> None:
        version = freeze_and_derive(name=dataset, by=None)
        self.stdout.write(f"{version} is published (record sha256 {version.record_digest})")
