"""Jobs on pages, over the API and in the terminal: told to members, changed by those who may."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from datasets.catalogue.actions.tokens import create_share_token
from datasets.catalogue.models import DatasetVersion, Membership, Role
from datasets.processing.actions import leases
from datasets.processing.actions.jobs import enqueue
from datasets.processing.actions.leases import Lease
from datasets.processing.models import Job, JobState
from datasets.storage.errors import StorageUnavailable

API = "/api/v1/jobs/"
type SignedIn = Callable[[str], Client]


@pytest.fixture
def job(small_cell: DatasetVersion) -> Job:
    return enqueue(recipe="manifest", reference="small-cell", by=None)[0]


@pytest.fixture
def signed_in(small_cell: DatasetVersion) -> SignedIn:
    """A client of an account with a role in small-cell; "account" has none, "operator" needs none."""

    def sign_in(role: str) -> Client:
        user, created = get_user_model().objects.get_or_create(username=role, is_superuser=role == "operator")
        if created and role in Role.values:
            Membership.objects.create(user=user, role=role, dataset=small_cell.dataset)
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def page_of(client: Client, path: str) -> str:
    response = client.get(path, headers={"Accept": "text/html"})
    assert response.status_code == 200
    return response.content.decode()


def ask(client: Client, path: str = API, **body: Any) -> Any:
    return client.post(path, body, content_type="application/json")


@pytest.mark.parametrize("caller", ["account", "share token", "stranger"])
def test_others_know_of_no_job(job: Job, signed_in: SignedIn, caller: str) -> None:
    client = Client() if caller in ("stranger", "share token") else signed_in(caller)
    if caller == "share token":
        token = create_share_token(dataset="small-cell", label="", lifetime=timedelta(days=1), by=None)
        client.cookies["share-small-cell"] = token.secret
    assert client.get(f"{API}{job.uid}/").status_code == 404
    assert client.get(API).json()["results"] == []
    assert client.get(f"/jobs/{job.uid}/").status_code == (404 if caller == "account" else 302)
    assert ask(client, f"{API}{job.uid}/cancel/").status_code == 404
    assert ask(client, recipe="manifest", version="small-cell").status_code == 403
    assert Job.objects.get().state == JobState.WAITING


def test_members_see_and_those_who_may_change(job: Job, signed_in: SignedIn) -> None:
    viewer, owner = signed_in("viewer"), signed_in("owner")
    assert "The SHA-256 of every object" in page_of(viewer, "/jobs/")
    shown = page_of(viewer, f"/jobs/{job.uid}/")
    assert "Waits for a worker" in shown
    assert "Call it off" not in shown
    assert viewer.post(f"/jobs/{job.uid}/change/", {"cancel": ""}).status_code == 403
    assert ask(viewer, f"{API}{job.uid}/cancel/").status_code == 403
    assert "Call it off" in page_of(owner, f"/jobs/{job.uid}/")
    assert owner.post(f"/jobs/{job.uid}/change/", {"cancel": ""}).status_code == 302
    shown = page_of(owner, f"/jobs/{job.uid}/")
    assert "Called off" in shown
    assert "Try it again" in shown
    assert ask(owner, f"{API}{job.uid}/retry/").json()["state"] == "waiting"


def test_the_same_asked_for_over_the_api(signed_in: SignedIn) -> None:
    owner = signed_in("owner")
    first = ask(owner, recipe="manifest", version="small-cell")
    assert (first.status_code, first.json()["version"]) == (201, "small-cell@1")
    assert first["Location"].endswith(f"{API}{first.json()['id']}/")
    assert ask(owner, recipe="manifest", version="small-cell@1").status_code == 200
    listed = owner.get(f"{API}?state=waiting&recipe=manifest&dataset=small-cell").json()["results"]
    assert [it["id"] for it in listed] == [first.json()["id"]]
    assert "log" not in listed[0]
    assert owner.get(first["Location"]).json()["log"] == []
    dry = ask(owner, recipe="manifest", version="small-cell", dry_run=True)
    assert (dry.status_code, dry.json()["memory_bytes"] > 0) == (200, True)
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({"recipe": "magic", "version": "small-cell"}, 404, "recipe-unknown"),
        ({"recipe": "pyramid", "version": "small-cell@1"}, 409, "not-for-this"),
        ({"recipe": "manifest", "version": "small-cell", "parameters": {"x": 1}}, 400, "parameters-invalid"),
        ({"recipe": "manifest"}, 400, ""),
        ({"recipe": "manifest", "version": "small-cell", "parameters": []}, 400, ""),
    ],
)
def test_what_cannot_be_asked_for_is_refused(signed_in: SignedIn, body: dict[str, Any], status: int, slug: str) -> None:
    answer = ask(signed_in("owner"), **body)
    assert answer.status_code == status
    assert slug in answer.json()["type"]
    assert not Job.objects.exists()


def test_progress_and_trouble_are_told(job: Job, claimed: Callable[..., Job | None], signed_in: SignedIn) -> None:
    owner = signed_in("owner")
    running = claimed()
    assert running is not None
    lease = Lease(running.pk, running.fence)
    Job.objects.update(started_at=timezone.now() - timedelta(seconds=10))
    leases.beat(lease, phase="Reading the objects", unit="bytes", done=5_000_000, total=20_000_000)
    shown = page_of(owner, f"/jobs/{job.uid}/")
    assert re.search(r"Reading the objects, 5 MB of 20 MB, [45]\d\d kB/s, 3\d s left", shown.replace("\xa0", " "))
    assert '<progress max="100" value="25"' in shown
    assert 'data-watch="2000"' in shown
    leases.fail(lease, StorageUnavailable("The disk is full", where="own", fix="Make room"), again=False)
    shown = page_of(owner, f"/jobs/{job.uid}/")
    assert "The disk is full" in shown
    assert "/problems/storage-unavailable/" in shown
    assert "data-watch" not in shown
    assert "Failed after" in page_of(owner, "/jobs/")


def test_a_page_says_that_nobody_works(job: Job, signed_in: SignedIn, worker: Callable[..., Any]) -> None:
    assert "No worker is at work" in page_of(signed_in("owner"), "/jobs/")
    worker("a")
    assert "1 worker at work" in page_of(signed_in("owner"), "/jobs/")


def test_the_terminal_tells_the_same(job: Job, claimed: Callable[..., Job | None]) -> None:
    def said(*arguments: str) -> str:
        out = io.StringIO()
        call_command("jobs", *arguments, stdout=out)
        return out.getvalue()

    assert f"{job.uid}" in said()
    assert "small-cell@1: Waits for a worker" in said(job.uid)
    assert "Called off" in said(job.uid, "--cancel")
    assert "To be tried again, as asked" in said(job.uid, "--retry")
    running = claimed()
    assert running is not None
    leases.fail(Lease(running.pk, running.fence), StorageUnavailable("gone"), again=False)
    with pytest.raises(CommandError, match="failed"):
        said(job.uid, "--watch")
    with pytest.raises(CommandError, match="There is no job"):
        said("0" * 16)
    out = io.StringIO()
    call_command("derive", "small-cell", "--recipe", "manifest", "--dry-run", stdout=out)
    assert "Reads every object of the version once" in out.getvalue()
    call_command("derive", "small-cell", "--recipe", "thumbnails", "--set", "again=true", "--dry-run", stdout=out)
    assert "Draws the whole" in out.getvalue()
    call_command("derive", "small-cell", "--recipe", "manifest", stdout=out)
    assert out.getvalue().endswith("manifest small-cell@1: waits\n")
