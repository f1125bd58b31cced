"""What the commands that import have in common: their arguments, their report, and how they end."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from datasets.catalogue.actions.table_sizes import learn_table_sizes
from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.catalogue.models import Visibility
from datasets.publishing.imports.printing import print_reports
from datasets.publishing.imports.report import DatasetReport


class ImportCommand(OperatorCommand):
    """A command that imports what is at a path."""

    path_help: str

    def import_from(self, path: Path, *, visibility: Visibility, dry_run: bool, as_json: bool) -> list[DatasetReport]:
        """Import it, and say what became of each dataset."""
        raise NotImplementedError

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help=self.path_help)
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing")
        parser.add_argument("--json", action="store_true", help="One JSON object a line")
        parser.add_argument("--visibility", choices=Visibility.values, default=Visibility.PUBLIC.value)

    def handle(self, *args: Any, path: Path, dry_run: bool, visibility: str, **options: Any) -> None:
        as_json: bool = options["json"]
        reports = self.import_from(path, visibility=Visibility(visibility), dry_run=dry_run, as_json=as_json)
        if not dry_run:
            learn_table_sizes()
        print_reports(reports, self.stdout, as_json=as_json, dry_run=dry_run)
        if any(report.outcome == "refused" for report in reports):
            raise CommandError("Some datasets were refused; the others were imported")
