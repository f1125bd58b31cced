"""``manage.py check_sources [NAME…] [--json]``: whether data that stay elsewhere can be reached."""

import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import CommandError

from datasets.catalogue.actions.source_checks import CheckedSource, check_sources
from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.catalogue.models import SourceCheck


class Command(OperatorCommand):
    help = (
        "Ask for the metadata of external volumes, of their meshes and of crops, and write down whether they can be "
        "reached, for pages and the API to tell. Only origins in CISTERNA_EXTERNAL_ORIGINS are asked. Safe at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="a dataset, such as hela-2; none: all of them")
        parser.add_argument("--json", action="store_true", help="print one JSON document; progress goes to stderr")

    def handle(self, *args: Any, names: list[str], **options: Any) -> None:
        as_json: bool = options["json"]
        checks: list[SourceCheck] = []
        try:
            for checked in check_sources(names):
                checks.append(checked.check)
                (self.stderr if as_json else self.stdout).write(_line(checked), lambda text: text)
        except KeyboardInterrupt:
            raise CommandError("Interrupted; what was asked is written down", returncode=130) from None
        if as_json:
            self.stdout.write(json.dumps({"sources": [_said(check) for check in checks]}, indent=2))
            return
        counts = Counter(check.state for check in checks)
        summary = ", ".join(f"{counts[state]} {state.label}" for state in SourceCheck.State if counts[state])
        self.stdout.write(f"{len(checks)} sources: {summary}" if checks else "No external sources.")


def _line(checked: CheckedSource) -> str:
    check = checked.check
    detail = f" ({check.detail})" if check.detail else ""
    state = SourceCheck.State(check.state).label
    return f"{checked.done}/{checked.total} {state}: {check.url}{detail}"


def _said(check: SourceCheck) -> dict[str, str]:
    return {
        "url": check.url,
        "state": check.state,
        "detail": check.detail,
        "checked_at": check.checked_at.isoformat(),
    }
