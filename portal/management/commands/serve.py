"""``manage.py serve``: the embedded server."""

import os
import subprocess
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from datasets.serving.metrics import forget_processes
from datasets.serving.server import run_server
from portal.config import CHECKOUT

AGAIN_AFTER_S = 1


class Command(BaseCommand):
    help = "Serve the portal: pages, API and data, in one or more processes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reload", action="store_true", help="start again when a source file changes")

    def handle(self, *args: Any, **options: Any) -> None:
        config = settings.CONFIG
        call_command("collectstatic", interactive=False, verbosity=0)
        forget_processes(config.home / "metrics")
        self.stdout.write(f"Cisterna is at {config.public_url or f'http://{config.bind}:{config.port}'}/")
        self.stdout.flush()
        with workers_beside(config.workers):
            run_server(
                "portal.asgi:application",
                host=config.bind,
                port=config.port,
                processes=config.processes,
                reload=options["reload"],
            )


@contextmanager
def workers_beside(count: int) -> Iterator[None]:
    """So many workers while the server runs. They end with this process, however it ends; one that dies is started
    again."""
    ends = threading.Event()
    keepers = [threading.Thread(target=_keep_worker, args=(ends,), daemon=True) for _ in range(count)]
    for keeper in keepers:
        keeper.start()
    try:
        yield
    finally:
        ends.set()
        for keeper in keepers:
            keeper.join()


def _keep_worker(ends: threading.Event) -> None:
    while not ends.is_set():
        command = [sys.executable, str(CHECKOUT / "manage.py"), "worker", "--with", str(os.getpid())]
        worker = subprocess.Popen(command)  # noqa: S603
        while worker.poll() is None and not ends.wait(AGAIN_AFTER_S):
            pass
        if worker.poll() is None:
            worker.terminate()
            worker.wait()
        ends.wait(AGAIN_AFTER_S)
