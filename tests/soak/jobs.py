"""Workers, Dask's workers and its scheduler are killed with -9 at moments of chance, while jobs make levels.

    python -m tests.soak.jobs FOLDER --kills 100 --seed 1

Ends with 1 where a job ended otherwise than done, made anything else than an undisturbed one, or showed half of it.
"""

import argparse
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.processing.dask_cluster import Cluster, cluster_in
from tests.processing.portal_home import LONG, PREPARE, PortalHome, kill, write_cell

PATIENCE_S = 300


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    given = options.parse_args()
    folder, chance = given.folder.resolve(), random.Random(given.seed)
    print(f"--seed {given.seed}")
    folder.mkdir(parents=True)
    write_cell(folder / "lab" / "cell.zarr", LONG, chunk=8)
    prepared = PortalHome(folder / "home", folder / "lab")
    prepared.run(PREPARE)
    plain = prepared.copy(folder / "plain")
    assert plain.start_worker("--until-idle").wait() == 0
    expected, seen = plain.outcome(), Counter[str]()
    while seen.total() < given.kills:
        portal = prepared.copy(folder / f"job-{seen.total()}")
        trouble = disturb(portal, prepared.mounts_of_draft(), chance, seen)
        if not trouble and portal.outcome() != expected:
            trouble = f"it made {portal.outcome()}, and undisturbed {expected}"
        if trouble:
            print(f"{portal.home}: {trouble}", *portal.log(), sep="\n")
            return 1
    print(f"Killed, and every job ended right: {dict(seen)}")
    return 0


def disturb(portal: PortalHome, given: object, chance: random.Random, seen: Counter[str]) -> str:
    """One job to its end, with kills on its way. Returns what went wrong."""
    roots = {"lab": portal.environment["CISTERNA_ROOT_LAB"], "own": (portal.home / "own").as_uri()}
    (portal.home / "cluster").mkdir()
    with cluster_in(portal.home / "cluster", roots) as cluster:
        portal.environment["CISTERNA_DASK"] = chance.choice(["threads", cluster.address])
        worker = portal.start_worker()
        until = time.monotonic() + PATIENCE_S
        try:
            while (job := portal.jobs()[0])["state"] != "done":
                if job["state"] not in ("waiting", "running") or time.monotonic() > until:
                    return f"it is {job['state']}: {job['problem']}"
                if portal.mounts_of_draft() != given and portal.jobs()[0]["state"] != "done":
                    return "half of it is visible"
                if job["done"] > job["before"]:  # what never gets on ends after five losses, as it should
                    worker = kill_one(portal, cluster, worker, chance, seen)
                time.sleep(chance.uniform(0, 0.5))
        finally:
            kill(worker)
    return ""


def kill_one(
    portal: PortalHome, cluster: Cluster, worker: "subprocess.Popen[bytes]", chance: random.Random, seen: Counter[str]
) -> "subprocess.Popen[bytes]":
    """Kill something, and start it again. Returns the worker that runs now."""
    victim = chance.choice(["worker", "Dask worker", "Dask scheduler"])
    seen[victim] += 1
    if victim == "worker":
        kill(worker)
        return portal.start_worker()
    if victim == "Dask worker":
        cluster.kill_worker()
    else:
        cluster.kill()
    cluster.start()
    return worker


if __name__ == "__main__":
    sys.exit(main())
