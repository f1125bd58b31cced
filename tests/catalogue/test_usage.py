"""The days of use: they add up, tell clients apart without keeping them, and forget how when the day is over."""

import datetime as dt
import threading

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.actions.usage import Use, record_usage
from datasets.catalogue.distinct import estimate_distinct, merge_sketches, sketch_of
from datasets.catalogue.models import Dataset, UsageDaily

KEY = b"key"
DAY = dt.date(2026, 5, 1)
things = st.lists(st.binary(min_size=1, max_size=8), max_size=300)


@given(things, things)
def test_a_sketch_counts_different_things_in_any_order_and_any_parts(one: list[bytes], other: list[bytes]) -> None:
    whole = sketch_of([*other, *one, *one], KEY)
    assert whole == sketch_of(other, KEY, sketch_of(one, KEY))
    assert whole == merge_sketches(sketch_of(one, KEY), sketch_of(other, KEY))
    different = len({*one, *other})
    assert abs(estimate_distinct(whole) - different) <= max(4, 0.1 * different)


@pytest.mark.parametrize("count", [0, 1, 2, 10, 100, 1_000, 2_500, 10_000, 100_000])
def test_a_sketch_is_right_to_a_few_percent_from_one_to_very_many(count: int) -> None:
    sketch = sketch_of((b"%d" % number for number in range(count)), KEY)
    assert abs(estimate_distinct(sketch) - count) <= 0.1 * count


def test_a_sketch_of_nothing_is_none() -> None:
    assert estimate_distinct(b"") == 0
    assert merge_sketches(b"", sketch_of([b"a"], KEY)) == sketch_of([b"a"], KEY)


def test_another_key_makes_another_sketch() -> None:
    assert sketch_of([b"192.0.2.1"], b"one") != sketch_of([b"192.0.2.1"], b"two")


@pytest.mark.django_db
def test_use_adds_up_by_day_and_the_same_client_counts_once() -> None:
    for name in ("cells", "nuclei"):
        Dataset.objects.create(name=name)
    record_usage(day=DAY, uses={"cells": Use(1, 100, {b"ada"}), "nuclei": Use(0, 7, {b"ada"})})
    record_usage(day=DAY, uses={"cells": Use(2, 11, {b"ada", b"ben"}), "never-was": Use(5, 5, {b"x"})})
    rows = UsageDaily.objects.values_list("dataset__name", "views", "sent_bytes", "clients")
    assert set(rows) == {("cells", 3, 111, 2), ("nuclei", 0, 7, 1)}
    record_usage(day=DAY + dt.timedelta(days=1), uses={"cells": Use(1, 1, {b"ada"})})
    assert UsageDaily.objects.count() == 3


@pytest.mark.django_db
def test_of_a_day_that_is_over_only_numbers_stay() -> None:
    Dataset.objects.create(name="cells")
    clients = {b"client-%d" % number for number in range(20)}  # of one, two keys make the same sketch now and then
    for days in range(3):
        record_usage(day=DAY + dt.timedelta(days=days), uses={"cells": Use(1, 1, clients)})
    first, second, third = UsageDaily.objects.order_by("day")
    assert (first.clients > 10, bytes(first.sketch)) == (True, b"")
    # Of yesterday a process may still have something to add; under another key than today's.
    assert bytes(second.sketch) not in (b"", bytes(third.sketch))


@pytest.mark.django_db(transaction=True)
def test_processes_that_add_at_once_lose_nothing() -> None:
    for name in ("cells", "nuclei"):
        Dataset.objects.create(name=name)

    def add(worker: int) -> None:
        try:
            for turn in range(5):
                client = b"%d-%d" % (worker, turn)
                record_usage(day=DAY, uses={name: Use(1, 10, {client}) for name in ("nuclei", "cells")})
        finally:
            connection.close()

    # SQLite lets one write at a time, and in memory, as in these tests, lets others not even wait.
    number_of_workers = 4 if connection.vendor == "postgresql" else 1
    workers = [threading.Thread(target=add, args=(number,)) for number in range(number_of_workers)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for row in UsageDaily.objects.all():
        assert (row.views, row.sent_bytes) == (5 * number_of_workers, 50 * number_of_workers)
        assert abs(row.clients - row.views) <= 1
    assert UsageDaily.objects.count() == 2
