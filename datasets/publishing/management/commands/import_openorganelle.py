"""``manage.py import_openorganelle PATH``: datasets of OpenOrganelle, with their data where they are."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from datasets.catalogue.models import Visibility
from datasets.publishing.imports.openorganelle.importing import import_openorganelle
from datasets.publishing.imports.printing import print_reports
from datasets.volumes.errors import CisternaError


class Command(BaseCommand):
    help = "Import OpenOrganelle's metadata in any of its published forms. The same again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="A file or a folder; docs/guides/importing.md tells the forms")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing")
        parser.add_argument("--json", action="store_true", help="One JSON object a line")
        parser.add_argument("--visibility", choices=Visibility.values, default=Visibility.PUBLIC.value)

    def handle(self, *args: Any, path: Path, dry_run: bool, visibility: str, **options: Any) -> None:
        try:
            reports = import_openorganelle(path, visibility=Visibility(visibility), dry_run=dry_run, by=None)
        except CisternaError as error:
            raise CommandError(f"{error.slug}: {error}") from error
        print_reports(reports, self.stdout, as_json=options["json"], dry_run=dry_run)
        if any(report.outcome == "refused" for report in reports):
            raise CommandError("Some datasets were refused; the others were imported")
