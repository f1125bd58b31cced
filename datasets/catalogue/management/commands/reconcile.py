"""``manage.py reconcile``: make the published tree what the catalogue says."""

from typing import Any

from datasets.catalogue.actions.published_tree import reconcile_published_tree
from datasets.catalogue.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = "Make the published tree, from which a front server reads, what the catalogue says. Safe at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        done = reconcile_published_tree()
        for version in done.placed:
            self.stdout.write(f"placed {version}")
        for version in done.removed:
            self.stdout.write(f"removed {version}")
        if not (done.placed or done.removed):
            self.stdout.write("The published tree is as it should be.")
