"""``manage.py inspect URL_OR_PATH``: what is there, and could it be published?"""

import json
from argparse import ArgumentParser
from typing import Any

from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.publishing.inspection import inspect
from datasets.publishing.reports import describe


class Command(OperatorCommand):
    help = "Inspect an OME-Zarr image by its metadata. Exit code 0: it could be published; 1: it could not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="path, file://…, s3://… or root:key of the image's group")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of text")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        inspection = inspect(address)
        if options["json"]:
            self.stdout.write(json.dumps(inspection.to_json(), ensure_ascii=False))
        else:
            self.stdout.writelines(f"{line}\n" for line in describe(inspection))
        if not inspection.publishable:
            raise SystemExit(1)
