"""``manage.py serve``: the embedded server."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Serve the portal: pages, API and data, in one or more processes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reload", action="store_true", help="start again when a source file changes")

    def handle(self, *args: Any, **options: Any) -> None:
        config = settings.CONFIG
        call_command("collectstatic", interactive=False, verbosity=0)
        command = [
            sys.executable, "-m", "granian", "portal.asgi:application",
            "--interface", "asginl", "--no-ws",  # Django has no lifespan
            "--host", config.bind, "--port", str(config.port),
            "--workers", str(config.processes),
            "--workers-kill-timeout", "5",
            "--respawn-failed-workers",
        ]  # fmt: skip
        if options["reload"]:
            command.append("--reload")
        self.stdout.write(f"Cisterna is at {config.public_url or f'http://{config.bind}:{config.port}'}/")
        self.stdout.flush()
        os.execv(command[0], command)  # noqa: S606 (nothing of it comes from outside)
