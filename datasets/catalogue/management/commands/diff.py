"""``manage.py diff NAME[@VERSION] [NAME@VERSION]``: in what a version differs from another."""

from argparse import ArgumentParser
from typing import Any

from datasets.catalogue.change_texts import say_place, say_value, say_where
from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.catalogue.queries.version_changes import find_changes_for_operator


class Command(OperatorCommand):
    help = "Tell what a version says and shows otherwise than another one of its dataset, drafts included."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", help="such as hela-2@2, hela-2@draft, or hela-2 for the newest")
        parser.add_argument("since", nargs="?", default="", help="such as hela-2@1; else the published one before it")

    def handle(self, *args: Any, version: str, since: str, **options: Any) -> None:
        changes = find_changes_for_operator(version, since)
        if changes.since is None:
            self.stdout.write(f"There is no published version before {changes.version}")
            return
        self.stdout.write(f"{changes.since} → {changes.version}")
        for said in changes.said:
            self.stdout.write(f"{say_where(said)} {said.kind}: {_step(*map(say_value, (said.before, said.after)))}")
        for mount in changes.mounts:
            places = (say_place(it, shows_places=True) for it in (mount.before, mount.after))
            self.stdout.write(f"Mount {mount.path or '/'} {mount.kind}: {_step(*places)}")
        if not changes.said and not changes.mounts:
            self.stdout.write("Nothing differs")


def _step(before: str, after: str) -> str:
    return f"{before} → {after}"
