"""A frozen version's rows refuse change in the database itself, below the ORM.

Except: published → retired with its reason and successor, and the manifest digest once from empty to its value.
"""

from django.db import migrations

# Each table of a version's content, and the SQL that finds its version's id from a row.
CONTENT = {
    "Mount": "{row}.version_id",
    "Specimen": "{row}.version_id",
    "Acquisition": "{row}.version_id",
    "Volume": "{row}.version_id",
    "View": "{row}.version_id",
    "Contribution": "{row}.version_id",
    "Publication": "{row}.version_id",
    "Segmentation": "(SELECT version_id FROM catalogue_volume WHERE id = {row}.volume_id)",
    "Coverage": (
        "(SELECT v.version_id FROM catalogue_volume v JOIN catalogue_segmentation s ON s.volume_id = v.id"
        " WHERE s.id = {row}.segmentation_id)"
    ),
}
FREE_AFTER_FREEZING = {"state", "retired_reason", "successor_id", "manifest_digest"}


def _statements(apps):
    version_table = "catalogue_datasetversion"
    columns = [f.column for f in apps.get_model("catalogue", "DatasetVersion")._meta.local_concrete_fields]
    kept = " OR ".join(f'OLD."{c}" IS NOT NEW."{c}"' for c in columns if c not in FREE_AFTER_FREEZING)
    yield (
        "frozen_datasetversion_update",
        version_table,
        "UPDATE",
        f"OLD.number IS NOT NULL AND ({kept}"
        " OR NOT (OLD.state = NEW.state OR (OLD.state = 'published' AND NEW.state = 'retired'))"
        " OR (OLD.state = 'retired' AND (OLD.retired_reason IS NOT NEW.retired_reason"
        " OR (OLD.successor_id IS NOT NULL AND OLD.successor_id IS NOT NEW.successor_id)))"
        " OR (OLD.manifest_digest <> '' AND OLD.manifest_digest IS NOT NEW.manifest_digest))",
    )
    yield "frozen_datasetversion_delete", version_table, "DELETE", "OLD.number IS NOT NULL"
    for model, version_id in CONTENT.items():
        table = f"catalogue_{model.lower()}"
        for event, rows in (("INSERT", ["NEW"]), ("UPDATE", ["OLD", "NEW"]), ("DELETE", ["OLD"])):
            owners = ", ".join(version_id.format(row=row) for row in rows)
            yield (
                f"frozen_{model.lower()}_{event.lower()}",
                table,
                event,
                f"EXISTS (SELECT 1 FROM {version_table} WHERE id IN ({owners}) AND number IS NOT NULL)",  # noqa: S608
            )


def create_triggers(apps, schema_editor):
    if schema_editor.connection.vendor != "sqlite":
        raise NotImplementedError("Frozen rows are held by triggers written for SQLite; this database has none yet.")
    for name, table, event, condition in _statements(apps):
        schema_editor.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition}"
            " BEGIN SELECT RAISE(ABORT, 'a frozen version does not change'); END"
        )


def drop_triggers(apps, schema_editor):
    for name, _table, _event, _condition in _statements(apps):
        schema_editor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [migrations.RunPython(create_triggers, drop_triggers)]
