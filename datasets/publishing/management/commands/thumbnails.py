"""``manage.py thumbnails [NAME[@VERSION]…] [--again]``: the pictures of published versions."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.publishing.actions.thumbnails import Rendered, render_thumbnails


class Command(OperatorCommand):
    help = (
        "Render the pictures that published versions lack, one version after another, and fetch those that imported "
        "catalogues name, of origins in CISTERNA_EXTERNAL_ORIGINS. Interrupted, the next run goes on where this one "
        "was; a second time it makes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "versions", nargs="*", metavar="NAME[@VERSION]", help="such as hela-2 or hela-2@1; none: all of them"
        )
        parser.add_argument("--again", action="store_true", help="render those that exist as well, in their place")

    def handle(self, *args: Any, versions: list[str], again: bool, **options: Any) -> None:
        failed = 0
        try:
            for rendered in render_thumbnails(versions, again=again):
                failed += rendered.problem is not None
                (self.stderr if rendered.problem else self.stdout).write(_line(rendered))
        except KeyboardInterrupt:
            raise CommandError("Interrupted; what was rendered is kept", returncode=130) from None
        if failed:
            raise CommandError(f"Versions whose pictures could not all be rendered: {failed}")


def _line(rendered: Rendered) -> str:
    problem = rendered.problem
    what = f"{problem.slug}: {problem}" if problem else f"{rendered.pictures} rendered"
    if rendered.trouble:
        what = f"{what}; {rendered.trouble}"
    return f"{rendered.done}/{rendered.total} {rendered.version}: {what}"
