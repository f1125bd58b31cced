"""Portals that are measured: each in a home of its own, with nothing of whoever measures."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tests.benchmarks.processes import CHECKOUT, DidNotStart, running

SPECIFICATION = """
name = "cell"
title = "A cell"
licence = "CC0-1.0"
visibility = "public"
data = "data:cell.zarr"
acquisition.method = "FIB-SEM"

[[volumes]]
path = "em"
kind = "em"
title = "EM"
"""
_READY_WITHIN_S = 60


def settings_of(home: Path, port: int, **more: str) -> dict[str, str]:
    """The variables of a portal in ``home`` that answers on ``port``; what whoever measures has set is empty in it."""
    emptied = {name: "" for name in os.environ if name.startswith("CISTERNA_")}
    return emptied | {"CISTERNA_HOME": str(home), "PORT": str(port), "CISTERNA_WORKERS": "0"} | more


def manage(settings: Mapping[str, str], *arguments: str) -> None:
    """Run an operator's command."""
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=CHECKOUT, env={**os.environ, **settings}, check=True, capture_output=True)


def publish(home: Path, settings: Mapping[str, str]) -> None:
    """Publish ``cell.zarr`` of the root ``data`` in a portal that is new."""
    (home / "cell.toml").write_text(SPECIFICATION)
    manage(settings, "migrate", "--verbosity", "0")
    manage(settings, "publish", str(home / "cell.toml"))


@contextmanager
def served(settings: Mapping[str, str], log: Path, *program: str) -> Iterator[int]:
    """The process of a portal once it answers, and not only listens; ``program`` is what starts it.

    Raises:
        DidNotStart: it ended, or is not ready within ``_READY_WITHIN_S`` of listening.
    """
    port = int(settings["PORT"])
    with running([sys.executable, *(program or ("manage.py", "serve"))], port, log, **settings) as pid:
        deadline_s = time.monotonic() + _READY_WITHIN_S
        while not _is_ready(port):
            if time.monotonic() > deadline_s:
                raise DidNotStart(f"a portal: {log.read_text(errors='replace')[-500:].strip()}")
            time.sleep(0.1)
        yield pid


def _is_ready(port: int) -> bool:
    with (
        suppress(OSError, http.client.HTTPException),
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection,
    ):
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    return False


@contextmanager
def timed(samples_s: list[float]) -> Iterator[None]:
    """What the block takes is one more sample."""
    started_s = time.perf_counter()
    yield
    samples_s.append(time.perf_counter() - started_s)
