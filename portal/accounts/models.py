"""The people who sign in."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """An account. What it may do is said by memberships in the catalogue; ``is_superuser`` is the operator."""
