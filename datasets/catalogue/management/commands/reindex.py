"""``manage.py reindex``: make what the search and the facets are asked anew."""

from typing import Any

from datasets.catalogue.actions.table_sizes import learn_table_sizes
from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.catalogue.search.indexing import rebuild


class Command(OperatorCommand):
    help = "Make what the search and the facets are asked anew from the catalogue. Safe at any time; seldom needed."

    def handle(self, *args: Any, **options: Any) -> None:
        entries = rebuild()
        learn_table_sizes()
        self.stdout.write(f"{entries:,} entries")
