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
        post_migrate.connect(_refresh_search, sender=self)


def _load_organelle_classes(using: str, **_: Any) -> None:
    """Organelle classes are shipped facts, nobody's content: each migration makes the table equal to them."""
    from datasets.catalogue.actions.organelles import load_organelle_classes

    load_organelle_classes(using=using)


def _refresh_search(using: str, **_: Any) -> None:
    """What the search is asked is made when it comes, and anew when the vocabulary or the rules have changed."""
    from django.db import DEFAULT_DB_ALIAS, connections

    from datasets.catalogue.search.full_text import TABLE
    from datasets.catalogue.search.indexing import refresh

    if using == DEFAULT_DB_ALIAS and TABLE in connections[using].introspection.table_names():
        refresh()
