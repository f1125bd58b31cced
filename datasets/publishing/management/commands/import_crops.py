"""``manage.py import_crops PATH``: ground truth of the CellMap segmentation challenge."""

import json
from pathlib import Path

from datasets.catalogue.models import Visibility
from datasets.publishing.imports.crops.importing import import_crops
from datasets.publishing.imports.report import DatasetReport
from datasets.publishing.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Import ground-truth crops from the challenge's tables. The same again changes nothing."
    path_help = "A CSV file or a folder; docs/guides/importing.md tells the tables"

    def import_from(self, path: Path, *, visibility: Visibility, dry_run: bool, as_json: bool) -> list[DatasetReport]:
        imported = import_crops(path, visibility=visibility, dry_run=dry_run, by=None)
        for file, words in imported.left_out:
            line = {"file": file.name, "fate": "not recognised", "words": words}
            self.stdout.write(json.dumps(line) if as_json else f"{file.name}: not recognised: {words}")
        return imported.reports
