"""``manage.py retire NAME@VERSION --reason TEXT [--successor NAME@VERSION] [--dry-run]``: withdraw a version."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from datasets.catalogue.actions.withdrawal import foresee_retirement, retire_version
from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.catalogue.withdrawal_texts import say_withdrawal


class Command(OperatorCommand):
    help = (
        "Withdraw a published version, for good, and tell what that breaks. Ends when all servers refuse it; copies in "
        "others' caches stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", help="such as hela-2@1")
        parser.add_argument("--reason", required=True, help="shown to whoever follows an old address")
        parser.add_argument("--successor", default="", help="the version to use in its place")
        parser.add_argument("--dry-run", action="store_true", help="tell what it would break, and change nothing")

    def handle(
        self, *args: Any, version: str, reason: str, successor: str, dry_run: bool = False, **options: Any
    ) -> None:
        name, _, number = version.partition("@")
        if not number.isascii() or not number.isdigit():
            raise CommandError(f"{version!r} is no version such as hela-2@1")
        asked: dict[str, Any] = {"name": name, "number": int(number), "reason": reason, "successor": successor}
        for line in say_withdrawal(foresee_retirement(**asked, by=None), is_retirement=True):
            self.stdout.write(line)
        if dry_run:
            return
        retired = retire_version(**asked, by=None)
        self.stdout.write(f"{retired} is retired" + (f"; {successor} takes its place" if successor else ""))
