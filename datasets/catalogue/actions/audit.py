"""Writing down who did what."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from datasets.catalogue.models import AuditEvent


def record_event(
    *,
    by: AbstractBaseUser | None,
    action: str,
    subject: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write one event; call it inside the transaction that it tells of. Never hand a secret over."""
    AuditEvent.objects.create(
        by=by.get_username() if by is not None else "",
        action=action,
        subject=subject,
        before=before or {},
        after=after or {},
    )
