"""A draft is published over the API: by an owner, as it was read, once."""

import io
import json
import shutil
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from datasets.catalogue.actions.memberships import grant_membership
from datasets.catalogue.actions.tokens import create_api_token
from datasets.catalogue.models import AuditEvent, Dataset, DatasetVersion
from datasets.catalogue.pictures import picture_names
from datasets.processing.models import Job
from tests.processing.running import run_job

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/datasets/small-cell"


class Writer:
    """Somebody with a token."""

    def __init__(self, username: str, scope: str = "publish") -> None:
        made = create_api_token(username=username, label="", scope=scope, lifetime=None, by=None)
        self.headers = {"Authorization": f"Bearer {made.bearer}"}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        text = json.dumps({} if body is None else body)
        return Client().generic(method, ADDRESS + path, text, content_type="application/json", headers=named)


@pytest.fixture
def people(small_cell: DatasetVersion, django_user_model: Any) -> None:
    for role in ("owner", "curator"):
        django_user_model.objects.create_user(role)
        grant_membership(username=role, role=role, dataset="small-cell", by=None)


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["type"].split("/")[-2]


def test_a_draft_becomes_the_next_version(people: None) -> None:
    curator, owner = Writer("curator"), Writer("owner")
    stale = curator.ask("POST", "/versions/")["ETag"]
    saved = curator.ask("PATCH", "@draft/", {"title": "A better title"}, If_Match=stale)
    for caller, headers, answer in (
        (curator, {"If_Match": saved["ETag"]}, (403, "not-allowed")),
        (Writer("owner", "read"), {"If_Match": saved["ETag"]}, (403, "not-allowed")),
        (owner, {}, (428, "condition-missing")),
        (owner, {"If_Match": stale}, (409, "draft-changed")),
    ):
        assert problem(caller.ask("POST", "@draft/publish/", **headers)) == answer
    assert problem(owner.ask("POST", "/publish/", If_Match=saved["ETag"])) == (409, "version-frozen")
    assert owner.ask("POST", "@draft/publish/", {"title": "x"}, If_Match=saved["ETag"]).status_code == 400
    assert DatasetVersion.objects.filter(number=None).exists()

    key = {"If_Match": saved["ETag"], "Idempotency_Key": "first"}
    published = owner.ask("POST", "@draft/publish/", **key)
    assert (published.status_code, published["Location"]) == (201, f"http://testserver{ADDRESS}@2/")
    said = published.json()
    assert (said["version"], said["title"], said["state"]) == (2, "A better title", "published")
    version = DatasetVersion.objects.get(number=2)
    assert said["record_digest"] == version.record_digest
    shown = Client().get(f"{ADDRESS}/").json()
    assert said["thumbnail_url"] == "http://testserver/datasets/small-cell@2/thumbnail.webp"
    assert shown == said
    assert (job := Job.objects.get()).state == "waiting"
    assert picture_names(version) == set(), "they are drawn in the background"
    assert run_job(job, settings.CONFIG.home / "scratch").outcome["pictures"]
    assert picture_names(version) == picture_names(DatasetVersion.objects.get(number=1)) != set()
    assert (settings.CONFIG.home / "published" / "open" / "small-cell@2" / "em").is_dir()
    assert [event.action for event in AuditEvent.objects.filter(by="owner")] == ["job.ask", "version.publish"]

    shutil.rmtree(settings.CONFIG.home / "published" / "open" / "small-cell@2")
    again = owner.ask("POST", "@draft/publish/", **key)
    assert (settings.CONFIG.home / "published" / "open" / "small-cell@2" / "em").is_dir(), "what is lost is made anew"
    assert (again.status_code, again["Idempotency-Replayed"], again.json()) == (201, "true", said)
    assert problem(owner.ask("POST", "@draft/publish/", If_Match="*")) == (404, "not-found")


def test_a_draft_takes_the_place_of_versions_that_were_all_withdrawn(people: None) -> None:
    owner = Writer("owner")
    tag = owner.ask("POST", "/versions/")["ETag"]
    DatasetVersion.objects.filter(number=1).update(state="retired", retired_reason="Wrong scale")
    assert owner.ask("POST", "@draft/publish/", If_Match=tag).status_code == 201
    assert Client().get(f"{ADDRESS}/").json()["version"] == 2


def test_who_may_not_know_of_a_dataset_is_told_nothing(people: None, django_user_model: Any) -> None:
    django_user_model.objects.create_user("account")
    account = Writer("account")
    assert problem(account.ask("POST", "@draft/publish/", If_Match="*")) == (403, "not-allowed"), "draft or none"
    Dataset.objects.update(visibility="private")
    assert problem(account.ask("POST", "@draft/publish/", If_Match="*")) == (404, "not-found")
    assert Client().post(f"{ADDRESS}@draft/publish/").status_code == 404


def test_what_each_version_says_is_asked_for(django_user_model: Any) -> None:
    dataset = Dataset.objects.create(name="small-cell")
    DatasetVersion.objects.create(dataset=dataset, title="Said by nobody")
    django_user_model.objects.create_user("owner")
    grant_membership(username="owner", role="owner", dataset="small-cell", by=None)
    refused = Writer("owner").ask("POST", "@draft/publish/", If_Match="*")
    assert problem(refused) == (422, "draft-invalid")
    assert [finding["where"] for finding in refused.json()["findings"]] == ["/specimen", "/acquisition"]


def test_the_same_from_the_command_line(small_cell: DatasetVersion) -> None:
    out = io.StringIO()
    call_command("revise", "small-cell", stdout=out)
    call_command("freeze", "small-cell", stdout=out)
    assert "small-cell@draft is begun" in out.getvalue()
    assert "small-cell@2 is published" in out.getvalue()
    assert DatasetVersion.objects.get(number=2).state == "published"
    assert sorted(job.recipe for job in Job.objects.all()) == ["manifest", "thumbnails"]
    assert (settings.CONFIG.home / "published" / "open" / "small-cell@2" / "em").is_dir()
    with pytest.raises(CommandError, match="has no draft"):
        call_command("freeze", "small-cell")
