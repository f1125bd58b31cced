"""The holder of the snapshot: how fresh it is, and what counts while the database fails."""

import asyncio
import threading
import time

import pytest

from datasets.serving.snapshot import CatalogueUnavailable, Dataset, Snapshot, Snapshots, Version, Visibility


class Catalogue:
    """A database of one table: datasets and the stamp; it can fail, and it can be slow."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.stamp = 1
        self.loads = 0
        self.looks = 0
        self.fails = False
        self.answers = threading.Event()
        self.answers.set()

    def change(self, *names: str) -> None:
        self.names = names
        self.stamp += 1

    def read_stamp(self) -> int:
        self.answers.wait(20)
        self.looks += 1
        if self.fails:
            raise ConnectionError("no database")
        return self.stamp

    def load(self) -> Snapshot:
        self.loads += 1
        return Snapshot.of(Dataset(name, Visibility.PUBLIC, (Version(1, ()),)) for name in self.names)


def known(snapshot: Snapshot) -> set[str]:
    return {name for name in snapshot.addresses if "@" not in name}


def test_the_first_load_is_waited_for_and_shared() -> None:
    catalogue = Catalogue("a")
    catalogue.answers.clear()
    snapshots = Snapshots(catalogue.load, catalogue.read_stamp)
    assert snapshots.current() is None

    async def first() -> list[Snapshot]:
        asking = [asyncio.create_task(snapshots.get()) for _ in range(5)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in asking)
        catalogue.answers.set()
        return await asyncio.gather(*asking)

    found = asyncio.run(first())
    assert known(found[0]) == {"a"}
    assert all(snapshot is found[0] for snapshot in found)
    assert (catalogue.loads, catalogue.looks) == (1, 1)


def test_rows_are_read_only_when_the_stamp_moves_and_the_stamp_not_too_often() -> None:
    catalogue = Catalogue("a")
    snapshots = Snapshots(catalogue.load, catalogue.read_stamp, interval_s=0.05)

    async def watch() -> None:
        await snapshots.get()
        start_s = time.monotonic()
        while time.monotonic() - start_s < 0.5:
            await snapshots.get()
            await asyncio.sleep(0.001)

    asyncio.run(watch())
    assert catalogue.loads == 1
    assert 2 <= catalogue.looks <= 12
    catalogue.change("a", "b")
    time.sleep(1.1)  # longer than what may be used unconfirmed: the next request waits
    assert known(asyncio.run(snapshots.get())) == {"a", "b"}
    assert catalogue.loads == 2


def test_a_withdrawal_is_seen_within_two_seconds_even_without_requests_before() -> None:
    catalogue = Catalogue("a", "b")
    snapshots = Snapshots(catalogue.load, catalogue.read_stamp)
    asyncio.run(snapshots.get())
    catalogue.change("a")
    time.sleep(1.1)
    assert known(asyncio.run(snapshots.get())) == {"a"}


def test_a_failing_database_is_tolerated_for_a_bounded_time_and_then_said() -> None:
    catalogue = Catalogue("a")
    snapshots = Snapshots(catalogue.load, catalogue.read_stamp, interval_s=0.02, confirmed_s=0.05, tolerated_s=0.5)
    asyncio.run(snapshots.get())
    catalogue.fails = True
    time.sleep(0.1)
    assert known(asyncio.run(snapshots.get())) == {"a"}
    time.sleep(0.5)
    with pytest.raises(CatalogueUnavailable) as caught:
        asyncio.run(snapshots.get())
    assert isinstance(caught.value.__cause__, ConnectionError)
    catalogue.fails = False
    time.sleep(0.05)
    assert known(asyncio.run(snapshots.get())) == {"a"}


def test_a_database_that_hangs_is_waited_for_a_bounded_time() -> None:
    catalogue = Catalogue("a")
    snapshots = Snapshots(catalogue.load, catalogue.read_stamp, confirmed_s=0.5, tolerated_s=1.0, patience_s=0.1)
    asyncio.run(snapshots.get())
    catalogue.answers.clear()
    try:
        time.sleep(0.6)
        assert known(asyncio.run(snapshots.get())) == {"a"}
        time.sleep(0.5)
        with pytest.raises(CatalogueUnavailable):
            asyncio.run(snapshots.get())
    finally:
        catalogue.answers.set()
    time.sleep(0.1)
    assert known(asyncio.run(snapshots.get())) == {"a"}


def test_a_database_that_fails_from_the_start_is_said() -> None:
    catalogue = Catalogue("a")
    catalogue.fails = True
    snapshots = Snapshots(catalogue.load, catalogue.read_stamp)
    for _ in range(2):
        with pytest.raises(CatalogueUnavailable):
            asyncio.run(snapshots.get())
    assert catalogue.looks == 1  # the second within the interval does not ask again


def test_without_a_version_the_newest_that_is_not_retired_is_meant() -> None:
    def leads_to(*versions: Version) -> int | None:
        return Snapshot.of([Dataset("a", Visibility.PUBLIC, versions)]).addresses["a"].version.number

    assert leads_to(Version(1, ()), Version(2, ()), Version(None, ())) == 2
    assert leads_to(Version(1, ()), Version(2, (), retired=True)) == 1
    assert leads_to(Version(9, ()), Version(10, ())) == 10
    assert leads_to(Version(1, (), retired=True), Version(2, (), retired=True)) == 2
    assert "a" not in Snapshot.of([Dataset("a", Visibility.PUBLIC, (Version(None, ()),))]).addresses
