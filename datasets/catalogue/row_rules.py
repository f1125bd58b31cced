"""Rules about rows that no constraint can say, held in the database itself, below the ORM: by triggers.

- A frozen version's rows refuse change. Except: published → retired with its reason and successor, and the manifest
  digest once from empty to its value.
- No organelle class is a part of itself, through however many others.

The triggers belong to no migration. They are taken down before migrations run and put up anew after them: they name
columns, and SQLite loses a table's triggers when a migration rewrites it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

_OF_VOLUME = "(SELECT version_id FROM catalogue_volume WHERE id = {row}.volume_id)"

# Each table of a version's content, and the SQL that finds its version's id from a row.
_CONTENT = {
    **dict.fromkeys(("Mount", "Specimen", "Acquisition", "CoordinateSpace", "Volume", "Crop"), "{row}.version_id"),
    **dict.fromkeys(("View", "Contribution", "Affiliation", "Publication"), "{row}.version_id"),
    **dict.fromkeys(("Segmentation", "ExternalMesh", "Transform"), _OF_VOLUME),
    "SpecimenTerm": "(SELECT version_id FROM catalogue_specimen WHERE id = {row}.specimen_id)",
    "CropCoverage": "(SELECT version_id FROM catalogue_crop WHERE id = {row}.crop_id)",
    "Coverage": (
        "(SELECT v.version_id FROM catalogue_volume v JOIN catalogue_segmentation s ON s.volume_id = v.id"
        " WHERE s.id = {row}.segmentation_id)"
    ),
}
_FROZEN = "a frozen version does not change"
_CYCLE = "an organelle class cannot be a part of itself"
_LINEAGE = (
    "NEW.parent_id IS NOT NULL AND EXISTS (WITH RECURSIVE above(id) AS (SELECT NEW.parent_id UNION"
    " SELECT o.parent_id FROM {table} o JOIN above a ON o.id = a.id WHERE o.parent_id IS NOT NULL)"
    " SELECT 1 FROM above WHERE id = NEW.id)"
)
_FREE_AFTER_FREEZING = {"state", "retired_reason", "successor_id", "manifest_digest"}
_PREFIXES = ("frozen_", "acyclic_")


@dataclass(frozen=True)
class _Trigger:
    """Before ``event`` on ``table``, refuse where ``condition`` (in PostgreSQL's SQL) holds."""

    name: str
    table: str
    event: str
    condition: str
    refusal: str = _FROZEN

    def create_on_sqlite(self) -> str:
        condition = self.condition.replace(" IS DISTINCT FROM ", " IS NOT ")  # which SQLite has only from 3.39 on
        return (
            f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table} WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{self.refusal}'); END"
        )

    def create_on_postgresql(self) -> str:
        """With a function of its own: the condition of a PostgreSQL trigger may not ask other tables."""
        return (
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN"
            f" IF {self.condition} THEN"
            f" RAISE EXCEPTION '{self.refusal}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
            f" RETURN {'OLD' if self.event == 'DELETE' else 'NEW'}; END $body$;"
            f" CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table}"
            f" FOR EACH ROW EXECUTE FUNCTION {self.name}()"
        )


def hold_rules(using: str, **_: Any) -> None:
    """Put the triggers up, as they are written here."""
    release_rules(using)
    connection = connections[using]
    with connection.cursor() as cursor:
        if not set(connection.introspection.table_names(cursor)).issuperset(trigger.table for trigger in _triggers()):
            return  # migrated back to before they existed
        for trigger in _triggers():
            is_sqlite = connection.vendor == "sqlite"
            cursor.execute(trigger.create_on_sqlite() if is_sqlite else trigger.create_on_postgresql())


def release_rules(using: str, **_: Any) -> None:
    """Take the triggers down, those of an earlier release too, so that a migration can rewrite tables."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name in _present(connection):
            if connection.vendor == "sqlite":
                cursor.execute(f'DROP TRIGGER "{name}"')
            else:
                cursor.execute(f'DROP FUNCTION "{name}"() CASCADE')


def missing_triggers(using: str = "default") -> list[str]:
    """The names of the triggers that should be there and are not."""
    return sorted({trigger.name for trigger in _triggers()} - set(_present(connections[using])))


def _present(connection: BaseDatabaseWrapper) -> list[str]:
    if connection.vendor == "sqlite":
        question = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        question = (
            "SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
        )
    with connection.cursor() as cursor:
        cursor.execute(question)
        return [name for (name,) in cursor.fetchall() if name.startswith(_PREFIXES)]


def _triggers() -> Iterator[_Trigger]:
    versions = apps.get_model("catalogue", "DatasetVersion")._meta
    kept = " OR ".join(
        f'OLD."{field.column}" IS DISTINCT FROM NEW."{field.column}"'
        for field in versions.local_concrete_fields
        if field.column not in _FREE_AFTER_FREEZING
    )
    yield _Trigger(
        "frozen_datasetversion_update",
        versions.db_table,
        "UPDATE",
        f"OLD.number IS NOT NULL AND ({kept}"
        " OR NOT (OLD.state = NEW.state OR (OLD.state = 'published' AND NEW.state = 'retired'))"
        " OR (OLD.state = 'retired' AND (OLD.retired_reason IS DISTINCT FROM NEW.retired_reason"
        " OR (OLD.successor_id IS NOT NULL AND OLD.successor_id IS DISTINCT FROM NEW.successor_id)))"
        " OR (OLD.manifest_digest <> '' AND OLD.manifest_digest IS DISTINCT FROM NEW.manifest_digest))",
    )
    yield _Trigger("frozen_datasetversion_delete", versions.db_table, "DELETE", "OLD.number IS NOT NULL")
    for model, version_id in _CONTENT.items():
        table = apps.get_model("catalogue", model)._meta.db_table
        for event, rows in (("INSERT", ["NEW"]), ("UPDATE", ["OLD", "NEW"]), ("DELETE", ["OLD"])):
            owners = ", ".join(version_id.format(row=row) for row in rows)
            yield _Trigger(
                f"frozen_{model.lower()}_{event.lower()}",
                table,
                event,
                f"EXISTS (SELECT 1 FROM {versions.db_table} WHERE id IN ({owners}) AND number IS NOT NULL)",  # noqa: S608
            )
    classes = apps.get_model("catalogue", "OrganelleClass")._meta.db_table
    for event in ("INSERT", "UPDATE"):
        yield _Trigger(
            f"acyclic_{classes.removeprefix('catalogue_')}_{event.lower()}",
            classes,
            event,
            _LINEAGE.format(table=classes),
            _CYCLE,
        )
