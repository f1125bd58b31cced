"""A job is one worker's at a time, and what counts is said by the row: never by a clock of another machine."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError
from django.utils import timezone

from datasets.catalogue.models import DatasetVersion, Organization
from datasets.processing.actions import leases
from datasets.processing.actions.jobs import JobEnded, JobLive, cancel, enqueue, retry
from datasets.processing.actions.leases import JobCancelled, Lease, LeaseLost
from datasets.processing.models import Job, JobState, Worker
from datasets.processing.processes import is_dead, this_process
from datasets.processing.recipes import MANIFEST, get_recipe
from datasets.processing.worker import Habits, WorkerProcess
from datasets.storage.errors import StorageUnavailable
from datasets.volumes.errors import CisternaError

type Claimed = Callable[..., Job | None]


@pytest.fixture
def job(small_cell: DatasetVersion) -> Job:
    return enqueue(recipe="manifest", reference="small-cell", by=None)[0]


def lease_of(job: Job | None) -> Lease:
    assert job is not None
    return Lease(job.pk, job.fence)


def test_the_same_asked_for_twice_is_one_job_until_it_ends(job: Job) -> None:
    assert enqueue(recipe="manifest", reference="small-cell@1", by=None) == (job, False)
    cancel(uid=job.uid, by=None)
    again, created = enqueue(recipe="manifest", reference="small-cell", by=None)
    assert created
    assert again != job


def test_a_job_is_claimed_once(job: Job, claimed: Claimed) -> None:
    first = claimed("a")
    assert first is not None
    assert (first.state, first.worker, first.fence, first.attempts) == (JobState.RUNNING, "a", 1, 1)
    assert claimed("b") is None


def test_what_wakes_after_its_lease_is_gone_changes_nothing(job: Job, claimed: Claimed) -> None:
    paused = lease_of(claimed("paused"))
    assert leases.take_from_lost(Job.objects.get(), why="silent")
    other = lease_of(claimed("other"))
    assert other.fence > paused.fence

    with pytest.raises(LeaseLost):
        leases.beat(paused, done=7)
    with pytest.raises(LeaseLost), leases.ending(paused, {"mine": True}):
        pytest.fail("it is not let in")
    with pytest.raises(LeaseLost):
        leases.fail(paused, StorageUnavailable("gone"), again=False)
    with pytest.raises(LeaseLost):
        leases.give_back(paused)
    with leases.ending(other, {"mine": True}):
        pass
    ended = Job.objects.get()
    assert (ended.state, ended.outcome, ended.done) == (JobState.DONE, {"mine": True}, 0)


def test_what_is_made_visible_and_the_end_of_the_job_are_one(job: Job, claimed: Claimed) -> None:
    lease = lease_of(claimed())

    def make_visible() -> None:
        with leases.ending(lease, {"made": 1}):
            Organization.objects.create(name="made-visible", title="-")
            Organization.objects.create(name="made-visible", title="the name is taken")

    with pytest.raises(IntegrityError):
        make_visible()
    assert Job.objects.get().state == JobState.RUNNING
    assert not Organization.objects.exists()


def test_a_worker_that_beats_is_not_lost(job: Job, claimed: Claimed) -> None:
    lease = lease_of(claimed())
    seen = Job.objects.get()
    leases.beat(lease)
    assert not leases.take_from_lost(seen, why="looked silent")
    assert Job.objects.get().state == JobState.RUNNING


def watching(lease_s: float = 10) -> WorkerProcess:
    return WorkerProcess(Habits(scratch=Path("never"), lease_s=lease_s))


def test_silence_is_measured_by_who_looks_on(job: Job, claimed: Claimed) -> None:
    lease = lease_of(claimed())
    other = watching()
    Job.objects.update(beat_at=timezone.now() - timedelta(days=1))  # the other machine's clock is no matter
    for _ in range(11):
        other._watch(1)
    assert Job.objects.get().state == JobState.WAITING
    assert "silent for 10 s" in Job.objects.get().lines.last().text
    with pytest.raises(LeaseLost):
        leases.beat(lease)


def test_beats_begin_the_silence_anew(job: Job, claimed: Claimed) -> None:
    lease = lease_of(claimed())
    other = watching()
    for _ in range(3):
        for _ in range(9):
            other._watch(1)
        leases.beat(lease)
        Job.objects.update(beat_at=timezone.now() + timedelta(minutes=1))
    assert Job.objects.get().state == JobState.RUNNING


def test_who_was_paused_itself_takes_nothing_when_it_wakes(job: Job, claimed: Claimed) -> None:
    claimed()
    other = watching()
    other._watch(1)
    other._watch(3600)
    assert Job.objects.get().state == JobState.RUNNING


def test_a_process_that_ended_on_this_machine_is_lost_at_once(job: Job, claimed: Claimed) -> None:
    script = "from datasets.processing.processes import this_process; print(this_process())"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert is_dead(ended)
    assert not is_dead(this_process())
    assert not is_dead(ended.replace(ended.partition(".")[0], "another-boot"))
    claimed()
    Job.objects.update(worker_process=ended)
    watching()._watch(0)
    assert Job.objects.get().state == JobState.WAITING


def test_limits_of_recipes_and_organizations(
    job: Job, claimed: Claimed, worker: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b", "c"):
        version = DatasetVersion.objects.get(number=1)
        Job.objects.create(
            recipe="manifest", subject=name, dataset=version.dataset, version=version, parameters_digest=name
        )
    lab = Organization.objects.create(name="lab", title="Lab")
    version.dataset.organization = lab
    version.dataset.save()
    assert claimed(per_organization=1) == job
    assert claimed(per_organization=1) is None
    assert get_recipe("manifest").at_once == 2
    assert claimed() is not None
    assert claimed() is None  # the recipe's own limit


@pytest.mark.parametrize(("again", "state"), [(True, JobState.WAITING), (False, JobState.FAILED)])
def test_what_fails_waits_longer_each_time_and_ends(job: Job, claimed: Claimed, again: bool, state: JobState) -> None:
    error = StorageUnavailable("The disk is full", where="own", fix="Make room")
    lease = lease_of(claimed())
    leases.fail(lease, error, again=again)
    failed = Job.objects.get()
    assert failed.state == state
    assert failed.problem == error.problem()
    if not again:
        return
    waits = []
    for _ in range(leases.MOST_FAILURES - 1):
        row = Job.objects.get()
        assert row.not_before is not None
        waits.append((row.not_before - timezone.now()).total_seconds())
        assert claimed() is None
        Job.objects.update(not_before=timezone.now())
        leases.fail(lease_of(claimed()), error, again=True)
    assert waits == sorted(waits)
    assert Job.objects.get().state == JobState.FAILED


def test_a_job_that_ends_its_workers_fails_unless_it_gets_on(job: Job, claimed: Claimed) -> None:
    for _ in range(leases.MOST_LOSSES - 1):
        claimed()
        leases.take_from_lost(Job.objects.get(), why="killed")
    leases.beat(lease_of(claimed()), losses=0)  # as a run tells that has done something
    for _ in range(leases.MOST_LOSSES):
        assert Job.objects.get().is_live
        leases.take_from_lost(Job.objects.get(), why="killed")
        claimed()
    failed = Job.objects.get()
    assert (failed.state, failed.problem["type"]) == (JobState.FAILED, "/problems/workers-lost/")


def test_calling_off(job: Job, claimed: Claimed) -> None:
    lease = lease_of(claimed())
    assert not leases.beat(lease)
    cancel(uid=job.uid, by=None)
    assert leases.beat(lease)
    with pytest.raises(JobCancelled), leases.ending(lease, {}):
        pytest.fail("nothing of it is shown")
    leases.cancelled(lease)
    assert Job.objects.get().state == JobState.CANCELLED
    with pytest.raises(JobEnded):
        cancel(uid=job.uid, by=None)


def test_a_job_called_off_ends_though_its_worker_is_lost(job: Job, claimed: Claimed) -> None:
    claimed()
    cancel(uid=job.uid, by=None)
    leases.take_from_lost(Job.objects.get(), why="killed")
    assert Job.objects.get().state == JobState.CANCELLED


def test_trying_again_goes_on_with_what_is_done(job: Job, claimed: Claimed) -> None:
    with pytest.raises(JobLive):
        retry(uid=job.uid, by=None)
    lease = lease_of(claimed())
    leases.beat(lease, plan_digest="f" * 64, blocks_done=b"\x05")
    leases.fail(lease, StorageUnavailable("gone"), again=False)
    retried = retry(uid=job.uid, by=None)
    assert (retried.state, bytes(Job.objects.get().blocks_done)) == (JobState.WAITING, b"\x05")
    cancel(uid=retried.uid, by=None)
    enqueue(recipe="manifest", reference="small-cell", by=None)
    with pytest.raises(JobLive, match="Another job does the same"):
        retry(uid=job.uid, by=None)


def test_what_is_given_back_goes_to_the_next_without_counting(job: Job, claimed: Claimed) -> None:
    leases.give_back(lease_of(claimed()))
    row = Job.objects.get()
    assert (row.state, row.failures, row.losses) == (JobState.WAITING, 0, 0)
    assert claimed("b") is not None


def test_a_log_ends(job: Job, claimed: Claimed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "MOST_LINES", 3)
    lease = lease_of(claimed())
    for number in range(5):
        leases.write_line(lease, 1, f"line {number}")
    assert [line.text for line in job.lines.all()] == ["Begun by a", "line 0", "The log is full"]


def test_recipes_are_asked_for_by_name_with_what_they_take(small_cell: DatasetVersion) -> None:
    def refusal(recipe: str, reference: str, **parameters: object) -> CisternaError:
        with pytest.raises(CisternaError) as caught:
            enqueue(recipe=recipe, reference=reference, parameters=parameters, by=None)
        return caught.value

    assert refusal("magic", "small-cell").slug == "recipe-unknown"
    assert refusal("manifest", "small-cell", path="em").slug == "parameters-invalid"
    assert refusal("pyramid", "small-cell@1", path=3).slug in ("not-for-this", "parameters-invalid")
    assert "Revise" in refusal("pyramid", "small-cell@1").fix
    assert refusal("pyramid", "small-cell").slug == "name-unknown"  # it has no draft
    assert refusal("manifest", "small-cell@7").slug == "name-unknown"
    assert not Job.objects.exists()


def test_two_recipes_of_one_name_are_refused() -> None:
    from datasets.processing.recipes import register

    register(MANIFEST)
    with pytest.raises(AssertionError):
        register(replace(MANIFEST, title="Another"))
