"""``manage.py serve``: the embedded server."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from datasets.serving.metrics import forget_processes
from datasets.serving.server import run_server


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
        run_server(
            "portal.asgi:application",
            host=config.bind,
            port=config.port,
            processes=config.processes,
            reload=options["reload"],
        )
