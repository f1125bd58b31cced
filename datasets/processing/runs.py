"""A job while a worker does it: what its recipe tells, asks, and ends it with."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets.catalogue.models import DatasetVersion
from datasets.processing.actions import leases
from datasets.processing.models import Job
from datasets.processing.queries.versions import require_fit
from datasets.processing.recipe import NotForThis, Recipe
from datasets.volumes.errors import CisternaError


class WorkerStops(CisternaError):
    """The worker was asked to stop: the job goes on with another."""

    slug = "worker-stops"
    status = 503
    title = "The worker stops"


@dataclass
class Progress:
    """How far a job is, in ``unit``; ``before`` was done by earlier attempts."""

    phase: str = ""
    unit: str = ""
    before: int = 0
    done: int = 0
    total: int | None = None


@dataclass(eq=False)
class Run:
    """One attempt at a job. Its recipe's thread tells here how far it is; the worker's beats carry that to the row."""

    job: Job
    recipe: Recipe
    scratch: Path
    """A folder of the job's own, on this machine; it outlives the attempt."""
    dask: str
    """Where blocks are run: see CISTERNA_DASK."""
    progress: Progress = field(default_factory=Progress)
    plan_digest: str = ""
    blocks: bytearray = field(default_factory=bytearray)
    """A bit for each block that is done."""
    stop: CisternaError | None = None
    """Why the recipe is to stop, once the worker knows."""
    ended: bool = False
    _lines: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def lease(self) -> leases.Lease:
        return leases.Lease(self.job.pk, self.job.fence)

    @property
    def parameters(self) -> Mapping[str, Any]:
        parameters: dict[str, Any] = self.job.parameters
        return parameters

    def version(self) -> DatasetVersion:
        """The version as it is now.

        Raises:
            NotForThis: it is gone, or is not what the recipe is for any more.
        """
        version = DatasetVersion.objects.select_related("dataset").filter(jobs=self.job).first()
        if version is None:
            raise NotForThis("The version is gone", where=self.job.subject)
        require_fit(version, self.recipe.of)
        return version

    def say(self, text: str) -> None:
        """A line for the log."""
        with self._lock:
            self._lines.append(text)

    def show(self, phase: str, *, done: int = 0, total: int | None = None, before: int = 0, unit: str = "") -> None:
        """How far it is. Cheap: call it as often as there is something new."""
        self.progress = Progress(phase, unit, before, done, total)
        self.check()

    def check(self) -> None:
        """Look up whether to go on; between any two blocks, and at each second at least.

        Raises:
            LeaseLost, JobCancelled, WorkerStops
        """
        if self.stop is not None:
            raise self.stop

    def resume(self, plan_digest: str, blocks: int) -> None:
        """Take up what earlier attempts have done of the same plan of so many blocks."""
        size = (blocks + 7) // 8
        same = self.job.plan_digest == plan_digest and len(self.job.blocks_done) == size
        with self._lock:
            self.plan_digest = plan_digest
            self.blocks = bytearray(self.job.blocks_done) if same else bytearray(size)

    def is_done(self, block: int) -> bool:
        return bool(self.blocks[block >> 3] >> (block & 7) & 1)

    def mark_done(self, block: int) -> None:
        """A block's output is in its place for good."""
        with self._lock:
            self.blocks[block >> 3] |= 1 << (block & 7)

    def told(self) -> dict[str, Any]:
        """The columns of the job's row that this attempt knows better."""
        with self._lock:
            progress = self.progress
            told: dict[str, Any] = {
                "phase": progress.phase[:200],
                "unit": progress.unit,
                "before": progress.before,
                "done": progress.done,
                "total": progress.total,
            }
            if progress.done > progress.before:  # this job does not end its workers
                told["losses"] = 0
            if self.plan_digest:
                told |= {"plan_digest": self.plan_digest, "blocks_done": bytes(self.blocks)}
            return told

    def take_lines(self) -> Sequence[str]:
        """What was said since the last time."""
        with self._lock:
            lines, self._lines = self._lines, []
        return lines

    @contextmanager
    def commit(self, outcome: Mapping[str, Any]) -> Iterator[None]:
        """One transaction: what the recipe makes visible in it is visible when the job is done, or not at all.

        Raises:
            LeaseLost, JobCancelled: nothing was changed.
        """
        self.check()
        with leases.ending(self.lease, outcome):
            yield
        self.ended = True
