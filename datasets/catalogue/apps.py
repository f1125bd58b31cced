from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class CatalogueConfig(AppConfig):
    name = "datasets.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        from datasets.catalogue.row_rules import hold_rules, release_rules

        pre_migrate.connect(release_rules, sender=self)
        post_migrate.connect(hold_rules, sender=self)
        post_migrate.connect(_load_organelle_classes, sender=self)


def _load_organelle_classes(using: str, **_: Any) -> None:
    """Organelle classes are shipped facts, nobody's content: each migration makes the table equal to them."""
    from datasets.catalogue.actions.organelles import load_organelle_classes

    load_organelle_classes(using=using)
