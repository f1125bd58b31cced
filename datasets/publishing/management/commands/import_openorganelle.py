"""``manage.py import_openorganelle PATH``: datasets of OpenOrganelle, with their data where they are."""

from pathlib import Path

from datasets.catalogue.models import Visibility
from datasets.publishing.imports.openorganelle.importing import import_openorganelle
from datasets.publishing.imports.report import DatasetReport
from datasets.publishing.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Import OpenOrganelle's metadata in any of its published forms. The same again changes nothing."
    path_help = "A file or a folder; docs/guides/importing.md tells the forms"

    def import_from(self, path: Path, *, visibility: Visibility, dry_run: bool, as_json: bool) -> list[DatasetReport]:
        return import_openorganelle(path, visibility=visibility, dry_run=dry_run, by=None)
