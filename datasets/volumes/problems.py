"""What a check found: one small record with a stable id, for pages, JSON and reports alike."""

from dataclasses import asdict, dataclass
from typing import Literal

type Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """A finding of a check.

    ``id`` is a stable slug; ``where`` is a JSON pointer into the attributes, or the path of an array; ``message`` says
    what was found; ``fix`` what to do about it. An *error* keeps the data from being published, a *warning* does not.
    """

    id: str
    severity: Severity
    where: str
    message: str
    fix: str

    def to_json(self) -> dict[str, str]:
        return asdict(self)


def errors_of(problems: list[Problem]) -> list[Problem]:
    """Those of the problems that forbid publishing."""
    return [problem for problem in problems if problem.severity == "error"]
