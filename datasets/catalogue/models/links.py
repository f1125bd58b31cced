"""Short links to what someone saw."""

import secrets

from django.db import models
from django.db.models import Q

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
IDENTIFIER_LENGTH = 10


def new_identifier() -> str:
    """A random identifier without letters that are mistaken for others (49 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(IDENTIFIER_LENGTH))


class StateLink(models.Model):
    """A short link: the viewer state a person chose to share, and the versions it shows."""

    id = models.CharField(primary_key=True, max_length=IDENTIFIER_LENGTH, default=new_identifier)
    state = models.JSONField()
    digest = models.CharField(
        max_length=64, unique=True, help_text="SHA-256 of the state: the same view, the same link"
    )
    sources = models.JSONField(help_text="Pinned dataset versions shown, as name@version")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(id__regex=rf"^[{ALPHABET}]{{{IDENTIFIER_LENGTH}}}$"), name="state_link_identifier"
            ),
        ]

    def __str__(self) -> str:
        return self.id
