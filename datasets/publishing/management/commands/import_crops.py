"""``manage.py import_crops PATH``: ground truth of the CellMap segmentation challenge."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from datasets.catalogue.models import Visibility
from datasets.publishing.imports.crops.importing import import_crops
from datasets.publishing.imports.printing import print_reports
from datasets.volumes.errors import CisternaError


class Command(BaseCommand):
    help = "Import ground-truth crops from the challenge's tables. The same again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="A CSV file or a folder; docs/guides/importing.md tells the tables")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing")
        parser.add_argument("--json", action="store_true", help="One JSON object a line")
        parser.add_argument("--visibility", choices=Visibility.values, default=Visibility.PUBLIC.value)

    def handle(self, *args: Any, path: Path, dry_run: bool, visibility: str, **options: Any) -> None:
        try:
            imported = import_crops(path, visibility=Visibility(visibility), dry_run=dry_run, by=None)
        except CisternaError as error:
            raise CommandError(f"{error.slug}: {error}") from error
        for file, words in imported.left_out:
            line = {"file": file.name, "fate": "not recognised", "words": words}
            self.stdout.write(json.dumps(line) if options["json"] else f"{file.name}: not recognised: {words}")
        print_reports(imported.reports, self.stdout, as_json=options["json"], dry_run=dry_run)
        if any(report.outcome == "refused" for report in imported.reports):
            raise CommandError("Some datasets were refused; the others were imported")
