"""``manage.py revise NAME``: begin a dataset's next version."""

from argparse import ArgumentParser
from typing import Any

from datasets.catalogue.actions.drafts import revise_newest
from datasets.catalogue.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = "Copy what the newest version of a dataset says and shows into a draft of its next one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dataset", help="such as hela-2")

    def handle(self, *args: Any, dataset: str, **options: Any) -> None:
        draft = revise_newest(name=dataset, by=None)
        self.stdout.write(f"{draft} is begun; manage.py freeze {dataset} publishes it")
