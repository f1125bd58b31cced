"""``manage.py retire NAME@VERSION --reason TEXT [--successor NAME@VERSION]``: withdraw a published version."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from datasets.catalogue.actions.withdrawal import retire_version
from datasets.catalogue.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = "Withdraw a published version, for good. Ends when all servers refuse it; copies in others' caches stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", help="such as hela-2@1")
        parser.add_argument("--reason", required=True, help="shown to whoever follows an old address")
        parser.add_argument("--successor", default="", help="the version to use in its place")

    def handle(self, *args: Any, version: str, reason: str, successor: str, **options: Any) -> None:
        name, _, number = version.partition("@")
        if not number.isascii() or not number.isdigit():
            raise CommandError(f"{version!r} is no version such as hela-2@1")
        retired = retire_version(name=name, number=int(number), reason=reason, successor=successor, by=None)
        self.stdout.write(f"{retired} is retired" + (f"; {successor} takes its place" if successor else ""))
