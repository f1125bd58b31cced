"""Blocks in processes of the worker, and on a cluster that loses a worker, or all of itself, on the way."""

import json
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.processing.dask_cluster import Cluster, cluster_in
from tests.processing.portal_home import PortalHome, kill


def test_processes_of_the_worker_make_the_same(
    prepared: PortalHome, undisturbed: Mapping[str, object], tmp_path: Path
) -> None:
    portal = prepared.copy(tmp_path / "home")
    portal.environment["CISTERNA_DASK"] = "local"
    assert portal.start_worker("--until-idle").wait(timeout=120) == 0
    assert portal.outcome() == undisturbed
    assert any(line.startswith("Starts ") for line in portal.log())


def lose_a_worker(cluster: Cluster) -> None:
    cluster.kill_worker()


def lose_it_all(cluster: Cluster) -> None:
    cluster.kill()
    time.sleep(1)
    cluster.start()


@pytest.mark.parametrize("lose", [lose_a_worker, lose_it_all])
def test_a_cluster_is_lost_on_the_way(
    prepared: PortalHome, undisturbed: Mapping[str, object], tmp_path: Path, lose: Callable[[Cluster], None]
) -> None:
    portal = prepared.copy(tmp_path / "home")
    roots = {"lab": portal.environment["CISTERNA_ROOT_LAB"], "own": (portal.home / "own").as_uri()}
    with cluster_in(tmp_path, roots) as cluster:
        portal.environment["CISTERNA_DASK"] = cluster.address
        worker = portal.start_worker()
        try:
            while not (job := portal.jobs()[0])["done"] and job["state"] != "done":
                time.sleep(0.02)
            lose(cluster)
            portal.await_state("done")
        finally:
            kill(worker, signal.SIGTERM)
            worker.wait(timeout=60)
    assert portal.outcome() == undisturbed


def test_without_a_scheduler_the_job_waits_and_says_why(prepared: PortalHome, tmp_path: Path) -> None:
    portal = prepared.copy(tmp_path / "home")
    portal.environment["CISTERNA_DASK"] = "tcp://127.0.0.1:9"
    worker = portal.start_worker()
    try:
        waiting = portal.await_state("waiting", failures=1)
    finally:
        kill(worker)
    assert json.loads(waiting["problem"])["type"] == "/problems/cluster-lost/"
