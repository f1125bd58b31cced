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
            summary |= {"taken": report.taken, "counts": report.counts, "fates": fates}
            output.write(json.dumps(summary, ensure_ascii=False))
        else:
            fates_told = ", ".join([f"{report.taken} taken", *(f"{told[fate]} {fate}" for fate in Fate if told[fate])])
            output.write(f"{report.version or report.dataset}: {report.outcome}: {counts} (fields: {fates_told})")
    outcomes = Counter(report.outcome for report in reports)
    if not as_json:
        done = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        output.write(f"{len(reports)} datasets: {done}" + ("; nothing was changed (dry run)" if dry_run else ""))
