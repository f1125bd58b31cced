"""What a front server may read by itself, and for whom, follows the catalogue."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from datasets.catalogue.actions import refusal
from datasets.catalogue.actions.published_tree import (
    published_tree,
    reconcile_published_tree,
    settle_published_tree,
    withdrawn_from_published_tree,
)
from datasets.catalogue.models import Dataset, DatasetVersion
from datasets.publishing.actions import publish
from datasets.publishing.specification import check_specification
from datasets.storage.published_tree import PublishedTree
from tests.samples import specification, write_container


@pytest.fixture
def tree(small_cell: DatasetVersion) -> Iterator[PublishedTree]:
    """Empty: as if publishing had not filled it."""
    tree = published_tree()
    shutil.rmtree(tree.folder, ignore_errors=True)
    yield tree
    shutil.rmtree(tree.folder, ignore_errors=True)


def test_a_public_version_is_open_and_so_is_the_address_without_a_version(
    small_cell: DatasetVersion, tree: PublishedTree, data_root: Path
) -> None:
    assert tree.versions() == {}
    assert reconcile_published_tree().placed == ("small-cell@1",)
    for access, address in (("open", "small-cell@1"), ("newest", "small-cell")):
        place = tree.folder / access / address
        assert (place / "em/zarr.json").read_bytes() == (data_root / "small.zarr/em/zarr.json").read_bytes()
        assert (place / "labels/zarr.json").exists()
        assert (tree.folder / "present" / address).resolve() == data_root / "small.zarr"
    assert reconcile_published_tree().placed == ()


@pytest.mark.parametrize(
    ("change", "access"),
    [
        ({"visibility": "private"}, "guarded"),
        ({"visibility": "embargoed", "embargo_until": timezone.now() + timedelta(days=1)}, "guarded"),
        ({"visibility": "embargoed", "embargo_until": timezone.now() - timedelta(days=1)}, "open"),
    ],
)
def test_what_is_not_public_is_guarded(small_cell: DatasetVersion, tree: PublishedTree, change, access) -> None:
    reconcile_published_tree()
    Dataset.objects.update(**change)
    settle_published_tree(Dataset.objects.get())
    assert tree.versions() == {"small-cell@1": access}
    assert tree.names() == ({"small-cell"} if access == "open" else set())


def test_what_becomes_less_open_is_out_before_the_catalogue_says_so(
    small_cell: DatasetVersion, tree: PublishedTree, django_capture_on_commit_callbacks: Any
) -> None:
    reconcile_published_tree()
    with django_capture_on_commit_callbacks(execute=True), withdrawn_from_published_tree(small_cell.dataset):
        assert (tree.versions(), tree.names()) == ({}, set())
        Dataset.objects.update(visibility="private")
    assert (tree.versions(), tree.names()) == ({"small-cell@1": "guarded"}, set())


def test_a_retired_version_leaves(small_cell: DatasetVersion, tree: PublishedTree) -> None:
    reconcile_published_tree()
    DatasetVersion.objects.update(state="retired", retired_reason="A mistake")
    assert reconcile_published_tree().removed == ("small-cell@1",)
    assert (tree.versions(), tree.names()) == ({}, set())


def test_a_version_with_a_link_out_of_its_root_is_left_to_the_portal(
    small_cell: DatasetVersion, tree: PublishedTree, data_root: Path
) -> None:
    (data_root / "small.zarr/em/out").symlink_to("/etc")
    reconcile_published_tree()
    assert tree.versions() == {}


def test_a_version_whose_data_are_missing_is_left_to_the_portal(
    small_cell: DatasetVersion, tree: PublishedTree, data_root: Path
) -> None:
    shutil.rmtree(data_root / "small.zarr/labels/cells")
    reconcile_published_tree()
    assert tree.versions() == {}


def test_the_command_says_what_it_changed(small_cell: DatasetVersion, tree: PublishedTree) -> None:
    said = StringIO()
    call_command("reconcile", stdout=said)
    call_command("reconcile", stdout=said)
    assert said.getvalue() == "placed small-cell@1\nThe published tree is as it should be.\n"


def test_it_waits_for_front_servers_where_it_changed_something(
    small_cell: DatasetVersion,
    tree: PublishedTree,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(refusal.time, "sleep", waits.append)

    def reconcile() -> int:
        waits.clear()
        with django_capture_on_commit_callbacks(execute=True):
            reconcile_published_tree()
        return len(waits)

    assert (reconcile(), reconcile()) == (1, 0)
    tree.remove("small-cell@1")
    assert (reconcile(), reconcile()) == (1, 0)
    tree.lead("small-cell", None)
    assert (reconcile(), reconcile()) == (1, 0)


def test_publishing_places_the_version(data_root: Path, db: None) -> None:
    write_container(data_root / "small.zarr")
    publish(specification=check_specification(specification("data:small.zarr")), base=Path(), by=None)
    assert published_tree().versions()["small-cell@1"] == "open"
