"""What a right viewer state of an image with time or channels needs: types and units of axes, and channels."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [
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
    ]
