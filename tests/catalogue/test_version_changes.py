"""In what two versions of a dataset differ, as pages, the API and the command tell it, and to whom."""

import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client

from datasets.catalogue.actions.memberships import grant_membership
from datasets.catalogue.actions.tokens import create_share_token
from datasets.catalogue.actions.versions import freeze, revise
from datasets.catalogue.actions.withdrawal import retire_version
from datasets.catalogue.models import DatasetVersion, Model, Mount, Volume
from datasets.catalogue.queries.version_changes import find_changes
from tests.catalogue.test_layer_pages import plain
from tests.catalogue.test_pages import text_of as page_of
from tests.catalogue.test_research_pages import cell

pytestmark = pytest.mark.django_db


@pytest.fixture
def first() -> DatasetVersion:
    return cell()


def say_more(first: DatasetVersion) -> DatasetVersion:
    """A draft with another title and note, a volume less, a mount that moved and one that is new."""
    draft = revise(dataset=first.dataset, by=None)
    draft.title, draft.change_note, draft.description = "A better cell", "Measured again", "Says more"
    draft.save()
    Volume.objects.filter(version=draft, path="mito").update(title="<b>Mitochondria</b>")
    Mount.objects.filter(version=draft, path="em").update(key="hidden/em", revision="r2")
    Mount.objects.create(version=draft, path="labels", root="own", key="hidden/labels")
    return draft


@pytest.fixture
def draft(first: DatasetVersion) -> DatasetVersion:
    return say_more(first)


@pytest.fixture
def second(draft: DatasetVersion) -> DatasetVersion:
    return freeze(draft=draft, by=None)


def text_of(client: Client, path: str, status: int = 200) -> str:
    return plain(page_of(client, path, status))


def asked(client: Client, ref: str, since: str = "", status: int = 200) -> Any:
    response = client.get(f"/api/v1/datasets/{ref}/changes/", {"since": since} if since else {})
    assert response.status_code == status, response.content
    return response.json()


def signed_in(name: str, role: str = "") -> Client:
    client, user = Client(), get_user_model().objects.create_user(name)
    if role:
        grant_membership(username=name, role=role, dataset="cell", by=None)
    client.force_login(user)
    return client


def reviewing() -> Client:
    client, day = Client(), dt.timedelta(days=1)
    client.cookies["share-cell"] = create_share_token(dataset="cell", label="", lifetime=day, by=None).secret
    return client


def diff(*references: str) -> list[str]:
    out = StringIO()
    call_command("diff", *references, stdout=out)
    return out.getvalue().splitlines()


SAID = [
    ("Title", "changed", "A cell", "A better cell"),
    ("Description", "added", None, "Says more"),
    ("Volumes › mito › title", "changed", "Mitochondria", "<b>Mitochondria</b>"),
]


def test_the_api_tells_what_is_said_and_shown_otherwise(client: Client, second: DatasetVersion) -> None:
    body = asked(client, "cell")
    assert body == asked(client, "cell@2", "1")
    assert (body["version"], body["since"], body["change_note"]) == ("cell@2", "cell@1", "Measured again")
    assert [(it["words"], it["kind"], it["before"], it["after"]) for it in body["changes"]] == SAID
    assert body["changes"][2]["path"] == ["volumes", "mito", "title"]
    assert body["mounts"] == [
        {
            "path": "em",
            "kind": "moved",
            "before": {"single": False, "revision": ""},
            "after": {"single": False, "revision": "r2"},
        },
        {"path": "labels", "kind": "added", "before": None, "after": {"single": False, "revision": ""}},
    ]
    back = asked(client, "cell@1", "2")
    assert [(it["before"], it["after"]) for it in back["changes"]] == [(new, old) for _, _, old, new in SAID]
    nothing = asked(client, "cell@2", "2")
    assert (nothing["changes"], nothing["mounts"]) == ([], [])
    before = asked(client, "cell@1")
    assert (before["since"], before["changes"], before["mounts"]) == (None, [], [])


def test_places_in_storage_are_told_to_members_alone(client: Client, second: DatasetVersion) -> None:
    member, other = signed_in("ada", "viewer"), signed_in("bob")
    assert asked(member, "cell")["mounts"][0]["after"] == {
        "single": False, "revision": "r2", "root": "own", "key": "hidden/em",
    }  # fmt: skip
    assert "own:hidden/em, revision r2" in text_of(member, "/datasets/cell/changes/")
    for each in (client, other, reviewing()):
        assert "hidden/" not in json.dumps(asked(each, "cell"))
        page = text_of(each, "/datasets/cell/changes/")
        assert "hidden/" not in page
        assert "revision r2" in page


def test_a_draft_is_held_against_the_newest_for_members_alone(client: Client, draft: DatasetVersion) -> None:
    member = signed_in("ada", "viewer")
    body = asked(member, "cell@draft")
    assert (body["version"], body["since"]) == ("cell@draft", "cell@1")
    assert [(it["words"], it["kind"], it["before"], it["after"]) for it in body["changes"]] == SAID
    assert asked(member, "cell@1", "draft")["since"] == "cell@draft"
    page = text_of(member, "/datasets/cell@draft/changes/")
    assert 'From <a class="link" href="/datasets/cell@1/">version 1</a>' in page
    assert 'to <a class="link" href="/datasets/cell@draft/">the draft</a>' in page
    assert '<a class="link" href="/datasets/cell@draft/changes/">What it changes</a>' in text_of(
        member, "/datasets/cell@draft/"
    )
    told = asked(reviewing(), "cell@draft")
    assert (told["changes"], "hidden" in json.dumps(told)) == (body["changes"], False)
    for each in (client, signed_in("bob")):
        asked(each, "cell@draft", status=404)
        asked(each, "cell@1", "draft", status=404)
        text_of(each, "/datasets/cell@draft/changes/", 404)
        text_of(each, "/datasets/cell@1/changes/?since=draft", 404)
        assert "draft" not in text_of(each, "/datasets/cell@1/changes/?since=1")


def test_the_page_says_it_in_words_and_leads_on(client: Client, second: DatasetVersion) -> None:
    page = text_of(client, "/datasets/cell@2/changes/")
    assert "What changed in A better cell" in page
    assert "Measured again" in page
    assert '<th scope="row">Title <span class="badge">changed</span></th>' in page
    assert '<td data-label="Before">A cell</td>' in page
    assert '<td data-label="Now">A<ins> better</ins> cell</td>' in page
    assert "&lt;b&gt;Mitochondria&lt;/b&gt;" in page_of(client, "/datasets/cell@2/changes/")
    assert '<th scope="row">labels <span class="badge">added</span></th>' in page
    assert '<option value="1" selected>version 1</option>' in page
    assert '<a class="link" href="/compare/?left=cell@1&right=cell@2">' in page
    assert "Nothing differs" not in page
    assert "Nothing differs" in text_of(client, "/datasets/cell@2/changes/?since=2")
    assert "no published version before" in text_of(client, "/datasets/cell@1/changes/")


def test_pages_of_versions_lead_to_it(client: Client, second: DatasetVersion) -> None:
    page = text_of(client, "/datasets/cell/")
    assert 'href="/datasets/cell@2/changes/"' in page
    assert "/datasets/cell@1/changes/" not in page, "nothing is before the first"
    assert '<a class="link" href="/datasets/cell@2/changes/?since=1">What changed</a>' in text_of(
        client, "/datasets/cell@1/"
    )


def test_a_retired_version_is_gone_here_too(client: Client, second: DatasetVersion) -> None:
    third = freeze(draft=revise(dataset=second.dataset, by=None), by=None)
    retire_version(name="cell", number=2, reason="Wrong scale", by=None)
    assert asked(client, f"{third}")["since"] == "cell@1", "what was retired is passed over"
    for path in ("/datasets/cell@2/changes/", "/datasets/cell@3/changes/?since=2"):
        assert "Wrong scale" in text_of(client, path, 410)
    asked(client, "cell@2", status=410)
    asked(client, "cell@3", "2", status=410)
    assert "/datasets/cell@2/changes/" not in text_of(client, "/datasets/cell/")
    assert diff("cell@3", "cell@2") == ["cell@2 → cell@3", "Nothing differs"], "the operator may ask all the same"


def test_runs_of_models_that_one_may_not_know_of_are_not_told(client: Client, first: DatasetVersion) -> None:
    draft = revise(dataset=first.dataset, by=None)
    segmentation = draft.volumes.get(path="mito").segmentation
    segmentation.run = None
    segmentation.save()
    freeze(draft=draft, by=None)
    (change,) = asked(client, "cell")["changes"]
    assert change["path"] == ["volumes", "mito", "segmentation", "run"]
    assert change["before"] == {"model": "unet", "version": "1", "name": "first"}
    Model.objects.update(public=False)
    assert asked(client, "cell")["changes"] == []
    assert "Nothing differs" in text_of(client, "/datasets/cell/changes/")
    assert diff("cell")[1:] == ["Volumes › mito › segmentation › run removed: model unet, name first, version 1 → –"]


@pytest.mark.parametrize("since", ["0", "x", "1.5", "cell@1", "1234567890"])
def test_what_is_no_version_is_refused(client: Client, second: DatasetVersion, since: str) -> None:
    assert asked(client, "cell", since, 400)["type"].endswith("/problems/query-invalid/")
    text_of(client, f"/datasets/cell/changes/?since={since}", 400)
    assert client.get("/api/v1/datasets/cell/changes/?before=1").status_code == 400
    asked(client, "cell", "7", 404)


def test_the_command(second: DatasetVersion) -> None:
    assert diff("cell@2", "cell@1") == diff("cell") == [
        "cell@1 → cell@2",
        "Title changed: A cell → A better cell",
        "Description added: – → Says more",
        "Volumes › mito › title changed: Mitochondria → <b>Mitochondria</b>",
        "Mount em moved: own:cell/em → own:hidden/em, revision r2",
        "Mount labels added: – → own:hidden/labels",
    ]  # fmt: skip
    revise(dataset=second.dataset, by=None)
    assert diff("cell@draft") == ["cell@2 → cell@draft", "Nothing differs"]
    assert diff("cell@1") == ["There is no published version before cell@1"]


@pytest.mark.parametrize(
    ("references", "words"),
    [
        (("cell@7",), "There is: "),
        (("cell@x",), "There is: "),
        (("sell",), "There is: cell, other."),
        (("cell@2", "other@draft"), "No version of cell is called 'other@draft'"),
    ],
)
def test_the_command_says_what_there_is(second: DatasetVersion, references: tuple[str, ...], words: str) -> None:
    other = second.dataset.__class__.objects.create(name="other")
    DatasetVersion.objects.create(dataset=other, title="Another")
    with pytest.raises(CommandError) as error:
        diff(*references)
    assert words in str(error.value)


def test_a_page_of_many_changes_says_how_many_are_left_out(
    client: Client, first: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.catalogue.pages.changes.MOST_ROWS", 1)
    freeze(draft=say_more(first), by=None)
    page = text_of(client, "/datasets/cell/changes/")
    assert "3 further changes, for which there is no room here" in page
    assert "Mitochondria" not in page
    assert len(find_changes("cell", None, None, None).said) == 3
