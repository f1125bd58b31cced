"""``manage.py worker``: does the jobs that wait, one process of any number."""

import os
import signal
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings

from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.processing.worker import Habits, WorkerProcess


class Command(OperatorCommand):
    help = (
        "Do the jobs that wait, until stopped. Any number of workers may run, on any machines that reach the database "
        "and the storage. Stopped, or killed, what it was at goes on with the next."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--until-idle", action="store_true", help="end when no job waits or runs")
        parser.add_argument(
            "--with", dest="parent", type=int, metavar="PROCESS", help="end with the process that has started it"
        )

    def handle(self, *args: Any, until_idle: bool, parent: int | None, **options: Any) -> None:
        config = settings.CONFIG
        worker = WorkerProcess(
            Habits(
                scratch=config.home / "jobs",
                dask=config.dask,
                at_once=config.jobs_at_once,
                lease_s=config.lease_s,
                per_organization=config.jobs_per_organization,
                audit_each=timedelta(hours=config.audit_hours) if config.audit_hours and not until_idle else None,
            )
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop.set())
        worker.work(until=lambda idle: (until_idle and idle) or parent not in (None, os.getppid()))
