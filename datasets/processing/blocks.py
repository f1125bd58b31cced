"""Running one function for each block of a plan: in threads, in processes beside the worker, or on a cluster.

The function is the same everywhere, and is handed names of roots, never a credential: each process has its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from datasets.processing.runs import Run
from datasets.volumes.errors import CisternaError

SMALL_BYTES = 8 * 1024**3
"""Less than that is read by threads of the worker itself: a cluster of processes takes five seconds to start."""

PRELOAD = "portal.worker_setup"
LOOK_UP_S = 0.5


class ClusterLost(CisternaError):
    """The Dask scheduler, or its workers, are gone."""

    slug = "cluster-lost"
    status = 503
    title = "The cluster is gone"


@dataclass(frozen=True)
class Pool:
    """Where blocks are run: so many at a time."""

    executor: Executor
    at_once: int
    is_alive: Callable[[], bool] = lambda: True


def run_blocks[Block, Result](
    run: Run, pool: Pool, function: Callable[[Block], Result], blocks: Iterable[tuple[int, Block]]
) -> Iterator[tuple[int, Result]]:
    """Call ``function`` for each block that is not done yet, and yield each number and result when its block is done.

    A few more are handed over than run, so that nobody waits for work, and no more, so that memory is bounded.

    Raises:
        LeaseLost, JobCancelled, WorkerStops: those that were begun are waited for.
        ClusterLost: the cluster is gone.
        CisternaError: what a block raised.
    """
    waiting = ((number, block) for number, block in blocks if not run.is_done(number))
    running: dict[Future[Any], int] = {}
    try:
        while True:
            while len(running) < pool.at_once * 2 and (following := next(waiting, None)) is not None:
                number, block = following
                running[pool.executor.submit(function, block)] = number
            if not running:
                return
            done, _ = wait(running, timeout=LOOK_UP_S, return_when=FIRST_COMPLETED)
            for future in done:
                number = running.pop(future)
                try:
                    result = future.result()
                except CancelledError:
                    raise _lost() from None
                run.mark_done(number)
                yield number, result
            if not pool.is_alive():
                raise _lost()
            run.check()
    finally:
        for future in running:
            future.cancel()
        if pool.is_alive():
            wait(running, timeout=60)


def _lost() -> ClusterLost:
    return ClusterLost("The Dask scheduler does not answer any more", fix="Look at the scheduler and its workers")


@contextmanager
def open_pool(run: Run, *, reads_bytes: int) -> Iterator[Pool]:
    """What the configuration says (CISTERNA_DASK), or what fits the work.

    Raises:
        ClusterLost: the scheduler does not answer.
    """
    choice = run.dask or ("threads" if reads_bytes < SMALL_BYTES else "local")
    cores = os.cpu_count() or 1
    if choice == "threads":
        with ThreadPoolExecutor(cores, thread_name_prefix="block") as threads:
            yield Pool(threads, cores)
    elif choice == "local":
        from distributed import LocalCluster

        run.say(f"Starts {cores} processes")
        with LocalCluster(
            n_workers=cores,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            preload=[PRELOAD],
            silence_logs=50,
        ) as cluster:
            yield from _client(cluster)
    else:
        yield from _client(choice)


def _client(where: Any) -> Iterator[Pool]:
    from distributed import Client

    try:
        client = Client(where, set_as_default=False, timeout="20s")
    except OSError as error:
        raise ClusterLost(
            "The Dask scheduler does not answer", where=str(where), fix="Start it, or change CISTERNA_DASK"
        ) from error
    try:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ClusterLost("The Dask scheduler has no workers", where=str(where), fix="Start some")
        executor: Executor = client.get_executor(pure=False)
        yield Pool(executor, threads, lambda: client.status == "running")
    finally:
        client.close(timeout=5)
