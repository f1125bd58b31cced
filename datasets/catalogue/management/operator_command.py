"""What the operator's commands have in common."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

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
        except DatabaseError as error:
            if _is_behind():
                raise CommandError("The database is empty, or of an earlier version: run manage.py migrate") from error
            raise


def _is_behind() -> bool:
    """Whether the database lacks what this version of the portal writes into it."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
