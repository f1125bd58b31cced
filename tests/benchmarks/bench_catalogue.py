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
            (home / "own").mkdir()  # where pages look for pictures
            more = {"CISTERNA_API_REQUESTS_PER_MINUTE": "0"} | ({"CISTERNA_DATABASE": address} if address else {})
            program = [sys.executable, "-m", "tests.benchmarks.catalogue_requests"]
            environment = {**os.environ, **settings_of(home, free_port(), **more)}
            subprocess.run([*program, "make", str(DATASETS)], cwd=CHECKOUT, env=environment, check=True)
            command = [*program, "ask", str(DATASETS), str(options.rounds)]
            with (home / "errors").open("w+") as errors:
                with subprocess.Popen(
                    command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
                ) as asking:
                    assert asking.stdout is not None
                    for number, line in enumerate(asking.stdout):
                        _tell(report, name, number, line.rstrip("\n"))
                if asking.returncode:
                    errors.seek(0)
                    report.note(f"{name} came to no end. {errors.read()[-800:].strip()}")


def _tell(report: Report, name: str, number: int, line: str) -> None:
    """One line of what asks: the first is of the catalogue, the others of an address each."""
    if number:
        report.row(*line.split("\t"))
        return
    report.heading(f"{name}: {line}")
    columns = ("p50 ms", "p99 ms", "queries", "bare SQL ms", "ratio")
    report.columns("address".ljust(34), *columns)
