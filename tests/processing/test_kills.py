"""Workers are killed, paused, and stand still; the job ends, and what it made is what an undisturbed one makes."""

import itertools
import random
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from tests.processing.portal_home import PortalHome, kill

KILLS = 10
REAL_PAUSES = ("env", "FAKETIME_DONT_FAKE_MONOTONIC=1")
"""It tells another time of day; how long it waits is as it was."""


def test_a_job_survives_its_workers(prepared: PortalHome, undisturbed: Mapping[str, object], tmp_path: Path) -> None:
    """Every second worker is killed when it has got on: one that never does is what ends a job."""
    given = prepared.mounts_of_draft()
    chance = random.Random(11)
    kills = 0
    for turn in itertools.count():
        portal = prepared.copy(tmp_path / f"home-{turn}")
        while kills < KILLS and portal.jobs()[0]["state"] != "done":
            worker = portal.start_worker()
            _await_job_of(portal, worker.pid, gets_on=bool(kills % 2))
            time.sleep(chance.uniform(0, 0.3))
            kill(worker)
            kills += 1
            if portal.jobs()[0]["state"] != "done":
                assert portal.mounts_of_draft() == given, "nothing half-made is visible"
        assert portal.start_worker("--until-idle").wait(timeout=120) == 0
        assert portal.jobs()[0]["state"] == "done", portal.log()
        assert portal.outcome() == undisturbed
        assert {root for path, root in portal.mounts_of_draft() if path not in dict(given)} == {"own"}
        if kills == KILLS:
            break


def _await_job_of(portal: PortalHome, pid: int, *, gets_on: bool) -> None:
    """Until the worker has the job, and has done a part of it where it ``gets_on``; or the job is done."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        job = portal.jobs()[0]
        is_its_own = str(job["worker"]).endswith(f":{pid}") and job["state"] == "running"
        if job["state"] == "done" or (is_its_own and (job["done"] > job["before"] or not gets_on)):
            return
        time.sleep(0.02)
    raise AssertionError(portal.log())


def test_a_paused_worker_that_wakes_has_lost_its_job(
    prepared: PortalHome, undisturbed: Mapping[str, object], tmp_path: Path, faketime: Path
) -> None:
    """The other worker's clock is a minute ahead."""
    portal = prepared.copy(tmp_path / "home")
    paused = portal.start_worker()
    portal.await_state("running")
    time.sleep(0.3)
    kill(paused, signal.SIGSTOP)
    try:
        other = portal.start_worker("--until-idle", before=(*REAL_PAUSES, str(faketime), "-f", "+60s"))
        assert other.wait(timeout=300) == 0
        first = portal.await_state("done")
    finally:
        kill(paused, signal.SIGCONT)
    time.sleep(2)
    kill(paused, signal.SIGTERM)
    paused.wait(timeout=30)
    assert portal.jobs() == [first], "what it wrote after it woke does not count"
    assert any("was silent for 2 s" in line for line in portal.log())
    assert portal.outcome() == undisturbed


def test_a_worker_that_is_stopped_gives_its_job_back(prepared: PortalHome, tmp_path: Path) -> None:
    portal = prepared.copy(tmp_path / "home")
    worker = portal.start_worker()
    portal.await_state("running")
    worker.terminate()
    assert worker.wait(timeout=30) == 0
    job = portal.jobs()[0]
    assert (job["state"], job["losses"], job["failures"]) in [("waiting", 0, 0), ("done", 0, 0)]
