"""The people who sign in."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """An account. What it may do is said by memberships in the catalogue; ``is_superuser`` is the operator."""


class FailedSignIn(models.Model):
    """A sign-in that failed lately, so that guessing can be slowed down by all processes together.

    Keyed digests instead of names and addresses: nothing personal is kept.
    """

    at = models.DateTimeField(db_index=True)
    account = models.CharField(max_length=64)
    address = models.CharField(max_length=64)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
