"""A real Dask scheduler with worker processes, as an operator starts them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.ports import free_port

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def cluster_in(folder: Path, roots: Mapping[str, Path], *, workers: int = 2) -> Iterator[str]:
    """Its address. The workers have the roots from their own environment."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CISTERNA_")},
        "CISTERNA_HOME": str(folder / "dask-home"),
        **{f"CISTERNA_ROOT_{name.upper()}": path.as_uri() for name, path in roots.items()},
        "PYTHONPATH": str(CHECKOUT),
    }
    quiet = [sys.executable, "-W", "ignore", "-m"]
    scheduler = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = [
        "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
        "--local-directory", str(folder / "dask"), "--preload", "portal.worker_setup",
    ]  # fmt: skip
    with ExitStack() as running:
        log = running.enter_context((folder / "dask.log").open("ab"))
        for command in (scheduler, *[worker] * workers):
            process = subprocess.Popen([*quiet, *command], env=environment, cwd=CHECKOUT, stderr=log)
            running.callback(process.wait)
            running.callback(process.kill)
        _await_workers(address, workers)
        yield address


def _await_workers(address: str, count: int) -> None:
    from distributed import Client

    until = time.monotonic() + 60
    while True:
        try:
            with Client(address, timeout="2s", set_as_default=False) as client:
                client.wait_for_workers(count, timeout=until - time.monotonic())
                return
        except OSError:
            if time.monotonic() > until:
                raise
