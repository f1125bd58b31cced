"""What a check found: one small record with a stable id, for pages, JSON and reports alike."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

type Severity = Literal["error", "warning"]

type Scope = Literal["conformance", "publishing", "viewing"]
"""What an error keeps the data from: following their specification, being published at all, or being shown.

What cannot be shown can still be published for download.
"""


@dataclass(frozen=True)
class Problem:
    """A finding of a check.

    ``id`` is a stable slug; ``where`` is a JSON pointer into the attributes, or the path of an array; ``message`` says
    what was found; ``fix`` what to do about it. A *warning* keeps the data from nothing, an *error* from its ``scope``
    and what comes after it.
    """

    id: str
    severity: Severity
    where: str
    message: str
    fix: str
    scope: Scope = "conformance"

    def to_json(self) -> dict[str, str]:
        return asdict(self)


def errors_of(problems: Iterable[Problem], *scopes: Scope) -> list[Problem]:
    """The errors among the problems; of the ``scopes`` alone, where some are named."""
    return [problem for problem in problems if problem.severity == "error" and (not scopes or problem.scope in scopes)]
