"""The access log: one JSON object a line for every answer of the data plane, without tokens and without addresses.

    {"time": "2026-01-31T12:00:00.125Z", "method": "GET", "path": "/data/~***/cells@1/em/c/0", "kind": "object",
     "dataset": "cells", "status": 200, "bytes": 4096, "seconds": 0.00012, "request": "…"}

Several processes write to one file, whole lines at a time. A file that was moved away is made anew at the next flush:
logrotate needs no signal.
"""

import datetime as dt
import json
import re
from pathlib import Path

from datasets.serving.traffic import Batch, Entry

_share_token = re.compile(r"(/data/+(?:~|%7e))[^/]*", re.IGNORECASE)


class AccessLog:
    """Appends to the file at ``path``; ``with_addresses``: who asked is written as well."""

    def __init__(self, path: Path, *, with_addresses: bool = False) -> None:
        self._path = path
        self._with_addresses = with_addresses

    def __call__(self, batch: Batch) -> None:
        """Write what was answered."""
        lines = [f"{json.dumps(self._describe(entry))}\n".encode() for entry in batch.entries]
        if lines:
            with self._path.open("ab", buffering=0) as file:
                file.write(b"".join(lines))

    def _describe(self, entry: Entry) -> dict[str, object]:
        path = entry.target.partition(b"?")[0].decode("latin-1")
        described: dict[str, object] = {
            "time": dt.datetime.fromtimestamp(entry.at_s, dt.UTC).isoformat(timespec="milliseconds")[:23] + "Z",
            "method": entry.method,
            "path": _share_token.sub(r"\1***", path),
            "kind": entry.kind,
            "dataset": entry.dataset,
            "status": entry.status,
            "bytes": entry.sent_bytes,
            "seconds": round(entry.seconds, 6),
            "request": entry.request_id.decode(),
        }
        if self._with_addresses:
            described["address"] = entry.caller.peer
            described["forwarded"] = entry.caller.forwarded.decode("latin-1")
        return described
