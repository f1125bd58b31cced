"""What refers to a version, or a dataset, is named before it is retired or closed; and to whom."""

import datetime as dt
import hashlib
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client

from datasets.catalogue.actions import refusal
from datasets.catalogue.actions.memberships import grant_membership
from datasets.catalogue.actions.tokens import create_api_token, create_share_token
from datasets.catalogue.actions.versions import CONTENT, freeze, revise
from datasets.catalogue.actions.withdrawal import retire_version
from datasets.catalogue.models import (
    Acquisition,
    AuditEvent,
    Collection,
    CollectionMember,
    Dataset,
    DatasetVersion,
    Model,
    ModelVersion,
    Selection,
    Specimen,
    State,
    StateLink,
    Task,
)
from datasets.catalogue.queries.withdrawals import KINDS, MOST_EXAMPLES, Broken, closing_of, retirement_of
from tests.catalogue.test_research_pages import cell, cropped

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal.time, "sleep", lambda seconds: None)


@pytest.fixture
def version() -> DatasetVersion:
    return cell()


def link(*sources: str) -> str:
    digest = hashlib.sha256(repr((sources, StateLink.objects.count())).encode()).hexdigest()
    return StateLink.objects.create(state={}, digest=digest, sources=list(sources)).pk


def select(*layers: str) -> str:
    return Selection.objects.create(layers=list(layers), digest=hashlib.sha256(repr(layers).encode()).hexdigest()).pk


def refer_to(version: DatasetVersion) -> dict[str, Any]:
    """Let everything refer to ``version`` that can, and return the examples that are expected."""
    first, second = link(f"{version}"), link("other@1", f"{version}")
    chosen = select(f"{version}/mito", "other@1/em")
    crop = version.crops.get()
    task = Task.objects.create(name="find-them", title="Find them")
    task.crops.add(crop)
    ModelVersion.objects.get(model__name="unet").training_crops.add(crop)
    collection = Collection.objects.create(name="cells", title="Cells")
    CollectionMember.objects.create(collection=collection, dataset=version.dataset)
    worse = cropped("worse", "1")
    DatasetVersion.objects.filter(pk=worse.pk).update(state=State.RETIRED, retired_reason="Worse", successor=version)
    reader = DatasetVersion.objects.create(
        dataset=Dataset.objects.create(name="reader", visibility="public"), title="R"
    )
    for number, address in enumerate((f"zarr://https://x.org/data/{version}/em/", "https://x.org/data/cell@11/em/")):
        reader.volumes.create(
            path=f"em-{number}",
            kind="em",
            title="EM",
            axes=["z", "y", "x"],
            external_url=address,
            external_format="zarr",
        )
    Specimen.objects.create(version=reader)
    Acquisition.objects.create(version=reader, method="FIB-SEM")
    freeze(draft=reader, by=None)
    create_share_token(dataset="cell", label="journal", lifetime=dt.timedelta(days=1), by=None)
    return {
        "short_links": {(f"/v/{it}/", f"/v/{it}/") for it in (first, second)},
        "selections": {(f"/selections/{chosen}/", f"/selections/{chosen}/")},
        "views": {("Default view", f"/datasets/{version}/view/?view=default")},
        "publications": {("EM", "https://doi.org/10.25378/janelia.13469964")},
        "collections": {("Cells", "/collections/cells/")},
        "tasks": {("Find them", "/tasks/find-them/")},
        "trained_models": {("U-Net 1", "/models/unet/")},
        "runs": {("U-Net 1, first", "/models/unet/")},
        "predecessors": {("worse@1", "/datasets/worse@1/")},
        "readers": {("reader@1: em-0", "/datasets/reader@1/")},
        "share_tokens": {("journal", "")},
    }


def shown(broken: tuple[Broken, ...]) -> dict[str, set[tuple[str, str]]]:
    return {it.kind: {(each.name, each.url) for each in it.examples} for it in broken}


def counts(broken: tuple[Broken, ...]) -> dict[str, int]:
    return {it.kind: it.count for it in broken}


def command(*arguments: str) -> list[str]:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().splitlines()


def test_whatever_refers_to_a_version_is_found(version: DatasetVersion) -> None:
    expected = refer_to(version)
    found = retirement_of(version, None)
    assert shown(found.broken) == expected
    assert counts(found.broken) == {kind: len(examples) for kind, examples in expected.items()}
    assert list(expected) == list(KINDS), "every kind is tried here"
    assert (found.newest, found.instead) == ("cell@1", None)
    closed = closing_of(version.dataset, None)
    assert shown(closed.broken) == {kind: it for kind, it in expected.items() if kind != "share_tokens"}


def test_what_refers_to_others_of_a_like_name_is_not(version: DatasetVersion) -> None:
    for reference in ("cell@11", "cell@2", "a-cell@1", "cell@draft", "cell_1@1", "Cell@1x"):
        link(reference)
        select(f"{reference}/cell@1/em", 'other@1/x"cell@1/em', 'other@1/x, "cell@1/em', "other@1/cell@1/")
    kinds = counts(retirement_of(version, None).broken)
    assert {"short_links", "selections"} & set(kinds) == set()
    assert {"short_links", "selections"} & set(counts(closing_of(version.dataset, None).broken)) == set()


def test_an_older_version_takes_less_with_it(version: DatasetVersion) -> None:
    refer_to(version)
    second = freeze(draft=revise(dataset=version.dataset, by=None), by=None)
    older = retirement_of(version, None)
    assert {"collections", "share_tokens"} & set(counts(older.broken)) == set(), "what leads to the newest stays"
    assert (older.newest, older.instead) == ("cell@2", "cell@2")
    newer = retirement_of(second, None)
    assert set(counts(newer.broken)) == {"views", "publications", "collections", "runs"}
    assert (newer.newest, newer.instead) == ("cell@2", "cell@1")
    both = counts(closing_of(version.dataset, None).broken)
    assert both["views"] == 2
    assert both["publications"] == 1, "one, whichever versions name it"


def test_a_draft_keeps_reviewers_their_token(version: DatasetVersion) -> None:
    refer_to(version)
    revise(dataset=version.dataset, by=None)
    assert "share_tokens" not in counts(retirement_of(version, None).broken)


def test_what_is_closed_already_breaks_for_nobody(version: DatasetVersion) -> None:
    refer_to(version)
    Dataset.objects.filter(name="cell").update(visibility="private")
    assert closing_of(Dataset.objects.get(name="cell"), None).broken == ()


def test_ten_are_named_and_all_are_counted(version: DatasetVersion) -> None:
    for _ in range(MOST_EXAMPLES + 3):
        link("cell@1")
    (links,) = (it for it in retirement_of(version, None).broken if it.kind == "short_links")
    assert (links.count, len(links.examples)) == (MOST_EXAMPLES + 3, MOST_EXAMPLES)


def test_owners_are_named_what_they_may_know_of(version: DatasetVersion) -> None:
    expected = refer_to(version)
    hidden = Dataset.objects.get(name="worse")
    Dataset.objects.filter(name__in=("worse", "reader")).update(visibility="private")
    Dataset.objects.create(name="other", visibility="private")
    Model.objects.update(public=False)
    owner = get_user_model().objects.create_user("ada")
    grant_membership(username="ada", role="owner", dataset="cell", by=None)
    found = retirement_of(version, owner)
    assert counts(found.broken) == {kind: len(examples) for kind, examples in expected.items()}, "counted all the same"
    named = shown(found.broken)
    assert len(named["short_links"]) == 1, "the other shows something of another dataset"
    for kind in ("selections", "trained_models", "runs", "predecessors", "readers"):
        assert named[kind] == set(), kind
    grant_membership(username="ada", role="viewer", dataset=hidden.name, by=None)
    assert shown(retirement_of(version, owner).broken)["predecessors"] == expected["predecessors"]


def test_the_api_tells_it_to_owners_and_to_nobody_else(client: Client, version: DatasetVersion) -> None:
    refer_to(version)
    path = "/api/v1/datasets/cell@1/withdrawal/"

    def asked(role: str, path: str = path) -> Any:
        user, _ = get_user_model().objects.get_or_create(username=role)
        if role != "nobody" and not user.memberships.exists():
            grant_membership(username=role, role=role, dataset="cell", by=None)
        made = create_api_token(username=role, label="", scope="read", lifetime=None, by=None)
        return client.get(path, headers={"Authorization": f"Bearer {made.bearer}"})

    told = asked("owner")
    assert told["Cache-Control"] == "private, no-store"
    body = told.json()
    assert (body["version"], body["newest"], body["instead"]) == ("cell@1", "cell@1", None)
    broken = {it["kind"]: it for it in body["broken"]}
    assert broken["short_links"]["words"] == "2\u00a0short links that show it"
    assert broken["tasks"]["examples"] == [{"name": "Find them", "url": "http://testserver/tasks/find-them/"}]
    assert broken["share_tokens"]["examples"] == [{"name": "journal", "url": None}]
    assert broken["publications"]["examples"][0]["url"] == "https://doi.org/10.25378/janelia.13469964"
    for role in ("curator", "reviewer", "viewer", "nobody"):
        assert asked(role).status_code == 403, role
    assert client.get(path).status_code == 403
    revise(dataset=version.dataset, by=None)
    refused = asked("owner", "/api/v1/datasets/cell@draft/withdrawal/")
    assert (refused.status_code, refused.json()["type"]) == (409, "http://testserver/problems/retirement-refused/")
    retire_version(name="cell", number=1, reason="Wrong", by=None)
    assert asked("owner").status_code == 410
    Dataset.objects.filter(name="cell").update(visibility="private")
    assert asked("nobody").status_code == client.get(path).status_code == 404


def test_a_dry_run_tells_it_and_changes_nothing(version: DatasetVersion) -> None:
    expected = refer_to(version)
    (chosen,) = (name for name, _ in expected["selections"])
    lines = command("retire", "cell@1", "--reason", "Wrong", "--dry-run")
    assert lines[0] == "Retiring cell@1 breaks"
    assert f"  1\u00a0selection with layers of it: {chosen}" in lines
    assert "  1\u00a0task with ground truth of it: Find them (/tasks/find-them/)" in lines
    assert "  1\u00a0share token that opens nothing then: journal" in lines
    assert lines[-1] == "/datasets/cell/ leads to nothing: no other version is published"
    assert len(lines) == len(KINDS) + 2
    version.refresh_from_db()
    assert version.state == State.PUBLISHED
    assert not AuditEvent.objects.filter(action="version.retire").exists()
    with pytest.raises(CommandError, match="A reason is missing"):
        command("retire", "cell@1", "--reason", " ", "--dry-run")
    done = command("retire", "cell@1", "--reason", "Wrong")
    assert done == [*lines, "cell@1 is retired"]
    event = AuditEvent.objects.get(action="version.retire")
    assert event.before == {"referred_to_by": {kind: len(it) for kind, it in expected.items()}}
    with pytest.raises(CommandError, match="retired already"):
        command("retire", "cell@1", "--reason", "Wrong", "--dry-run")


def test_closing_tells_it_and_opening_has_nothing_to_tell(version: DatasetVersion) -> None:
    refer_to(version)
    lines = command("visibility", "cell", "private", "--dry-run")
    assert (lines[0], lines[-1]) == ("Closing cell breaks", "/datasets/cell/ is there for its members alone")
    assert len(lines) == len(KINDS) + 1
    assert Dataset.objects.get(name="cell").visibility == "public"
    assert command("visibility", "cell", "private") == [*lines, "cell is private"]
    assert command("visibility", "cell", "private", "--dry-run") == ["Nothing here refers to cell"]
    assert command("visibility", "cell", "public", "--dry-run") == []
    assert command("visibility", "cell", "public") == ["cell is public"]


def test_what_leads_elsewhere_afterwards_is_said(version: DatasetVersion) -> None:
    freeze(draft=revise(dataset=version.dataset, by=None), by=None)
    ending = {number: command("retire", f"cell@{number}", "--reason", "x", "--dry-run")[-1] for number in (1, 2)}
    assert ending == {
        1: "/datasets/cell/ leads to cell@2, as before",
        2: "/datasets/cell/ leads to cell@1 instead",
    }


CONSIDERED = {
    # What stays as it is, and why.
    "catalogue.Membership.dataset": "members stay members",
    "catalogue.UsageDaily.dataset": "what was counted stays counted",
    "catalogue.SearchEntry.dataset": "indexed anew with the withdrawal",
    "catalogue.DatasetFacet.dataset": "indexed anew with the withdrawal",
    "catalogue.CollectionMember.dataset": "collections",
    "catalogue.Collection.datasets": "collections",
    "catalogue.ShareToken.dataset": "share_tokens",
    "catalogue.DatasetVersion.dataset": "its own",
    "catalogue.DatasetVersion.successor": "predecessors",
    "catalogue.ModelVersion.training_crops": "trained_models",
    "catalogue.Task.crops": "tasks",
    "processing.Job.version": "a job ends with what it finds",
    "processing.Job.dataset": "a job ends with what it finds",
    "processing.Alarm.version": "an alarm stays open until it is settled",
}


def test_whatever_in_the_models_refers_to_versions_is_considered() -> None:
    content = {table for table, _ in CONTENT}
    found = {
        f"{table._meta.label}.{field.name}"
        for table in apps.get_models()
        if table not in content and table._meta.app_label != "admin" and not table._meta.auto_created
        for field in table._meta.get_fields()
        if getattr(field, "related_model", None) in {Dataset, DatasetVersion, *content} and not field.auto_created
    }
    assert found == set(CONSIDERED), "say of what is new whether a withdrawal breaks it"
