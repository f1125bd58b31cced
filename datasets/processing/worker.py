"""A worker: claims jobs, does them in threads, shows that it lives, and watches over the workers beside it.

Whether another worker lives is judged by its beats alone, with this worker's own steady clock: clocks of two machines
are never compared.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.db import DatabaseError, connection, connections

from datasets.processing.actions import leases
from datasets.processing.actions.alarms import enqueue_due_audit
from datasets.processing.models import Job, JobState, Worker
from datasets.processing.processes import is_dead, process_name, this_process
from datasets.processing.recipes import get_recipe
from datasets.processing.runs import Run, WorkerStops
from datasets.volumes.errors import CisternaError

STOPPING_S = 20
LOOK_EACH_S = 300
"""How often a worker looks whether a version is due for an audit: one at a time."""

SHOWN_EACH_S = 30
"""How often a worker tells people that it is there; whether it lives is told by its jobs, each second."""

logger = logging.getLogger("cisterna.processing")


class JobBroke(CisternaError):
    """A recipe ended in a way that nobody had thought of."""

    slug = "job-broke"
    status = 500
    title = "The job broke"


class DatabaseTrouble(CisternaError):
    """The database did not answer."""

    slug = "database-unavailable"
    status = 503
    title = "The database cannot be reached"


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How a worker works. ``lease_s``: how long another is silent before its jobs are taken from it."""

    scratch: Path
    dask: str = ""
    at_once: int = 2
    audit_each: timedelta | None = None
    """How long after its last audit a version is due for the next; None: nobody asks for audits by itself."""
    lease_s: float = 30
    per_organization: int = 4

    @property
    def tick_s(self) -> float:
        """How often it beats and looks for work."""
        return min(1.0, self.lease_s / 10)


@dataclass
class _Watched:
    """A job of another worker: what was seen of it last, and for how long it has been so."""

    seen: tuple[int, int]
    silent_s: float = 0


@dataclass
class WorkerProcess:
    """The worker of this process."""

    habits: Habits
    stop: threading.Event = field(default_factory=threading.Event)
    row: Worker | None = None
    _looked_s: float = -LOOK_EACH_S
    _shown_s: float = 0
    _runs: dict[Run, threading.Thread] = field(default_factory=dict)
    _watched: dict[int, _Watched] = field(default_factory=dict)

    def work(self, *, until: Callable[[bool], bool] = lambda idle: False) -> None:
        """Work until it is asked to stop, or ``until`` says so after a round; it is told whether nothing was to do."""
        last = time.monotonic()
        while not self.stop.is_set():
            passed_s, last = time.monotonic() - last, time.monotonic()
            idle = False
            try:
                idle = self._round(passed_s)
            except DatabaseError as error:
                logger.warning("the database does not answer, trying on: %s", error)
                connection.close()
            if until(idle):
                break
            self.stop.wait(self.habits.tick_s)
        self._leave()

    def _round(self, passed_s: float) -> bool:
        self._beat()
        self._watch(passed_s)
        if self.habits.audit_each is not None and time.monotonic() - self._looked_s >= LOOK_EACH_S:
            self._looked_s = time.monotonic()
            enqueue_due_audit(each=self.habits.audit_each)
        busy = self._reap()
        while busy < self.habits.at_once and not self.stop.is_set():
            assert self.row is not None, "it has beaten"
            job = leases.claim(worker=self.row, per_organization=self.habits.per_organization)
            if job is None:
                break
            self._start(job)
            busy += 1
        return not busy and not Job.objects.filter(state__in=(JobState.WAITING, JobState.RUNNING)).exists()

    def _beat(self) -> None:
        if self.row is None or time.monotonic() - self._shown_s >= SHOWN_EACH_S:
            self._shown_s = time.monotonic()
            self.row, _ = Worker.objects.update_or_create(process=this_process(), defaults={"name": process_name()})
        for run in list(self._runs):
            if not run.ended and run.stop is None:
                self._tell(run)

    def _tell(self, run: Run) -> None:
        try:
            if leases.beat(run.lease, **run.told()):
                run.stop = leases.JobCancelled("It was called off", where=run.job.uid)
            for line in run.take_lines():
                leases.write_line(run.lease, run.job.attempts, line)
        except leases.LeaseLost as lost:
            if not run.ended:
                run.stop = lost

    def _watch(self, passed_s: float) -> None:
        """Take jobs from workers that died, or were silent while this one looked on."""
        own = {run.job.pk for run in self._runs}
        there = {job.pk: job for job in Job.objects.filter(state=JobState.RUNNING).exclude(pk__in=own)}
        self._watched = {pk: watched for pk, watched in self._watched.items() if pk in there}
        for pk, job in there.items():
            watched = self._watched.setdefault(pk, _Watched((job.fence, job.beat)))
            if watched.seen != (job.fence, job.beat):
                self._watched[pk] = _Watched((job.fence, job.beat))
            else:
                # After a pause of its own it may not have seen the other beat: no round counts for more than two.
                watched.silent_s += min(passed_s, 2 * self.habits.tick_s)
            if is_dead(job.worker_process):
                leases.take_from_lost(job, why="its process ended")
            elif watched.silent_s > self.habits.lease_s:
                leases.take_from_lost(job, why=f"it was silent for {self.habits.lease_s:g} s")
        for worker in Worker.objects.all():
            if is_dead(worker.process):
                worker.delete()

    def _reap(self) -> int:
        """Let go of runs that have ended. Returns how many go on."""
        self._runs = {run: thread for run, thread in self._runs.items() if thread.is_alive()}
        return len(self._runs)

    def _start(self, job: Job) -> None:
        scratch = self.habits.scratch / job.uid
        run = Run(job=job, recipe=get_recipe(job.recipe), scratch=scratch, dask=self.habits.dask)
        # A daemon: what does not look up when the worker stops is ended with the process, and goes on with the next.
        thread = threading.Thread(target=self._do, args=(run,), name=f"job-{job.uid}", daemon=True)
        self._runs[run] = thread
        thread.start()

    def _do(self, run: Run) -> None:
        try:
            run.scratch.mkdir(parents=True, exist_ok=True)
            run.recipe.run(run)
            assert run.ended, "a recipe ends with a commit"
            shutil.rmtree(run.scratch, ignore_errors=True)
        except leases.LeaseLost as lost:
            run.stop = lost
            logger.warning("%s: %s", run.job, lost)
        except leases.JobCancelled:
            self._end(run, lambda: leases.cancelled(run.lease))
            shutil.rmtree(run.scratch, ignore_errors=True)
        except WorkerStops:
            self._end(run, lambda: leases.give_back(run.lease))
        except CisternaError as error:
            named = error
            self._end(
                run, lambda: leases.fail(run.lease, named, again=named.status >= 500 or named.retry_after_s is not None)
            )
        except DatabaseError as error:
            trouble = DatabaseTrouble(str(error).strip() or "It does not answer", where=run.job.uid)
            self._end(run, lambda: leases.fail(run.lease, trouble, again=True))
        except Exception as error:
            logger.exception("%s", run.job)
            broke = JobBroke(f"{type(error).__name__}: {error}", where=run.job.uid, fix="Tell who runs the portal")
            self._end(run, lambda: leases.fail(run.lease, broke, again=True))
        finally:
            connections.close_all()

    def _end(self, run: Run, write: Callable[[], None]) -> None:
        """Write how an attempt ended, however long the database takes to answer."""
        while True:
            try:
                if run.stop is None or not isinstance(run.stop, leases.LeaseLost):
                    leases.beat(run.lease, **run.told())
                    for line in run.take_lines():
                        leases.write_line(run.lease, run.job.attempts, line)
                write()
                break
            except leases.LeaseLost as lost:
                logger.warning("%s: %s", run.job, lost)
                break
            except DatabaseError:
                connection.close()
                time.sleep(self.habits.tick_s)
        run.ended = True

    def _leave(self) -> None:
        """Ask what runs to stop, and wait for it a while."""
        for run in self._runs:
            run.stop = run.stop or WorkerStops("It was asked to stop", where=run.job.uid)
        until = time.monotonic() + STOPPING_S
        for thread in self._runs.values():
            thread.join(max(0, until - time.monotonic()))
        if self.row is not None:
            try:
                Worker.objects.filter(pk=self.row.pk).delete()
            except DatabaseError as error:
                logger.warning("left without a word: %s", error)
