"""How much each dataset was used, without personal data."""

from django.db import models

from datasets.catalogue.models.dataset import Dataset


class UsageDaily(models.Model):
    """One day (UTC) of one dataset."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="usage")
    day = models.DateField()
    views = models.PositiveBigIntegerField(default=0, help_text="How often its page or its viewer was opened")
    sent_bytes = models.PositiveBigIntegerField(
        default=0, help_text="Of its data; what nginx reads by itself only where the portal is shown its log"
    )
    clients = models.PositiveIntegerField(default=0, help_text="Different addresses, to about 3 percent")
    # Of addresses, as long as the day lasts: see datasets.catalogue.distinct. None can be read from it.
    sketch = models.BinaryField(default=b"", blank=True)

    class Meta:
        ordering = ["-day", "dataset"]
        verbose_name_plural = "usage"
        constraints = [models.UniqueConstraint(fields=["dataset", "day"], name="usage_once_per_day")]

    def __str__(self) -> str:
        return f"{self.dataset} on {self.day}"
