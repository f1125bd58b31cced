"""Organelle classes: the portal's own table of facts, kept equal to ``catalogue/organelles/classes.csv``."""

from django.db import models
from django.db.models import F, Q


class OrganelleClass(models.Model):
    """A class of structures a segmentation can name, with its Gene Ontology term where one was verified."""

    short_name = models.CharField(max_length=40, unique=True)
    long_name = models.CharField(max_length=120, unique=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    go_id = models.CharField(max_length=10, blank=True)
    go_label = models.CharField(max_length=200, blank=True)
    go_evidence = models.CharField(max_length=300, blank=True)
    synonyms = models.JSONField(default=list, blank=True)
    colour = models.CharField(max_length=7)
    rank = models.PositiveIntegerField(default=0, help_text="Order in lists")

    class Meta:
        ordering = ["rank"]
        verbose_name_plural = "organelle classes"
        constraints = [
            models.CheckConstraint(condition=Q(colour__regex=r"^#[0-9a-f]{6}$"), name="organelle_colour_is_hex"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="organelle_not_its_own_parent"),
            models.CheckConstraint(
                condition=Q(go_id="", go_label="", go_evidence="")
                | (Q(go_id__regex=r"^GO:[0-9]{7}$") & ~Q(go_label="") & ~Q(go_evidence="")),
                name="organelle_go_term_has_evidence",
            ),
        ]

    def __str__(self) -> str:
        return self.long_name
