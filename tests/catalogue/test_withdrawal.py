"""Changing who may see a dataset, and retiring a version: the actions and their commands."""

import datetime as dt
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from datasets.catalogue.actions import refusal
from datasets.catalogue.actions.memberships import grant_membership
from datasets.catalogue.actions.published_tree import published_tree, reconcile_published_tree
from datasets.catalogue.actions.withdrawal import change_visibility, retire_version
from datasets.catalogue.models import AuditEvent, Dataset, DatasetVersion, RevisionStamp
from datasets.catalogue.queries.visibility import NotAllowed
from datasets.publishing.actions import publish
from datasets.publishing.specification import check_specification
from tests.samples import specification

pytestmark = pytest.mark.django_db


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs what follows a commit; the wait for other processes, of which there are none, is counted instead."""
    waits: list[float] = []
    monkeypatch.setattr(refusal.time, "sleep", waits.append)

    class Committed:
        def __call__(self) -> Any:
            return django_capture_on_commit_callbacks(execute=True)

        @property
        def waits(self) -> list[float]:
            return waits

    return Committed()


@pytest.fixture(autouse=True)
def tidy_tree(db: None) -> Iterator[None]:
    yield
    Dataset.objects.update(visibility="private", embargo_until=None)
    tree = published_tree()
    with tree.changing():
        for version in tree.versions():
            tree.remove(version)
        for name in tree.names():
            tree.lead(name, None)


def command(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def access() -> dict[str, str]:
    return dict(published_tree().versions())


def test_a_dataset_is_withdrawn_and_opened_again_everywhere(
    client: Client, small_cell: DatasetVersion, committed: Any
) -> None:
    reconcile_published_tree()
    assert access() == {"small-cell@1": "open"}
    stamp = RevisionStamp.objects.get().value
    with committed():
        change_visibility(name="small-cell", visibility="private", by=None)
    assert access() == {"small-cell@1": "guarded"}
    assert RevisionStamp.objects.get().value > stamp
    assert client.get("/datasets/small-cell/").status_code == 404
    assert committed.waits == [refusal.REFUSED_EVERYWHERE_S]
    with committed():
        change_visibility(name="small-cell", visibility="public", by=None)
    assert access() == {"small-cell@1": "open"}
    assert client.get("/datasets/small-cell/").status_code == 200
    event = AuditEvent.objects.all()[0]
    assert (event.action, event.before["visibility"], event.after["visibility"]) == (
        "dataset.visibility", "private", "public",
    )  # fmt: skip


def test_nothing_is_opened_before_the_change_is_for_good(small_cell: DatasetVersion) -> None:
    Dataset.objects.update(visibility="private")
    reconcile_published_tree()
    change_visibility(name="small-cell", visibility="public", by=None)  # within the test's transaction
    assert "open" not in access().values()


def test_an_embargo_ends_by_the_clock(client: Client, small_cell: DatasetVersion) -> None:
    soon = timezone.now() + dt.timedelta(days=1)
    change_visibility(name="small-cell", visibility="embargoed", until=soon, by=None)
    assert client.get("/datasets/small-cell/").status_code == 404
    Dataset.objects.update(embargo_until=timezone.now() - dt.timedelta(milliseconds=1))
    assert client.get("/datasets/small-cell/").status_code == 200
    change_visibility(name="small-cell", visibility="private", by=None)
    assert Dataset.objects.get().embargo_until is None


def test_a_retired_version_is_gone_with_its_reason_and_successor(
    client: Client, small_cell: DatasetVersion, committed: Any
) -> None:
    reconcile_published_tree()
    next_version = DatasetVersion.objects.create(dataset=small_cell.dataset, title="Next", licence="CC0-1.0")
    next_version.number, next_version.state, next_version.frozen_at = 2, "published", timezone.now()
    next_version.record, next_version.record_digest = "{}", "1" * 64
    next_version.save()
    with committed():
        retire_version(name="small-cell", number=1, reason="Wrong scale ", successor="small-cell@2", by=None)
    assert "small-cell@1" not in access()
    assert len(committed.waits) == 1
    response = client.get("/api/v1/datasets/small-cell@1/")
    assert response.status_code == 410
    assert "Wrong scale" in response.json()["detail"]
    assert "/datasets/small-cell@2/" in response.json()["fix"]
    (_, first) = client.get("/api/v1/datasets/small-cell/versions/").json()["results"]
    assert (first["version"], first["state"], first["retired_reason"]) == (1, "retired", "Wrong scale")


def test_a_dataset_all_of_whose_versions_are_retired_is_gone_at_every_address(
    client: Client, small_cell: DatasetVersion
) -> None:
    elsewhere = Dataset.objects.create(name="better-cell", visibility="public")
    better = DatasetVersion.objects.create(dataset=elsewhere, title="Better", licence="CC0-1.0")
    better.number, better.state, better.frozen_at = 1, "published", timezone.now()
    better.record, better.record_digest = "{}", "1" * 64
    better.save()
    retire_version(name="small-cell", number=1, reason="Wrong scale", successor="better-cell@1", by=None)
    for below in ("", "versions/", "volumes/", "segmentations/", "views/", "crops/", "state", "manifest"):
        response = client.get(f"/api/v1/datasets/small-cell/{below}")
        assert response.status_code == 410, below
        assert response.json()["detail"] == "small-cell@1 was retired: Wrong scale"
        assert "/datasets/better-cell@1/" in response.json()["fix"]


def test_a_refused_retirement_leaves_the_version_served(small_cell: DatasetVersion, committed: Any) -> None:
    reconcile_published_tree()
    with committed(), pytest.raises(CommandError):
        command("retire", "small-cell@1", "--reason", "r", "--successor", "small-cell@1")
    assert access() == {"small-cell@1": "open"}
    assert committed.waits == []


def test_only_who_administers_may(small_cell: DatasetVersion, django_user_model: Any) -> None:
    ada = django_user_model.objects.create_user("ada", password="x")
    for role in ("viewer", "curator", "reviewer"):
        grant_membership(username="ada", role=role, dataset="small-cell", by=None)
        with pytest.raises(NotAllowed):
            change_visibility(name="small-cell", visibility="private", by=ada)
        with pytest.raises(NotAllowed):
            retire_version(name="small-cell", number=1, reason="r", by=ada)
    grant_membership(username="ada", role="owner", dataset="small-cell", by=None)
    change_visibility(name="small-cell", visibility="private", by=ada)


def test_the_commands(small_cell: DatasetVersion) -> None:
    assert command("visibility", "small-cell", "private").splitlines()[-1] == "small-cell is private"
    assert command("visibility", "small-cell", "embargoed", "--until", "2999-03-31").splitlines()[-1] == (
        "small-cell is embargoed until 2999-03-31T00:00:00+00:00"
    )
    assert command("visibility", "small-cell", "public") == "small-cell is public\n"
    assert command("retire", "small-cell@1", "--reason", "Wrong scale").splitlines()[-1] == "small-cell@1 is retired"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("visibility", "small-cell", "open"), "There is: public, embargoed, private."),
        (("visibility", "sell", "public"), "There is: small-cell."),
        (("visibility", "small-cell", "public", "--until", "2999-01-01"), "Only an embargo has an end"),
        (("visibility", "small-cell", "embargoed", "--until", "1999-01-01"), "is past"),
        (("visibility", "small-cell", "embargoed", "--until", "soon"), "no date such as"),
        (("retire", "small-cell", "--reason", "r"), "no version such as"),
        (("retire", "small-cell@7", "--reason", "r"), "There is: small-cell@1."),
        (("retire", "small-cell@1", "--reason", " "), "A reason is missing"),
        (("retire", "small-cell@1", "--reason", "r", "--successor", "small-cell@9"), "No published version"),
        (("retire", "small-cell@1", "--reason", "r", "--successor", "small-cell@1"), "cannot succeed itself"),
    ],
)
def test_the_commands_say_what_is_wrong(small_cell: DatasetVersion, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError) as error:
        command(*arguments)
    assert words in str(error.value)


def test_a_version_is_retired_once(small_cell: DatasetVersion) -> None:
    command("retire", "small-cell@1", "--reason", "Wrong scale")
    with pytest.raises(CommandError, match="retired already"):
        command("retire", "small-cell@1", "--reason", "Again")


def test_publishing_again_takes_no_visibility_back(small_cell: DatasetVersion) -> None:
    Dataset.objects.update(visibility="private")
    again = publish(specification=check_specification(specification("data:small.zarr")), base=Path(), by=None)
    assert not again.created
    assert Dataset.objects.get().visibility == "private"
