"""What was counted, added to the catalogue's days."""

import datetime as dt
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address

from datasets.catalogue.actions.usage import Use, record_usage
from datasets.serving.catalogue_snapshot import with_fresh_connections
from datasets.serving.traffic import Batch, Caller


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
        uses.setdefault(dataset, Use()).clients.update(map(client_of, callers))


def client_of(caller: Caller) -> bytes:
    """What stands for one client: the address; of an IPv6 address the network, for one machine has many of those.

    What a connection's other end says of whom it asks for counts where that end is no stranger's: a front server's.
    """
    address = caller.peer
    try:
        if caller.forwarded and ip_address(address).is_private:
            address = caller.forwarded.decode("latin-1").rpartition(",")[2].strip()
        parsed = ip_address(address)
    except ValueError:
        return address.encode()
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    return parsed.packed[:8] if isinstance(parsed, IPv6Address) else parsed.packed
