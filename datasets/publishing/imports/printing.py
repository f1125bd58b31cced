"""Reports of imports on a terminal, or as one JSON object a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from datasets.publishing.imports.report import DatasetReport, Fate


class Output(Protocol):
    def write(self, text: str) -> object: ...


def print_reports(reports: Sequence[DatasetReport], output: Output, *, as_json: bool, dry_run: bool) -> None:
    """Every line of every report, and a summary: as text, or as one JSON object a line."""
    for report in reports:
        for line in report.lines:
            output.write(json.dumps(line.to_json(), ensure_ascii=False) if as_json else str(line))
        counts = ", ".join(f"{count} {noun}" for noun, count in report.counts.items())
        told = Counter(line.fate for line in report.lines)
        if as_json:
            summary: dict[str, Any] = {"dataset": report.dataset, "version": report.version, "outcome": report.outcome}
            fates = {fate.value: told[fate] for fate in Fate}
            summary |= {"fields_taken": report.taken, "counts": report.counts, "lines": fates}
            output.write(json.dumps(summary, ensure_ascii=False))
        else:
            words = ", ".join(f"{told[fate]} {fate}" for fate in Fate if told[fate] and fate != Fate.TAKEN)
            fields = f"; {report.taken} fields taken, and lines: {words or 'no other'}" if report.taken else ""
            output.write(
                f"{report.version or report.dataset}: {report.outcome}{': ' if counts else ''}{counts}{fields}"
            )
    outcomes = Counter(report.outcome for report in reports)
    if not as_json:
        done = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        output.write(f"{len(reports)} datasets: {done}" + ("; nothing was changed (dry run)" if dry_run else ""))
