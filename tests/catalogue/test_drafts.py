"""Writing over the API: a draft is begun, changed and deleted by those who may, and nobody's work is undone unseen."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.catalogue.actions.memberships import grant_membership
from datasets.catalogue.actions.people import recorded_person
from datasets.catalogue.actions.tokens import create_api_token
from datasets.catalogue.actions.versions import freeze
from datasets.catalogue.actions.withdrawal import change_visibility
from datasets.catalogue.drafts import fields_for, find_faults, said_by, tag_of
from datasets.catalogue.models import AuditEvent, Contribution, Dataset, DatasetVersion, Person, View, Visibility
from datasets.catalogue.records import build_record, write_record
from tests.catalogue.test_versions import everything

pytestmark = pytest.mark.django_db
DRAFT, VERSIONS = "/api/v1/datasets/cell@draft/", "/api/v1/datasets/cell/versions/"
NAMES = [
    *("title", "description", "licence", "credit", "keywords", "change_note", "specimen", "acquisition"),
    *("contributions", "publications", "views"),
]


class Caller:
    """Somebody who uses the API, with a token or as they are."""

    def __init__(self, username: str = "", scope: str = "") -> None:
        self.client = Client()
        self.headers: dict[str, str] = {}
        if scope:
            token = create_api_token(username=username, label="", scope=scope, lifetime=None, by=None)
            self.headers = {"Authorization": f"Bearer {token.bearer}"}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        named = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, path, data, content_type="application/json", headers=named)

    def change(self, body: Any, tag: str = "*") -> Any:
        return self.ask("PATCH", DRAFT, body, If_Match=tag)


@pytest.fixture
def cell(django_user_model: Any) -> Dataset:
    """A public dataset with one version, and one member of each kind."""
    version = freeze(draft=everything(), by=None)
    Dataset.objects.update(visibility=Visibility.PUBLIC)
    for role in ("curator", "viewer"):
        django_user_model.objects.create_user(role)
        grant_membership(username=role, role=role, dataset="cell", by=None)
    django_user_model.objects.create_user("account")
    return version.dataset


@pytest.fixture
def curator(cell: Dataset) -> Caller:
    return Caller("curator", "publish")


@pytest.fixture
def draft(curator: Caller) -> str:
    """The tag of a draft that says all that the first version says."""
    tag: str = curator.ask("POST", VERSIONS)["ETag"]
    return tag


def the_draft() -> DatasetVersion:
    return DatasetVersion.objects.get(number=None)


def page_of(person: Any) -> str:
    return str(Client().get(f"/people/{person['id']}/").content.decode())


def the_draft_of(name: str) -> DatasetVersion:
    return DatasetVersion.objects.get(number=None, dataset__name=name)


def test_the_newest_version_is_revised_into_a_draft(curator: Caller) -> None:
    response = curator.ask("POST", VERSIONS)
    assert (response.status_code, response["Location"]) == (201, f"http://testserver{DRAFT}")
    assert build_record(the_draft()) == build_record(DatasetVersion.objects.get(number=1))
    read = curator.ask("GET", DRAFT)
    assert (read.json(), read["ETag"]) == (response.json(), response["ETag"])
    assert response["Cache-Control"] == "private, no-store"
    again = curator.ask("POST", VERSIONS)
    assert (again.status_code, again.json()["type"]) == (409, "http://testserver/problems/draft-exists/")
    assert curator.ask("POST", VERSIONS, {"title": "x"}).status_code == 400


def test_what_a_draft_says_can_be_changed_field_by_field(curator: Caller, draft: str) -> None:
    change = {
        "title": "A better title",
        "licence": "cc-by-4.0",
        "keywords": ["mitochondria"],
        "change_note": "Says more",
        "specimen": {"terms": [{"kind": "tissue", "label": "liver", "curie": "UBERON:0002107"}]},
        "acquisition": {"voltage_kv": 1.2, "voxel_nm": [4, 4, 5], "started_on": "2024-02-29"},
        "contributions": [
            {"name": "Laurel Haak", "orcid": "0000-0001-5109-3700", "roles": ["Software"]},
            {"name": "Somebody New"},
        ],
        "publications": [{"doi": "10.7554/eLife.25916", "title": "A paper"}],
        "views": [{"name": "close", "title": "Close", "layers": ["mito"], "position_nm": [1, 2, 3]}],
    }
    response = curator.change(change, draft)
    assert response.status_code == 200, response.json()
    said = response.json()
    assert (said["title"], said["licence"], said["keywords"]) == ("A better title", "CC-BY-4.0", ["mitochondria"])
    assert said["specimen"]["organism"] == "Human", "what is not sent stays"
    assert said["specimen"]["terms"] == change["specimen"]["terms"]  # type: ignore[index]
    assert said["acquisition"]["method"] == "FIB-SEM"
    assert said["acquisition"]["voxel_nm"] == [4, 4, 5]
    assert [each["name"] for each in said["contributions"]] == ["Laurel Haak", "Somebody New"]
    assert [each["name"] for each in said["views"]] == ["close"]
    assert response["ETag"] == curator.ask("GET", DRAFT)["ETag"] != draft
    event = AuditEvent.objects.first()
    assert event is not None
    assert (event.by, event.action, event.subject) == ("curator", "draft.change", "cell@draft")
    assert event.before["title"] == "A cell"
    assert event.after["title"] == "A better title"
    assert set(event.before) == set(event.after) == set(change)
    assert DatasetVersion.objects.get(number=1).title == "A cell"


def test_what_a_draft_says_can_be_said_again_and_changes_nothing(curator: Caller, draft: str) -> None:
    events = AuditEvent.objects.count()
    said = said_by(the_draft())
    assert list(said) == NAMES
    response = curator.change(said, draft)
    assert (response.status_code, response["ETag"]) == (200, draft)
    assert AuditEvent.objects.count() == events
    assert curator.change({}, draft)["ETag"] == draft


def test_what_was_published_from_elsewhere_can_be_sent_back(curator: Caller) -> None:
    draft = DatasetVersion.objects.create(dataset=Dataset.objects.get(), title="New")
    person = Person.objects.create(name="Ada")
    Contribution.objects.create(version=draft, person=person, roles=["Sample preparation"])
    View.objects.create(version=draft, name="bare", title="Bare", layers=[])
    tag = curator.ask("GET", DRAFT)["ETag"]
    said = {name: said_by(draft)[name] for name in ("contributions", "views")}
    response = curator.change(said, tag)
    assert (response.status_code, response["ETag"]) == (200, tag), response.json()


def test_what_cannot_be_shown_is_refused_before_anything_is_changed(curator: Caller, draft: str) -> None:
    refused = curator.ask("PATCH", f"{DRAFT}?fields=nonsense", {"title": "Another"}, If_Match=draft)
    assert (refused.status_code, tag_of(write_record(the_draft()))) == (400, draft)


def test_a_view_of_the_same_name_keeps_what_its_source_says(curator: Caller, draft: str) -> None:
    the_draft().views.update(kept={"thumbnailUrl": "x"})
    curator.change({"views": [{"name": "default", "title": "Another title", "layers": ["mito"]}]})
    assert the_draft().views.get().kept == {"thumbnailUrl": "x"}


WRONG: list[tuple[Any, dict[str, list[str] | None]]] = [
    ([1], {"": None}),
    ({"titel": "x"}, {"/titel": NAMES}),
    ({"title": ""}, {"/title": None}),
    ({"title": None}, {"/title": None}),
    ({"title": "a\x00b", "credit": "\ud800"}, {"/title": None, "/credit": None}),
    ({"\ud800": 1}, {"/\\ud800": NAMES}),
    ({"licence": "Creative Commons"}, {"/licence": None}),
    ({"keywords": ["a", {}]}, {"/keywords/1": None}),
    (
        {"specimen": {"terms": [{"kind": "tissue", "label": "liver", "curie": "liver"}]}},
        {"/specimen/terms/0/curie": None},
    ),
    (
        {"specimen": {"ncbi_taxon": 0, "terms": [{"kind": "organ", "label": "x", "curie": "A:1"}]}},
        {
            "/specimen/ncbi_taxon": None,
            "/specimen/terms/0/kind": ["sample_type", "tissue", "cell_line", "treatment"],
        },
    ),
    ({"specimen": {"terms": [{"kind": "tissue", "label": "x"}] * 2}}, {"/specimen/terms/1/label": None}),
    (
        {"acquisition": {"method": "\ud800"}},
        {"/acquisition/method": ["FIB-SEM", "SBF-SEM", "ssTEM", "cryo-ET", "light", "other"]},
    ),
    (
        {"acquisition": {"voltage_kv": 0, "current_na": 10**400, "voxel_nm": [1, 2], "extent_nm": [1, 2, -3]}},
        {
            "/acquisition/voltage_kv": None,
            "/acquisition/current_na": None,
            "/acquisition/voxel_nm": None,
            "/acquisition/extent_nm/2": None,
        },
    ),
    ({"contributions": [{"name": "A", "orcid": "0000-0001-5109-3701"}]}, {"/contributions/0/orcid": None}),
    ({"contributions": [{"name": "A", "orcid": "٠000-0001-5109-3700"}]}, {"/contributions/0/orcid": None}),
    ({"contributions": [{"name": "A", "orcid": "0000-0001-5109-3700"}]}, {"/contributions/0/name": None}),
    ({"contributions": [{"name": "A"}, {"name": "A"}]}, {"/contributions/1/name": None}),
    ({"publications": [{"title": "x", "doi": "doi:10.1/x"}]}, {"/publications/0/doi": None}),
    ({"publications": [{"title": "x", "url": "javascript:alert(1)"}]}, {"/publications/0/url": None}),
    ({"views": [{"name": "a", "title": "A", "layers": ["mito", "er"]}]}, {"/views/0/layers/1": ["mito"]}),
    ({"views": [{"name": "a b", "title": "A", "layers": []}]}, {"/views/0/name": None, "/views/0/layers": None}),
    (
        {"views": [{"name": "a", "title": "A", "layers": ["mito"], "orientation": [0, 0, 0, 0]}]},
        {"/views/0/orientation": None},
    ),
]


def test_each_wrong_field_is_told_and_nothing_is_changed(curator: Caller, draft: str) -> None:
    for change, wrong in WRONG:
        body = {**change, "description": "Changed"} if isinstance(change, dict) else change
        response = curator.change(body, draft)
        assert response.status_code == 422, change
        assert response["Content-Type"] == "application/problem+json"
        problem = response.json()
        told = {finding["where"]: finding.get("allowed") for finding in problem["findings"]}
        assert told == wrong, change
        assert all(finding["message"] for finding in problem["findings"])
        assert problem["where"] == "cell@draft"
    assert curator.ask("GET", DRAFT)["ETag"] == draft
    assert not Person.objects.filter(name="A").exists()
    role = curator.change({"contributions": [{"name": "A", "roles": ["Chef"]}]}, draft).json()["findings"][0]
    assert role["where"] == "/contributions/0/roles/0"
    assert "Writing – original draft" in role["allowed"]
    for body in (b"{", b"\xff", b"[" * 100_000, b'{"title": NaN}'):
        assert curator.change(body, draft).status_code == 400, body[:20]
    assert curator.change(b'"' + b"a" * 2_200_000 + b'"', draft).status_code == 413


def test_of_people_of_one_name_without_an_orcid_the_first_recorded_is_meant() -> None:
    first, _ = (Person.objects.create(name="Ada") for _ in range(2))
    assert recorded_person("Ada", "") == first
    with_orcid = recorded_person("Ada", "0000-0002-1825-0097")
    assert with_orcid != first
    assert recorded_person("Ada", "0000-0002-1825-0097") == with_orcid
    assert recorded_person("Grace", "").name == "Grace"


def test_a_name_that_only_a_hidden_dataset_writes_is_told_nowhere(curator: Caller, draft: str) -> None:
    """Neither that somebody's ORCID is known here, nor under what name: not by a refusal, a number or an answer."""
    orcid = "0000-0002-1825-0097"
    hidden = Dataset.objects.create(name="hidden", visibility=Visibility.EMBARGOED)
    version = DatasetVersion.objects.create(dataset=hidden, title="Hidden", licence="CC0-1.0")
    person = Person.objects.create(pk=987_654, name="A Secret Name", orcid=orcid)
    Contribution.objects.create(version=version, person=person, roles=[])
    assert Caller().ask("GET", f"/api/v1/people/?orcid={orcid}").json()["results"] == []

    told = curator.change({"contributions": [{"name": "Josiah Carberry", "orcid": orcid}]}, draft)
    assert told.status_code == 200, told.json()
    assert [each["name"] for each in told.json()["contributions"]] == ["Josiah Carberry"]
    freeze(draft=the_draft_of("cell"), by=None)
    (shown,) = Caller().ask("GET", f"/api/v1/people/?orcid={orcid}").json()["results"]
    assert shown["name"] == "Josiah Carberry"
    assert [each["dataset"] for each in shown["contributions"]] == ["cell@2"]
    for door in ("/api/v1/people/{}/", "/people/{}/"):
        answers = [Caller().ask("GET", door.format(number)) for number in (person.pk, 10**9)]
        assert [answer.status_code for answer in answers] == [404, 404]
        hidden_one, absent = (re.sub(r"[0-9a-f]{32}", "", answer.content.decode()) for answer in answers)
        assert hidden_one.replace(str(person.pk), str(10**9)) == absent

    change_visibility(name="hidden", visibility="public", by=None)
    version.number, version.state, version.frozen_at = 1, "published", timezone.now()
    version.record, version.record_digest = "{}", "1" * 64
    version.save()
    assert f'<a class="link" href="/people/{person.pk}/">A Secret Name</a>' in page_of(shown)
    change_visibility(name="hidden", visibility="private", by=None)
    assert "A Secret Name" not in page_of(shown)

    hidden_said = said_by(version)["contributions"]
    assert hidden_said[0]["name"] == "A Secret Name"
    assert find_faults(fields_for(version, {"contributions": hidden_said})) == [], "what it says can be sent back"
    wrong = curator.ask("POST", VERSIONS)["ETag"]
    (finding,) = curator.change({"contributions": [{"name": "J. C.", "orcid": orcid}]}, wrong).json()["findings"]
    assert finding["message"] == "This ORCID is that of Josiah Carberry: write the name so.", "which everyone may know"


def test_a_save_says_what_it_is_meant_for(curator: Caller, draft: str) -> None:
    for missing in ({}, {"If_Match": ""}, {"If_Match": "without-quotes"}):
        response = curator.ask("PATCH", DRAFT, {"title": "B"}, **missing)
        assert (response.status_code, response.json()["type"]) == (428, "http://testserver/problems/condition-missing/")
    first = curator.change({"title": "B"}, f"W/{draft}")  # as a server that packs the answer makes it
    assert first.status_code == 200
    stale = curator.change({"title": "C", "credit": "Mine"}, draft)
    assert (stale.status_code, stale.json()["type"]) == (409, "http://testserver/problems/draft-changed/")
    assert stale.json()["yours"] == {"etag": draft, "said": {"title": "C", "credit": "Mine"}}
    assert stale.json()["current"] == {"etag": first["ETag"], "said": {"title": "B", "credit": ""}}
    assert the_draft().title == "B"
    assert curator.ask("DELETE", DRAFT, If_Match=draft).status_code == 409
    assert curator.ask("DELETE", DRAFT).status_code == 428
    assert curator.change({"title": "C"}, f'"other", {first["ETag"]}').status_code == 200


def test_a_draft_can_be_thrown_away(curator: Caller, draft: str) -> None:
    said = said_by(the_draft())
    response = curator.ask("DELETE", DRAFT, If_Match=draft)
    assert (response.status_code, response.content) == (204, b"")
    assert not DatasetVersion.objects.filter(number=None).exists()
    event = AuditEvent.objects.first()
    assert event is not None
    assert (event.action, event.subject, event.before) == ("draft.delete", "cell@draft", said)
    for method in ("GET", "PATCH", "DELETE"):
        assert curator.ask(method, DRAFT, If_Match="*").status_code == 404
    assert curator.ask("POST", VERSIONS).status_code == 201


def test_who_may_write(curator: Caller, draft: str) -> None:
    writes = (("POST", VERSIONS), ("PATCH", DRAFT), ("DELETE", DRAFT))
    bad = Caller()
    bad.headers = {"Authorization": "Bearer cst_wrong"}
    for caller, statuses in (
        (Caller(), (403, 404, 404)),  # whoever may not know of a draft
        (Caller("account", "publish"), (403, 404, 404)),
        (Caller("viewer", "publish"), (403, 403, 403)),
        (Caller("curator", "read"), (403, 403, 403)),
        (bad, (401, 401, 401)),
    ):
        assert tuple(caller.ask(*write, If_Match="*").status_code for write in writes) == statuses, caller.headers
    Dataset.objects.update(visibility=Visibility.PRIVATE)
    for caller in (Caller(), Caller("account", "publish")):
        assert {caller.ask(*write, If_Match="*").status_code for write in writes} == {404}
    frozen = curator.ask("PATCH", "/api/v1/datasets/cell@1/", {"title": "x"}, If_Match="*")
    assert (frozen.status_code, frozen.json()["type"]) == (409, "http://testserver/problems/version-frozen/")
    assert curator.ask("GET", DRAFT)["ETag"] == draft


def test_a_session_writes_with_the_pages_own_csrf_token(draft: str, django_user_model: Any) -> None:
    member = Caller()
    member.client = Client(enforce_csrf_checks=True)
    member.client.force_login(django_user_model.objects.get(username="curator"))
    assert member.change({"title": "B"}, draft).status_code == 403
    token = "a" * 32
    member.client.cookies["csrftoken"] = token
    assert member.ask("PATCH", DRAFT, {"title": "B"}, If_Match=draft, X_CSRFToken=token).status_code == 200


def test_a_draft_that_says_nothing_yet_can_be_told_all(curator: Caller) -> None:
    DatasetVersion.objects.create(dataset=Dataset.objects.get(), title="New")
    tag = curator.ask("GET", DRAFT)["ETag"]
    without = curator.change({"acquisition": {"instrument": "A microscope"}}, tag)
    assert [finding["where"] for finding in without.json()["findings"]] == ["/acquisition/method"]
    told = curator.change({"acquisition": {"method": "ssTEM"}, "specimen": {"organism": "Mouse"}}, tag)
    assert (told.status_code, told.json()["method"], told.json()["organism"]) == (200, "ssTEM", "Mouse")


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*NAMES, "name", "label", "kind", "curie", "layers", "method", "terms", "orcid", "roles"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def test_whatever_is_sent_is_taken_whole_or_refused(curator: Caller, draft: str) -> None:
    tag = draft

    @settings(max_examples=30, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=3))
    def check(change: Any) -> None:
        nonlocal tag
        response = curator.change(change, tag)
        assert response.status_code in (200, 400, 422), (change, response.content)
        now = tag_of(write_record(the_draft()))
        assert now == (response["ETag"] if response.status_code == 200 else tag)
        tag = now

    check()
