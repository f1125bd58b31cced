"""A real Dask scheduler with worker processes, as an operator starts them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

CHECKOUT = Path(__file__).resolve().parent.parent.parent


class Cluster:
    """Its processes, which can be killed and started again; the address stays. Workers have the roots from their own
    environment."""

    def __init__(self, folder: Path, roots: Mapping[str, str]) -> None:
        self._port = free_port()
        self.address = f"tcp://127.0.0.1:{self._port}"
        self._folder = folder
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CISTERNA_")},
            "CISTERNA_HOME": str(folder / "dask-home"),
            **{f"CISTERNA_ROOT_{name.upper()}": url for name, url in roots.items()},
            "PYTHONPATH": str(CHECKOUT),
        }
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, workers: int = 2) -> None:
        """What does not run yet. Ends when all workers are known to the scheduler."""
        if self.scheduler is None:
            self.scheduler = self._start("dask_scheduler", "--host", "127.0.0.1", "--port", str(self._port))
        while len(self.workers) < workers:
            self.workers.append(
                self._start(
                    "dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--preload", "portal.worker_setup",
                    "--local-directory", str(self._folder / "dask"),
                )
            )  # fmt: skip
        self._await_workers(workers)

    def _start(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-W", "ignore", "-m", f"distributed.cli.{program}", *arguments, "--no-dashboard"]
        with (self._folder / "dask.log").open("ab") as log:
            return subprocess.Popen(command, env=self._environment, cwd=CHECKOUT, stderr=log)

    def kill_worker(self) -> None:
        _kill(self.workers.pop())

    def kill(self) -> None:
        """All of it."""
        while self.workers:
            self.kill_worker()
        if self.scheduler is not None:
            _kill(self.scheduler)
            self.scheduler = None

    def _await_workers(self, count: int) -> None:
        from distributed import Client

        until = time.monotonic() + 60
        while True:
            try:
                with Client(self.address, timeout="2s", set_as_default=False) as client:
                    client.wait_for_workers(count, timeout=until - time.monotonic())
                    return
            except OSError:
                if time.monotonic() > until:
                    raise


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


@contextmanager
def cluster_in(folder: Path, roots: Mapping[str, str], *, workers: int = 2) -> Iterator[Cluster]:
    """A cluster that runs while the block does."""
    cluster = Cluster(folder, roots)
    try:
        cluster.start(workers)
        yield cluster
    finally:
        cluster.kill()
