"""Two processes: ``make`` fills the database that its settings name; ``ask`` asks each address many times, as a server
that has made nothing would answer, and prints the times."""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()

from django.conf import settings  # noqa: E402  (set up first)
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from datasets.catalogue.models import Crop, Volume  # noqa: E402
from datasets.catalogue.search.indexing import rebuild  # noqa: E402
from portal.start import settle  # noqa: E402
from tests.benchmarks.large_catalogue import fill  # noqa: E402
from tests.benchmarks.machine import SQUARES, loop_ms  # noqa: E402

ASKED = 34
"""How often each address is asked in a round; so three rounds have a p99."""

LONGEST_S = 30
"""How long one address is asked."""


def make(datasets: int) -> None:
    """Fill the database."""
    call_command("migrate", verbosity=0)
    fill(datasets)
    started_s = time.perf_counter()
    entries = rebuild()
    print(f"{entries} entries of the search made in {time.perf_counter() - started_s:.0f} s", flush=True)
    if connection.vendor == "sqlite":
        connection.cursor().execute("ANALYZE")


def ask(datasets: int, rounds: int) -> None:
    """Ask each address, and print a line of what the catalogue is, then one for each."""
    settings.ALLOWED_HOSTS = ["*"]
    settle()
    segmentations = Volume.objects.filter(kind="segmentation").count()
    print(
        f"{datasets} datasets, {segmentations} segmentations, {Crop.objects.count()} crops;"
        f" {ASKED * rounds} requests each, or as many as {LONGEST_S} s allow;"
        f" a loop of {SQUARES:,} squares in Python takes {loop_ms():.0f} ms",
        flush=True,
    )
    for name, address in _addresses(datasets).items():
        _measure(name, address, ASKED * rounds)


def _addresses(datasets: int) -> dict[str, Callable[[], str]]:
    chance = random.Random(1)

    def cell() -> str:
        return f"cell-{chance.randrange(datasets):05}"

    return {
        "/": lambda: "/",
        "/datasets/<name>/": lambda: f"/datasets/{cell()}/",
        "/datasets/": lambda: "/datasets/",
        "/search/?q=hela": lambda: "/search/?q=hela",
        "/organelles/mito/": lambda: "/organelles/mito/",
        "/crops/": lambda: "/crops/",
        "/crops/?organelle=mito": lambda: "/crops/?organelle=mito",
        "/organelles/": lambda: "/organelles/",
        "/publications/": lambda: "/publications/",
        "/publications/?sort=datasets": lambda: "/publications/?sort=datasets&view=table",
        "/crops/?sort=newest": lambda: "/crops/?sort=newest",
        "/crops/?dataset=<name>&sort=size": lambda: f"/crops/?dataset={cell()}&sort=size",
        "/organelles/mito/?sort=title": lambda: "/organelles/mito/?sort=title&view=table",
        "/datasets/?sort=-title": lambda: "/datasets/?sort=-title&view=table",
        "/people/": lambda: "/people/",
        "datasets/?q=hela&facets=true": lambda: "/api/v1/datasets/?q=hela&facets=true",
        "/sitemap.xml": lambda: "/sitemap.xml",
        "/sitemaps/datasets-1.xml": lambda: "/sitemaps/datasets-1.xml",
        "/feeds/datasets.atom": lambda: "/feeds/datasets.atom",
        "datasets/": lambda: "/api/v1/datasets/",
        "datasets/?taxon=10090": lambda: "/api/v1/datasets/?taxon=10090",
        "datasets/?organelle=mito": lambda: "/api/v1/datasets/?organelle=mito",
        "datasets/<name>/": lambda: f"/api/v1/datasets/{cell()}/",
        "datasets/<name>/crops/": lambda: f"/api/v1/datasets/{cell()}/crops/",
        "segmentations/": lambda: "/api/v1/segmentations/",
        "segmentations/?organelle=mito": lambda: "/api/v1/segmentations/?organelle=mito",
        "crops/": lambda: "/api/v1/crops/",
        "crops/?organelle=mito": lambda: "/api/v1/crops/?organelle=mito",
        "crops/?dataset=<name>": lambda: f"/api/v1/crops/?dataset={cell()}",
        "crops/?organelle=isg": lambda: "/api/v1/crops/?organelle=isg",
        "organelles/": lambda: "/api/v1/organelles/",
        "organelles/mito/": lambda: "/api/v1/organelles/mito/",
        "search?q=mito": lambda: "/api/v1/search?q=mito",
        "search?q=hela": lambda: "/api/v1/search?q=hela",
        "search?q=cell+<number>": lambda: f"/api/v1/search?q=cell+{chance.randrange(datasets)}",
        "search?q=mitocondria": lambda: "/api/v1/search?q=mitocondria",
        "search?q=mouse+er": lambda: "/api/v1/search?q=mouse+er",
        "search?q=xylophone": lambda: "/api/v1/search?q=xylophone",
        "/search/?q=mito": lambda: "/search/?q=mito",
        "/datasets/?q=hela": lambda: "/datasets/?q=hela",
        "/datasets/?organism=…&organelle=mito": lambda: "/datasets/?organism=Mus+musculus&organelle=mito",
        "people/": lambda: "/api/v1/people/",
        "publications/": lambda: "/api/v1/publications/",
    }


def _measure(name: str, address: Callable[[], str], times: int) -> None:
    client = Client()
    client.get(address())  # what is loaded once is loaded
    samples_ms: list[float] = []
    while len(samples_ms) < times and sum(samples_ms) < 1000 * LONGEST_S:
        at = address()
        started_s = time.perf_counter()
        answer = client.get(at)
        samples_ms.append(1000 * (time.perf_counter() - started_s))
        assert answer.status_code == 200, (at, answer.status_code)
    queries, bare_ms = _bare(client, address, min(len(samples_ms), 10))
    samples_ms.sort()
    middle = statistics.median(samples_ms)
    last = samples_ms[min(len(samples_ms) - 1, round(0.99 * len(samples_ms)) - 1)]
    print(
        *(f"{name}", f"{middle:.1f}", f"{last:.1f}", queries, f"{bare_ms:.1f}", f"{middle / bare_ms:.1f}"),
        sep="\t",
        flush=True,
    )


def _bare(client: Client, address: Callable[[], str], times: int) -> tuple[int, float]:
    """How many queries a request asks, and the median time in ms that they take alone, rows fetched."""
    samples_ms = []
    for _ in range(times):
        with CaptureQueriesContext(connection) as captured:
            client.get(address())
        statements = [it["sql"] for it in captured.captured_queries if it["sql"].startswith("SELECT")]
        with connection.cursor() as cursor:
            started_s = time.perf_counter()
            for statement in statements:
                cursor.execute(statement)
                cursor.fetchall()
            samples_ms.append(1000 * (time.perf_counter() - started_s))
    return len(statements), statistics.median(samples_ms)


if __name__ == "__main__":
    step, *numbers = sys.argv[1:]
    {"make": make, "ask": ask}[step](*map(int, numbers))
