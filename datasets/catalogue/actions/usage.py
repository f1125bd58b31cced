"""Adding up how much each dataset is used. No person's doing, so there is no ``by``."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from django.conf import settings
from django.db import transaction

from datasets.catalogue.distinct import estimate_distinct, sketch_of
from datasets.catalogue.models import Dataset, UsageDaily


@dataclass(slots=True)
class Use:
    """What is to be added to one dataset's day: ``clients`` are addresses, or what else tells callers apart."""

    views: int = 0
    sent_bytes: int = 0
    clients: set[bytes] = field(default_factory=set)


@transaction.atomic
def record_usage(*, day: dt.date, uses: Mapping[str, Use]) -> None:
    """Add ``uses``, by dataset name, to ``day``. Names that no dataset has are left out.

    Callers are counted under a key of that day, the same in every process, so that one who comes again is the same one
    today and another tomorrow. Sketches of days that are over are emptied: only their numbers stay.
    """
    key = blake2b(f"usage {day.isoformat()}".encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=32).digest()
    # In the order of the rows: two processes that add at once wait for each other instead of both.
    for dataset in _named(uses):
        use = uses[dataset.name]
        UsageDaily.objects.get_or_create(dataset=dataset, day=day)
        row = UsageDaily.objects.select_for_update().get(dataset=dataset, day=day)
        row.views += use.views
        row.sent_bytes += use.sent_bytes
        row.sketch = sketch_of(use.clients, key, bytes(row.sketch))
        row.clients = estimate_distinct(row.sketch)
        row.save()
    UsageDaily.objects.filter(day__lt=day - dt.timedelta(days=1)).exclude(sketch=b"").update(sketch=b"")


def _named(uses: Mapping[str, Use]) -> Iterable[Dataset]:
    return Dataset.objects.filter(name__in=uses.keys()).order_by("pk")
