"""What the operator's commands have in common."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from datasets.volumes.errors import CisternaError


class OperatorCommand(BaseCommand):
    """A command that says in one line what could not be done, and why.

    Django's checks are left to ``manage.py check`` and to the server's start: they load every page, which takes longer
    than most commands.
    """

    requires_system_checks = ()

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except CisternaError as error:
            raise CommandError(f"{error.slug}: {error}") from error
