"""``manage.py derive NAME[@VERSION] --recipe RECIPE [--set NAME=VALUE …] [--dry-run]``: ask for a job."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.catalogue.presentation import format_bytes
from datasets.processing.actions.jobs import enqueue, estimate
from datasets.processing.recipe import Estimate
from datasets.processing.recipes import all_recipes


class Command(OperatorCommand):
    help = (
        "Ask for something to be derived from a version, in the background: a worker does it. The same asked for "
        "twice is one job. Its state is told by manage.py jobs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", help="such as hela-2 (what the recipe is for: newest or draft) or hela-2@draft")
        names = ", ".join(f"{it.name} ({it.title.lower()})" for it in all_recipes())
        parser.add_argument("--recipe", required=True, help=names)
        parser.add_argument(
            "--set",
            dest="parameters",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="what the recipe takes, such as path=em; several times for several",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what it would read, write and hold in memory")

    def handle(
        self, *args: Any, version: str, recipe: str, parameters: list[str], dry_run: bool, **options: Any
    ) -> None:
        given = dict(_parameter(text) for text in parameters)
        if dry_run:
            found, expected = estimate(recipe=recipe, reference=version, parameters=given, by=None)
            for line in describe(expected):
                self.stdout.write(f"{found}: {line}")
            return
        job, created = enqueue(recipe=recipe, reference=version, parameters=given, by=None)
        self.stdout.write(f"{job.uid} {job}: {'waits' if created else f'is {job.state} already'}")


def describe(expected: Estimate) -> list[str]:
    """An estimate in words, a line each."""
    sizes = {"reads": expected.reads_bytes, "writes": expected.writes_bytes, "memory": expected.memory_bytes}
    lines = [f"{name} {format_bytes(size)}" for name, size in sizes.items() if size]
    if expected.blocks:
        lines.append(f"{expected.blocks} blocks")
    if expected.seconds is not None:
        lines.append(f"about {expected.seconds:.0f} s")
    return [*lines, *expected.said]


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"{text}: write NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
