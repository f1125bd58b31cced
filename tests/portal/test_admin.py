"""The administration: each page of each model opens, frozen content is only looked at, changes are written down."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client, RequestFactory
from django.utils import timezone

from datasets.catalogue.actions.memberships import grant_membership
from datasets.catalogue.actions.organelles import load_organelle_classes
from datasets.catalogue.actions.tokens import create_api_token, create_share_token
from datasets.catalogue.actions.usage import Use, record_usage
from datasets.catalogue.models import (
    ApiToken,
    AuditEvent,
    Collection,
    CollectionMember,
    Coverage,
    Dataset,
    DatasetVersion,
    KeptAnswer,
    Membership,
    OrganelleClass,
    Organization,
    Publication,
    RevisionStamp,
    Segmentation,
    Selection,
    ShareToken,
    SourceCheck,
    StateLink,
    Task,
)
from portal.accounts.models import FailedSignIn, User
from portal.accounts.throttling import record_failure
from tests.catalogue.test_versions import everything
from tests.conftest import roots_in
from tests.published import publish_once
from tests.samples import specification, write_container

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture(scope="module")
def written(rows_of_module: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatasetVersion]:
    """At least one row of every model, frozen ones and those of a draft."""
    with roots_in(tmp_path_factory.mktemp("rows")) as folder:
        write_container(folder / "small.zarr")
        with rows_of_module():
            version = write_rows(publish_once(specification("data:small.zarr"), folder.parent))
        yield version


@pytest.fixture
def rows(db: None, written: DatasetVersion) -> DatasetVersion:
    """The published version among them, as it is read anew."""
    return DatasetVersion.objects.select_related("dataset").get(pk=written.pk)


def write_rows(small_cell: DatasetVersion) -> DatasetVersion:
    admin_user = User.objects.create_superuser("admin", "admin@example.com", "password")
    load_organelle_classes()
    everything()
    draft = DatasetVersion.objects.create(dataset=small_cell.dataset, title="Next", licence="CC0-1.0")
    Publication.objects.create(version=draft, title="A paper")
    volume = small_cell.volumes.get(path="em")
    volume.pk, volume.version = None, draft
    volume.save()
    segmentation = Segmentation.objects.create(volume=volume, type="instance", method="manual")
    Coverage.objects.create(segmentation=segmentation, organelle=OrganelleClass.objects.all()[0])
    Selection.objects.create(layers=["small-cell@1/em"], digest="1" * 64)
    StateLink.objects.create(state={}, digest="1" * 64, sources=["small-cell@1"])
    organization = Organization.objects.create(name="lab", title="The laboratory")
    Dataset.objects.update(organization=organization)
    grant_membership(username="admin", role="owner", dataset="small-cell", by=None)
    grant_membership(username="admin", role="owner", organization="lab", by=None)
    day = dt.timedelta(days=1)
    create_api_token(username="admin", label="notebook", scope="read", lifetime=day, by=None)
    create_share_token(dataset="small-cell", label="journal", lifetime=day, by=None)
    record_failure(username="ada", address="10.0.0.1")
    record_usage(day=dt.date(2026, 5, 1), uses={"small-cell": Use(1, 2, {b"client"})})
    admin_user.groups.create(name="curators")
    KeptAnswer.objects.create(user=admin_user, key="1", fingerprint="1" * 64)
    SourceCheck.objects.create(url="s3://bucket/cell.n5", state="reachable", checked_at=timezone.now())
    Task.objects.create(name="mitochondria", title="Mitochondria")
    collection = Collection.objects.create(name="paper", title="A paper's datasets")
    CollectionMember.objects.create(collection=collection, dataset=small_cell.dataset)
    return small_cell


def address(model: type[Model], page: str) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{page}"


def some_of_each(offered: list[str]) -> list[str]:
    """Every filter and every order, each with its first value and its last."""
    kinds: dict[str, list[str]] = {}
    for name in offered:
        kinds.setdefault(re.sub(r"=[^&]*", "", name), []).append(name)
    return [name for names in kinds.values() for name in dict.fromkeys((names[0], names[-1]))]


def test_every_model_of_ours_is_there() -> None:
    ours = {model for label in ("catalogue", "accounts") for model in apps.get_app_config(label).get_models()}
    assert ours <= set(MODELS)


@pytest.mark.any_database
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_page_of_every_model_opens(model: type[Model], admin_client: Client, rows: DatasetVersion) -> None:
    found = list(model._default_manager.order_by("pk"))
    assert found, "no row to look at: make one in `rows`"
    assert admin_client.get(address(model, f"{found[0].pk}/history/")).status_code == 200
    for obj in found if len(found) <= 4 else (*found[:2], *found[-2:]):  # frozen ones, and those of a draft
        page = admin_client.get(address(model, f"{obj.pk}/change/"))
        assert page.status_code == 200, obj
    registered = admin.site._registry[model]
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="admin")
    assert admin_client.get(address(model, "add/")).status_code == (
        200 if registered.has_add_permission(request) else 403
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_each_list_is_searched_filtered_and_sorted(
    model: type[Model], admin_client: Client, rows: DatasetVersion
) -> None:
    listing = admin_client.get(address(model, ""))
    assert listing.status_code == 200
    if admin.site._registry[model].search_fields:
        assert admin_client.get(address(model, "?q=cell")).status_code == 200
    for name in some_of_each(re.findall(r'href="(\?[^"]+)"', listing.content.decode())):
        assert admin_client.get(address(model, name.replace("&amp;", "&"))).status_code == 200


@pytest.mark.any_database
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_what_belongs_to_a_version_is_only_looked_at(
    model: type[Model], admin_client: Client, rows: DatasetVersion
) -> None:
    if not {"version", "volume", "segmentation"} & {field.name for field in model._meta.fields} and model not in (
        DatasetVersion,
        AuditEvent,
        RevisionStamp,
        OrganelleClass,
        FailedSignIn,
    ):
        return
    for obj in model._default_manager.all()[:3]:
        page = admin_client.get(address(model, f"{obj.pk}/change/")).content.decode()
        assert 'name="_save"' not in page
        assert admin_client.post(address(model, f"{obj.pk}/change/"), {}).status_code == 403
        assert admin_client.post(address(model, f"{obj.pk}/delete/"), {"post": "yes"}).status_code == 403
    everything = {"action": "delete_selected", "_selected_action": [obj.pk for obj in model._default_manager.all()]}
    count = model._default_manager.count()
    admin_client.post(address(model, ""), everything | {"post": "yes"})
    assert model._default_manager.count() == count


def test_a_dataset_with_frozen_versions_is_not_deleted_but_named(admin_client: Client, rows: DatasetVersion) -> None:
    page = admin_client.post(address(Dataset, f"{rows.dataset.pk}/delete/"), {"post": "yes"})
    assert page.status_code in (200, 403)
    assert Dataset.objects.filter(pk=rows.dataset.pk).exists()


def form_of(page: str) -> dict[str, str]:
    """What a browser would send of a form as it stands."""
    fields = dict(re.findall(r'<input type="(?:text|email|hidden|number)" name="([^"]+)"(?: value="([^"]*)")?', page))
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)"[^>]* selected', options)
        fields[name] = chosen[1] if chosen else ""
    return {name: value for name, value in fields.items() if "__prefix__" not in name}


def test_visibility_and_members_are_changed_on_the_datasets_page(
    admin_client: Client, client: Client, rows: DatasetVersion, django_user_model: Any
) -> None:
    bob = django_user_model.objects.create_user("bob", password="x")
    where = address(Dataset, f"{rows.dataset.pk}/change/")
    form = form_of(admin_client.get(where).content.decode())
    stamp = RevisionStamp.objects.get().value
    form |= {
        "visibility": "private",
        "memberships-TOTAL_FORMS": "2",
        "memberships-1-id": "",
        "memberships-1-dataset": str(rows.dataset.pk),
        "memberships-1-user": str(bob.pk),
        "memberships-1-role": "viewer",
    }
    response = admin_client.post(where, form)
    assert response.status_code == 302, re.findall(r"errorlist.*?</ul>", response.content.decode(), re.DOTALL)
    assert client.get("/datasets/small-cell/").status_code == 404
    assert Membership.objects.get(user=bob).role == "viewer"
    assert RevisionStamp.objects.get().value > stamp
    events = [(event.by, event.action, event.before, event.after) for event in AuditEvent.objects.all()[:2]]
    assert ("admin", "dataset.change", {"visibility": "public"}, {"visibility": "private"}) in events
    assert ("admin", "membership.add", {}, {}) in events


def test_a_form_that_breaks_a_rule_of_the_database_comes_back_with_words(
    admin_client: Client, rows: DatasetVersion
) -> None:
    where = address(Dataset, f"{rows.dataset.pk}/change/")
    form = form_of(admin_client.get(where).content.decode())
    form |= {"visibility": "public", "embargo_until_0": "2030-01-01", "embargo_until_1": "00:00:00"}
    assert "errornote" in admin_client.post(where, form).content.decode()
    place = {"user": str(User.objects.get(username="admin").pk), "role": "viewer"}
    for wrong in ({}, {"dataset": rows.dataset.pk, "organization": Organization.objects.get(name="lab").pk}):
        page = admin_client.post(address(Membership, "add/"), place | wrong)
        assert "errornote" in page.content.decode()
    again = admin_client.post(address(Membership, "add/"), place | {"dataset": rows.dataset.pk})
    assert "errornote" in again.content.decode()
    mistyped = {"name": "other", "title": "t", "ror": "013sk6x85"}
    assert "mistyped" in admin_client.post(address(Organization, "add/"), mistyped).content.decode()


def test_an_account_is_made_and_no_password_is_written_down(admin_client: Client) -> None:
    form = {"username": "carl", "usable_password": "true", "password1": "tycho-brahe-1", "password2": "tycho-brahe-1"}
    response = admin_client.post(address(User, "add/"), form)
    assert response.status_code == 302
    assert Client().login(username="carl", password="tycho-brahe-1")
    assert AuditEvent.objects.get(action="user.add").after == {"username": "carl"}
    page = admin_client.get(address(User, f"{User.objects.get(username='carl').pk}/change/")).content.decode()
    assert User.objects.get(username="carl").password.rsplit("$", 1)[1] not in page
    assert "memberships-TOTAL_FORMS" in page


def test_staff_see_what_their_permissions_say(client: Client, rows: DatasetVersion, django_user_model: Any) -> None:
    from django.contrib.auth.models import Permission

    staff = django_user_model.objects.create_user("dora", password="x", is_staff=True)
    client.force_login(staff)
    for model in MODELS:
        assert client.get(address(model, "")).status_code == 403, model
    staff.user_permissions.add(Permission.objects.get(codename="view_dataset"))
    assert client.get(address(Dataset, "")).status_code == 200
    assert client.get(address(Dataset, f"{rows.dataset.pk}/change/")).status_code == 200
    assert client.post(address(Dataset, f"{rows.dataset.pk}/change/"), {"visibility": "private"}).status_code == 403
    assert {model for model in MODELS if client.get(address(model, "")).status_code == 200} == {Dataset}


@pytest.mark.parametrize("model", [ApiToken, ShareToken])
def test_tokens_are_shown_without_what_is_kept_of_them_and_revoked(
    model: type[ApiToken | ShareToken], admin_client: Client, rows: DatasetVersion
) -> None:
    token = model._default_manager.get()
    pages = [admin_client.get(address(model, page)).content.decode() for page in ("", f"{token.pk}/change/")]
    assert all(token.label in page for page in pages)
    assert not any(token.secret_digest in page for page in pages)
    admin_client.post(address(model, ""), {"action": "revoke", "_selected_action": [token.pk]})
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert AuditEvent.objects.filter(by="admin", action__endswith=".revoke").exists()
