"""What a recipe is, and what it is handed when it runs."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.visibility import Deed
from datasets.volumes.errors import CisternaError

if TYPE_CHECKING:
    from datasets.processing.runs import Run


class RecipeUnknown(CisternaError):
    """No recipe has this name."""

    slug = "recipe-unknown"
    status = 404
    title = "There is no such recipe"


class ParametersInvalid(CisternaError):
    """A recipe is handed what it does not take."""

    slug = "parameters-invalid"
    status = 400
    title = "The recipe does not take this"


class NotForThis(CisternaError):
    """A recipe is asked for on a version that it is not for, or has nothing to do there."""

    slug = "not-for-this"
    status = 409
    title = "The recipe has nothing to do here"


class For(enum.Enum):
    """Which versions a recipe is run on."""

    DRAFTS = "drafts"
    PUBLISHED = "published versions"


@dataclass(frozen=True)
class Estimate:
    """What a run would bring. ``memory_bytes`` is at most held at once by one worker process."""

    reads_bytes: int = 0
    writes_bytes: int = 0
    memory_bytes: int = 0
    blocks: int = 0
    seconds: float | None = None
    said: tuple[str, ...] = ()
    """What else there is to say, a line each."""


@dataclass(frozen=True)
class Recipe:
    """Something that is derived from a version in the background.

    ``module`` has the functions ``run`` and ``estimate``; it is loaded when it is needed, as few processes need it.
    ``run`` does the work, and ends with :meth:`Run.commit <datasets.processing.runs.Run.commit>`, in which it makes
    visible what it made. Killed anywhere and run again, it goes on where it was.
    """

    name: str
    title: str
    module: str
    of: For
    deed: Deed = Deed.EDIT
    at_once: int = 2
    """How many of it run at a time, at most."""
    parameters: Mapping[str, tuple[type, str]] = field(default_factory=dict)
    """What it takes: the type of each, and what it says."""

    @property
    def run(self) -> Callable[[Run], None]:
        """Does the work of one attempt."""
        run: Callable[[Run], None] = import_module(self.module).run
        return run

    @property
    def estimate(self) -> Callable[[DatasetVersion, Mapping[str, Any]], Estimate]:
        """What running it on a version, with parameters that were checked, would bring."""
        estimate: Callable[[DatasetVersion, Mapping[str, Any]], Estimate] = import_module(self.module).estimate
        return estimate

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters as they are handed to :attr:`run`.

        Raises:
            ParametersInvalid: one is unknown, or of another type.
        """
        for name, value in given.items():
            if name not in self.parameters:
                takes = ", ".join(self.parameters) or "nothing"
                raise ParametersInvalid(f"{self.name} takes no {name!r}", where=name, fix=f"It takes: {takes}")
            kind = self.parameters[name][0]
            if type(value) is not kind:
                raise ParametersInvalid(f"{value!r} is no {kind.__name__}", where=name, fix=self.parameters[name][1])
        return dict(given)
