"""Pages and API over a catalogue of ten thousand datasets, two hundred thousand segmentations and a million crops, on
SQLite and on PostgreSQL; beside each, the same SQL run bare. Times are those of the server: no network is between."""

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.options import Options, Report
from tests.benchmarks.portals import settings_of
from tests.benchmarks.processes import CHECKOUT
from tests.ports import free_port
from tests.postgresql_server import find_server, postgresql

DATASETS = int(os.environ.get("BENCH_DATASETS", "10000"))


def run(options: Options, report: Report) -> None:
    with ExitStack() as stack:
        databases = {"SQLite": ""}
        if server := find_server():
            databases["PostgreSQL"] = stack.enter_context(postgresql(server, durable=True))
        else:
            report.note("Left out: PostgreSQL, which is not here: deploy/toolchain/system-parts installs it")
        for name, address in databases.items():
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-catalogue-")))
            more = {"CISTERNA_API_REQUESTS_PER_MINUTE": "0"} | ({"CISTERNA_DATABASE": address} if address else {})
            done = subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.catalogue_requests", str(DATASETS), str(options.rounds)],
                cwd=CHECKOUT,
                env={**os.environ, **settings_of(home, free_port(), **more)},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                report.note(f"Left out: {name}. {done.stderr[-800:].strip()}")
                continue
            told, *lines = done.stdout.splitlines()
            report.heading(f"{name}: {told}")
            report.columns("address                                            ",
                           "p50 ms", "p99 ms", "queries", "bare SQL ms", "ratio")  # fmt: skip
            for line in lines:
                report.row(*line.split("\t"))
