"""Metrics for Prometheus. Each process writes what it has counted into one folder, and whoever is asked adds them up.

So the figures are those of all processes, whichever answers, and those of a process that died stay counted. Nothing
here names a dataset: names that are not public must not be read from metrics, and one label a dataset is too many.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from datasets.serving.traffic import BOUNDS_S, FLUSH_S, Batch, Tally

CONTENT_TYPE = CONTENT_TYPE_LATEST
ALIVE_S = 3 * FLUSH_S
"""A process that has written nothing for so long is gone: what it counted counts, how it stood does not."""


class ProcessMetrics:
    """What this process has counted, kept in a file of its own below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{os.getpid()}-{os.urandom(4).hex()}.json"
        self._totals: dict[tuple[str, str], Tally] = {}

    def __call__(self, batch: Batch) -> None:
        """Add what was counted."""
        for (kind, _, status), tally in batch.tallies.items():
            _add(self._totals.setdefault((kind, f"{status // 100}xx"), Tally()), tally)
        document = {
            "totals": [
                [kind, status, total.answers, total.sent_bytes, total.seconds, total.by_duration]
                for (kind, status), total in self._totals.items()
            ],
            "gauges": dict(batch.gauges),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps(document))
        draft.replace(self._path)


def forget_processes(folder: Path) -> None:
    """Remove what processes of an earlier start have left."""
    for path in folder.glob("*-*.*"):
        path.unlink(missing_ok=True)


def render_metrics(folder: Path) -> bytes:
    """The sum over all processes, as Prometheus reads it."""
    registry = CollectorRegistry()
    registry.register(_Sum(folder))
    return generate_latest(registry)


class _Sum(Collector):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        totals: dict[tuple[str, str], Tally] = {}
        alive: list[dict[str, float]] = []
        for path in sorted(self._folder.glob("*.json")):
            with contextlib.suppress(OSError, ValueError):  # removed meanwhile
                document: dict[str, Any] = json.loads(path.read_text())
                for kind, status, answers, sent_bytes, seconds, by_duration in document["totals"]:
                    _add(totals.setdefault((kind, status), Tally()), Tally(answers, sent_bytes, seconds, by_duration))
                if time.time() - path.stat().st_mtime < ALIVE_S:
                    alive.append(document["gauges"])
        yield from _of_answers(totals)
        yield from _of_processes(alive)


def _add(total: Tally, tally: Tally) -> None:
    total.answers += tally.answers
    total.sent_bytes += tally.sent_bytes
    total.seconds += tally.seconds
    total.by_duration = [a + b for a, b in zip(total.by_duration, tally.by_duration, strict=True)]


def _of_answers(totals: dict[tuple[str, str], Tally]) -> Iterator[Metric]:
    labels = ["kind", "status"]
    answers = CounterMetricFamily("cisterna_answers", "Requests answered", labels=labels)
    sent = CounterMetricFamily("cisterna_sent_bytes", "Bytes of bodies sent", labels=labels)
    durations = HistogramMetricFamily(
        "cisterna_answer_seconds", "From a request's head to the end of its answer", labels=labels
    )
    for key, total in sorted(totals.items()):
        answers.add_metric(key, total.answers)
        sent.add_metric(key, total.sent_bytes)
        reached, buckets = 0, []
        for bound, number in zip((*map(str, BOUNDS_S), "+Inf"), total.by_duration, strict=True):
            reached += number
            buckets.append((bound, float(reached)))
        durations.add_metric(key, buckets, total.seconds)
    yield answers
    yield sent
    yield durations


def _of_processes(alive: list[dict[str, float]]) -> Iterator[Metric]:
    yield GaugeMetricFamily("cisterna_processes", "Server processes that answer", len(alive))
    yield GaugeMetricFamily(
        "cisterna_open_streams", "Large bodies on their way", sum(each["open_streams"] for each in alive)
    )
    yield GaugeMetricFamily(
        "cisterna_waiting", "Requests that wait for a disk, another machine or the database",
        sum(each["waiting"] for each in alive),
    )  # fmt: skip
    # Of the process that knows least: nobody asks the catalogue while nobody asks for data, so it grows meanwhile.
    confirmed_s = [each["snapshot_confirmed_s"] for each in alive if each["snapshot_confirmed_s"]]
    if confirmed_s:
        yield GaugeMetricFamily(
            "cisterna_snapshot_age_seconds",
            "Since what is known of the catalogue was last confirmed",
            max(time.time() - min(confirmed_s), 0.0),
        )
