"""Findings, and how they are told."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from datasets.volumes.errors import CisternaError


class Verdict(enum.StrEnum):
    OK = "ok"
    ADVICE = "advice"
    """It works, but is not as it should be on a site that others reach."""
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``fix`` is one line; only what is fine has none."""

    check: str
    verdict: Verdict
    what: str
    fix: str = ""

    @classmethod
    def ok(cls, check: str, what: str) -> Finding:
        return cls(check, Verdict.OK, what)

    @classmethod
    def advice(cls, check: str, what: str, fix: str) -> Finding:
        return cls(check, Verdict.ADVICE, what, fix)

    @classmethod
    def wrong(cls, check: str, what: str, fix: str) -> Finding:
        return cls(check, Verdict.WRONG, what, fix)

    @classmethod
    def of_error(cls, check: str, error: CisternaError) -> Finding:
        where = f"{error.where}: " if error.where else ""
        return cls.wrong(check, f"{error.title}: {where}{error.what}", error.fix or f"See /problems/{error.slug}/")


class Out(Protocol):
    """Where a report goes."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


def report(findings: Iterable[Finding], *, as_json: bool, out: Out) -> int:
    """Write the findings; the exit code says whether something is wrong.

    Text comes as it is found: a root that does not answer takes its time.
    """
    wrong = False
    told = []
    for finding in findings:
        wrong = wrong or finding.verdict is Verdict.WRONG
        told.append({"check": finding.check, "verdict": finding.verdict, "what": finding.what, "fix": finding.fix})
        if not as_json:
            out.write(f"{finding.verdict:7} {finding.check}: {finding.what}\n")
            if finding.fix:
                out.write(f"        fix: {finding.fix}\n")
            out.flush()
    if as_json:
        out.write(json.dumps({"ok": not wrong, "findings": told}, ensure_ascii=False, indent=2) + "\n")
    return 1 if wrong else 0
