"""A portal in a folder of its own whose workers are real processes, to be killed, paused and started again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from psycopg.rows import dict_row

from tests.samples import write_image

CHECKOUT = Path(__file__).resolve().parent.parent.parent

PREPARE = """
import sys
from django.core.management import call_command
from datasets.catalogue.actions.versions import revise
from datasets.catalogue.models import Dataset
from datasets.publishing.actions import publish
from datasets.publishing.specification import check_specification
from pathlib import Path
from tests.samples import specification
call_command("migrate", verbosity=0)
publish(specification=check_specification(specification("lab:cell.zarr")), base=Path(), by=None)
revise(dataset=Dataset.objects.get(), by=None)
call_command("derive", "small-cell", "--recipe", "pyramid")
"""

LONG = (24, 23, 1300)
"""The shape of a volume that is small, and whose levels have some blocks each."""


def write_cell(folder: Path, shape: tuple[int, int, int], *, chunk: int) -> None:
    """``em`` and ``labels/cells`` of one level each, in small chunks."""
    chance = np.random.default_rng(4)
    em = chance.integers(1, 255, shape, dtype=np.uint8)
    labels = (np.indices(shape) // 9).sum(axis=0).astype(np.uint64) + np.uint64(2**60)
    write_image(folder / "em", [em], chunk=chunk)
    write_image(folder / "labels" / "cells", [labels], chunk=chunk)
    group = {"zarr_format": 3, "node_type": "group", "attributes": {}}
    for path in (folder, folder / "labels"):
        (path / "zarr.json").write_text(json.dumps(group))


class PortalHome:
    """The portal in ``home``; its data are in ``lab``, which several homes may share."""

    def __init__(self, home: Path, lab: Path, **settings: str) -> None:
        self.home = home
        home.mkdir(exist_ok=True)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CISTERNA_")},
            "CISTERNA_HOME": str(home),
            "CISTERNA_ROOT_LAB": lab.as_uri(),
            "CISTERNA_LEASE_S": "2",
            **settings,
        }

    def copy(self, home: Path) -> PortalHome:
        """The same portal in another folder."""
        shutil.copytree(self.home, home)
        other = PortalHome(home, Path("/"))
        other.environment = {**self.environment, "CISTERNA_HOME": str(home)}
        return other

    def run(self, script: str) -> str:
        """Run Python in the portal."""
        program = f"import django; django.setup()\n{script}"
        environment = {**self.environment, "DJANGO_SETTINGS_MODULE": "portal.settings", "PYTHONPATH": str(CHECKOUT)}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            env=environment, cwd=CHECKOUT, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *command: str, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """A command of manage.py, in a process group of its own."""
        with (self.home / "log").open("ab") as log:
            return subprocess.Popen(
                [*before, sys.executable, "-W", "ignore", "manage.py", *command],
                env=self.environment, cwd=CHECKOUT, start_new_session=True, stdout=log, stderr=log,
            )  # fmt: skip

    def start_worker(self, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        return self.start("worker", *arguments, before=before)

    def jobs(self) -> list[Mapping[str, Any]]:
        """The rows of all jobs, as the database has them."""
        return self._ask("SELECT * FROM processing_job ORDER BY id")

    def outcome(self) -> Mapping[str, object]:
        """What the job has made, but for where."""
        outcome: dict[str, object] = json.loads(self.jobs()[0]["outcome"])
        return {name: outcome[name] for name in ("digest", "objects", "size_bytes")}

    def log(self) -> list[str]:
        return [row["text"] for row in self._ask("SELECT text FROM processing_jobline ORDER BY id")]

    def mounts_of_draft(self) -> list[tuple[str, str]]:
        """Path and root of what the draft mounts."""
        rows = self._ask(
            "SELECT m.path, m.root FROM catalogue_mount m JOIN catalogue_datasetversion v ON v.id = m.version_id"
            " WHERE v.number IS NULL ORDER BY m.path"
        )
        return [(row["path"], row["root"]) for row in rows]

    def _ask(self, sql: str) -> list[Mapping[str, Any]]:
        if address := self.environment.get("CISTERNA_DATABASE"):
            user, _, place = address.removeprefix("postgresql://").partition("@")
            host, _, name = place.rpartition("/")
            with psycopg.connect(
                host=host.replace("%2F", "/"), dbname=name, user=user, row_factory=dict_row
            ) as connection:
                return [_as_on_sqlite(row) for row in connection.execute(sql)]
        # Closed at once: the last connection takes its files away when it goes, also from under a copy.
        with closing(sqlite3.connect(self.home / "cisterna.sqlite3", timeout=20)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql)]

    def await_state(self, state: str, *, failures: int = 0, seconds: float = 120) -> Mapping[str, Any]:
        """The job, when it has come to ``state``, after so many failures at least."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if (job := self.jobs()[0])["state"] == state and job["failures"] >= failures:
                return job
            time.sleep(0.05)
        raise AssertionError(f"It is {job['state']}: {self.log()}")


def kill(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    """Send a signal to a process and all that it has started."""
    os.killpg(process.pid, number)
    if number == signal.SIGKILL:
        process.wait()


def _as_on_sqlite(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """With JSON as text."""
    return {name: json.dumps(it) if isinstance(it, dict) else it for name, it in row.items()}
