"""``manage.py publish SPEC.toml``: register a dataset and freeze version 1."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.publishing.actions import publish
from datasets.publishing.reports import describe_problem
from datasets.publishing.specification import read_specification


class Command(OperatorCommand):
    help = "Publish a dataset from its specification. The same specification and data again change nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("specification", type=Path, help="TOML file; docs/guides/publishing.md tells its fields")

    def handle(self, *args: Any, specification: Path, **options: Any) -> None:
        published = publish(specification=read_specification(specification), base=specification.parent, by=None)
        for path, problem in published.warnings:
            self.stderr.write(f"{path}: {describe_problem(problem)}")
        done = "published" if published.created else "already published, nothing changed"
        self.stdout.write(f"{published.version}: {done} (record sha256 {published.version.record_digest})")
