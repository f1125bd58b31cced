"""``manage.py gc [--remove]``: what jobs have written and nothing refers to."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.processing.actions.orphans import find_orphans, remove_orphan, remove_scratch


class Command(OperatorCommand):
    help = (
        "Tell which outputs of jobs no version shows and no job will go on with: what was called off, or made for a "
        "draft that is gone. With --remove they are removed. What is given, and what is mounted, is never touched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help="remove them; without it nothing is")

    def handle(self, *args: Any, remove: bool, **options: Any) -> None:
        count = 0
        for orphan in find_orphans():
            done = remove and remove_orphan(orphan)
            self.stdout.write(f"{'removed ' if done else ''}{orphan.prefix}: {orphan.said}")
            count += 1
        scratch = remove_scratch(settings.CONFIG.home / "jobs") if remove else 0
        if scratch:
            self.stdout.write(f"removed {scratch} things that jobs and killed processes had left")
        if not count:
            self.stdout.write("Nothing is left over")
        elif not remove:
            self.stdout.write(f"{count} to remove: run it with --remove")
