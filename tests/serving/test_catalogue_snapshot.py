"""The snapshot as it is read from the catalogue."""

import asyncio
import datetime as dt
import time
from pathlib import Path

import pytest
from django.utils import timezone

from datasets.catalogue.actions.revision import bump_revision
from datasets.catalogue.models import Dataset, DatasetVersion, Mount, State, Visibility
from datasets.serving.catalogue_snapshot import catalogue_snapshots, load_snapshot
from datasets.serving.snapshot import Snapshot
from datasets.storage.buckets import Bucket
from datasets.storage.files import LocalFolder
from datasets.storage.roots import Root, all_roots, configure_roots

NOW_S = time.time()


@pytest.fixture(autouse=True)
def roots(tmp_path: Path):
    before = all_roots()
    configure_roots(
        [
            Root(name="own", url=(tmp_path / "own").as_uri()),
            Root(name="lab", url=(tmp_path / "lab").as_uri()),
            Root(name="bucket", url="s3://bucket"),
        ]
    )
    yield
    configure_roots(before)


def add_version(dataset: Dataset, number: int | None, *mounts: Mount, **fields) -> DatasetVersion:
    """A version, as the catalogue lets one come into being: a draft first, frozen with what it has."""
    version = DatasetVersion.objects.create(dataset=dataset, title="t", licence="CC0-1.0")
    for mount in mounts:
        mount.version = version
        mount.save()
    if number is not None:
        version.number, version.state, version.frozen_at = number, State.PUBLISHED, timezone.now()
        version.record, version.record_digest = "{}", "0" * 64
        version.save()
        for name, value in fields.items():
            setattr(version, name, value)
        version.save()
    return version


def public(snapshot: Snapshot, now_s: float = NOW_S) -> set[str]:
    return {name for name, address in snapshot.addresses.items() if address.is_public(now_s)}


@pytest.mark.django_db
class TestLoading:
    def test_who_may_see_what(self) -> None:
        end = dt.datetime.fromtimestamp(NOW_S + 100, dt.UTC)
        for name, fields in {
            "open": {"visibility": Visibility.PUBLIC},
            "closed": {"visibility": Visibility.PRIVATE},
            "later": {"visibility": Visibility.EMBARGOED, "embargo_until": end},
            "some-day": {"visibility": Visibility.EMBARGOED},
        }.items():
            dataset = Dataset.objects.create(name=name, **fields)
            add_version(dataset, 1)
            add_version(dataset, None)
        snapshot = load_snapshot()
        assert public(snapshot) == {"open", "open@1"}
        assert public(snapshot, NOW_S + 101) == {"open", "open@1", "later", "later@1"}
        assert set(snapshot.addresses) >= {"open@draft", "closed@1", "some-day"}

    def test_mounts_and_their_roots(self, tmp_path: Path) -> None:
        add_version(
            Dataset.objects.create(name="cells", visibility=Visibility.PUBLIC),
            1,
            Mount(path="em", root="lab", key="cells/em"),
            Mount(path="em/zarr.json", single=True, root="own", key="overlay/zarr.json"),
            Mount(path="far", root="bucket", key="prefix"),
            Mount(path="lost", root="renamed", key="x"),
        )
        found = load_snapshot().addresses["cells@1"].version
        em, overlay, far, lost = (found.find_mount(key) for key in ("em/s0/c/0", "em/zarr.json", "far/x", "lost/x"))
        assert em
        assert overlay
        assert far
        assert lost
        assert isinstance(em.source, LocalFolder)
        assert em.source.path == tmp_path / "lab"
        assert em.storage_key("em/s0/c/0") == "cells/em/s0/c/0"
        assert overlay.storage_key("em/zarr.json") == "overlay/zarr.json"
        assert (em.immutable, overlay.immutable) == (False, True)
        assert isinstance(far.source, Bucket)
        assert far.source.root.url == "s3://bucket"
        assert lost.source is None

    def test_a_retired_version_and_its_successor(self) -> None:
        dataset = Dataset.objects.create(name="cells", visibility=Visibility.PUBLIC)
        second = add_version(dataset, 2)
        add_version(dataset, 1, state=State.RETIRED, retired_reason="wrong scale", successor=second)
        first = load_snapshot().addresses["cells@1"].version
        assert (first.retired, first.successor) == (True, "cells@2")

    def test_takes_the_same_few_queries_for_many_datasets(self, django_assert_num_queries) -> None:
        for number in range(5):
            dataset = Dataset.objects.create(name=f"cells-{number}", visibility=Visibility.PUBLIC)
            second = add_version(dataset, 2)
            add_version(dataset, 1, state=State.RETIRED, retired_reason="wrong", successor=second)
        with django_assert_num_queries(3):
            load_snapshot()


@pytest.mark.django_db(transaction=True)
def test_a_change_is_seen_after_the_stamp_was_bumped() -> None:
    dataset = Dataset.objects.create(name="cells")
    draft = add_version(dataset, None)  # a frozen version could not be cleared away after this test
    snapshots = catalogue_snapshots()
    assert set(asyncio.run(snapshots.get()).addresses) == {"cells@draft"}
    draft.delete()
    bump_revision()
    time.sleep(1.1)
    assert set(asyncio.run(snapshots.get()).addresses) == set()
