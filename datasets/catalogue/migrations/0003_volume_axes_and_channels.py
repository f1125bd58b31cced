"""What a right viewer state of an image with time or channels needs: types and units of axes, and channels.

SQLite makes the table anew for a column, and the triggers that freeze its rows go with the old one: they are set again.
"""

from importlib import import_module

from django.db import migrations, models

frozen_rows = import_module("datasets.catalogue.migrations.0002_frozen_rows")


def lift_triggers(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        frozen_rows.drop_triggers(apps, schema_editor)


def set_triggers(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        frozen_rows.create_triggers(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_frozen_rows")]
    operations = [
        migrations.RunPython(lift_triggers, set_triggers),
        migrations.AddField(
            "volume",
            "axis_types",
            models.JSONField(
                blank=True,
                default=list,
                help_text="Types of the axes in stored order; null where none is stated",
            ),
        ),
        migrations.AddField(
            "volume",
            "axis_units",
            models.JSONField(
                blank=True,
                default=list,
                help_text="Units of the axes in stored order; null where none is stated",
            ),
        ),
        migrations.AddField(
            "volume",
            "channels",
            models.JSONField(
                blank=True,
                default=list,
                help_text="How each channel is shown",
            ),
        ),
        migrations.RunPython(set_triggers, lift_triggers),
    ]
