"""What people gather for download."""

from django.db import models
from django.db.models import Q

from datasets.catalogue.models.links import ALPHABET, IDENTIFIER_LENGTH, new_identifier


class Selection(models.Model):
    """Layers of several datasets, each pinned to a version. It never changes, so that its address can be cited."""

    id = models.CharField(primary_key=True, max_length=IDENTIFIER_LENGTH, default=new_identifier)
    layers = models.JSONField(help_text="name@version/path of each, sorted")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the layers: the same ones, the same id")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(id__regex=rf"^[{ALPHABET}]{{{IDENTIFIER_LENGTH}}}$"), name="selection_identifier"
            ),
        ]

    def __str__(self) -> str:
        return self.id
