"""Tokens. Only a digest of each is kept: what it was is shown once, when it is made."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q

_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
TOKEN_ID = rf"CST[{_ID_LETTERS}]{{17}}"
SHA256_HEX = r"^[0-9a-f]{64}$"


def new_token_id() -> str:
    """A random public name of a token, in the form of an S3 access key id."""
    return "CST" + "".join(secrets.choice(_ID_LETTERS) for _ in range(17))


def new_secret() -> str:
    """256 random bits, in letters that are safe in a path, a header and a cookie."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """What is kept of a secret. It is random, so that a fast digest is as good as a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Scope(models.TextChoices):
    """What a token may be used for; each includes those before it."""

    READ = "read"
    PUBLISH = "publish"
    ADMIN = "admin"


class ApiToken(models.Model):
    """An account's key for programs: it sees what the account sees. Its id is also an S3 access key id."""

    id = models.CharField(primary_key=True, max_length=20, default=new_token_id)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    label = models.CharField(max_length=100, blank=True, help_text="Where it is used")
    scope = models.CharField(max_length=16, choices=Scope, default=Scope.READ)
    secret_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(id__regex=rf"^{TOKEN_ID}$"), name="api_token_id_form"),
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="api_token_scope_known"),
            models.CheckConstraint(condition=Q(secret_digest__regex=SHA256_HEX), name="api_token_digest_is_sha256"),
        ]

    def __str__(self) -> str:
        return self.id


class ShareToken(models.Model):
    """A key to one dataset, drafts included, for whoever holds it: a journal's reviewers, say."""

    dataset = models.ForeignKey("catalogue.Dataset", on_delete=models.CASCADE, related_name="share_tokens")
    label = models.CharField(max_length=100, blank=True, help_text="Whom it was given to")
    secret_digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(secret_digest__regex=SHA256_HEX), name="share_token_digest_is_sha256"),
        ]

    def __str__(self) -> str:
        return f"share {self.pk} of {self.dataset}"
