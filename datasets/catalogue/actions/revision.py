"""The revision stamp: how every process learns that mounts or visibility changed."""

from django.db.models import F

from datasets.catalogue.models import RevisionStamp


def bump_revision() -> None:
    """Move the stamp; call it inside the transaction that changes mounts or visibility."""
    if not RevisionStamp.objects.filter(id=1).update(value=F("value") + 1):
        RevisionStamp.objects.create(id=1, value=1)
