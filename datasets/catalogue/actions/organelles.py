"""Keeping the table of organelle classes equal to the facts the portal ships."""

from django.db import transaction

from datasets.catalogue.models import OrganelleClass
from datasets.catalogue.organelles import load_facts


def load_organelle_classes(*, using: str = "default") -> None:
    """Make the table equal to ``catalogue/organelles/classes.csv``: parents before children, nothing else touched."""
    with transaction.atomic(using=using):
        rows: dict[str, OrganelleClass] = {}
        for rank, fact in enumerate(load_facts()):
            rows[fact.short_name], _ = OrganelleClass.objects.using(using).update_or_create(
                short_name=fact.short_name,
                defaults={
                    "long_name": fact.long_name,
                    "parent": rows[fact.parent] if fact.parent else None,
                    "go_id": fact.go_id,
                    "go_label": fact.go_label,
                    "go_evidence": fact.evidence,
                    "synonyms": list(fact.synonyms),
                    "colour": fact.colour,
                    "rank": rank,
                },
            )
