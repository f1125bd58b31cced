"""The database: is it there, as new as the program, and does it keep frozen rows?"""

from collections.abc import Iterator
from pathlib import Path

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from datasets.catalogue.row_rules import missing_triggers
from portal.config import Config
from portal.doctor.findings import Finding

MIGRATE = "manage.py migrate"


def database_trouble() -> str:
    """Why the catalogue cannot be asked; empty: it can."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT value FROM catalogue_revisionstamp")
    except DatabaseError as error:
        return f"{type(error).__name__}: run {MIGRATE}, and see the log"
    return ""


def check_database(config: Config) -> Iterator[Finding]:
    """Each check needs the one before."""
    name, database = "database", config.database
    if database.vendor == "sqlite" and not Path(database.name).exists():
        yield Finding.wrong(name, f"There is no {database.name} yet", MIGRATE)
        return
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
    except DatabaseError as error:
        yield Finding.wrong(
            name,
            f"The {database.vendor} database does not answer: {str(error).strip()}",
            "Start it, or mend its address: CISTERNA_DATABASE, or CISTERNA_HOME for the SQLite file",
        )
        return
    ahead = sorted(set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations))
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if ahead:
        yield Finding.wrong(
            name,
            f"The database was used by a newer portal: it has {_list(ahead)}",
            "Run the release that the database belongs to, or restore its backup",
        )
    elif plan:
        missing = [(migration.app_label, migration.name) for migration, _ in plan]
        yield Finding.wrong(name, f"Migrations are missing: {_list(missing)}", MIGRATE)
    elif triggers := missing_triggers():
        yield Finding.wrong(
            name,
            f"Frozen versions could be changed: {len(triggers)} triggers are missing, such as {triggers[0]}",
            f"{MIGRATE}, which puts them up again",
        )
    else:
        yield Finding.ok(name, f"{database.vendor}, all migrations applied, frozen rows held")


def _list(migrations: list[tuple[str, str]]) -> str:
    names = [f"{app}.{name}" for app, name in migrations]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
