"""What was counted, added to the catalogue's days."""

import datetime as dt
from collections.abc import Mapping

from datasets.catalogue.actions.usage import Use, record_usage
from datasets.catalogue.callers import client_of
from datasets.serving.catalogue_snapshot import with_fresh_connections
from datasets.serving.traffic import Batch


class UsageRecorder:
    """Writes what each batch says of the use of datasets; what could not be written is written with the next one."""

    def __init__(self) -> None:
        self._left: dict[dt.date, dict[str, Use]] = {}

    def __call__(self, batch: Batch) -> None:
        """Write it."""
        day = dt.datetime.fromtimestamp(batch.ended_s, dt.UTC).date()
        _add(self._left.setdefault(day, {}), batch)
        for day, uses in list(self._left.items()):
            if uses:
                _record(day, uses)
            del self._left[day]


@with_fresh_connections
def _record(day: dt.date, uses: Mapping[str, Use]) -> None:
    record_usage(day=day, uses=uses)


def _add(uses: dict[str, Use], batch: Batch) -> None:
    for (kind, dataset, status), tally in batch.tallies.items():
        if not dataset:
            continue
        use = uses.setdefault(dataset, Use())
        if kind == "page":
            use.views += tally.answers
        elif status < 400:
            use.sent_bytes += tally.sent_bytes
    for dataset, callers in batch.callers.items():
        uses.setdefault(dataset, Use()).clients.update(
            client_of(it.peer, it.forwarded.decode("latin-1")) for it in callers
        )
