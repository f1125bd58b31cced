"""Tokens: what is kept of them, what they open and until when, and the commands."""

import datetime as dt
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from datasets.catalogue.actions.memberships import grant_membership
from datasets.catalogue.actions.tokens import (
    create_api_token,
    create_share_token,
    revoke_api_token,
    revoke_share_token,
)
from datasets.catalogue.models import ApiToken, AuditEvent, Dataset, DatasetVersion, ShareToken
from datasets.catalogue.queries.names import NameUnknown
from datasets.catalogue.queries.tokens import (
    CredentialsRefused,
    find_active_api_token,
    find_api_token,
    find_cookie_shares,
    find_share_token,
    s3_secret,
)
from datasets.catalogue.queries.visibility import NotAllowed

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def ada(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("ada", password="x")


@pytest.fixture
def secret_cell(small_cell: DatasetVersion) -> Dataset:
    Dataset.objects.update(visibility="private")
    return small_cell.dataset


def new_token(username: str = "ada", scope: str = "read", lifetime: dt.timedelta | None = DAY) -> Any:
    return create_api_token(username=username, label="", scope=scope, lifetime=lifetime, by=None)


def new_share(dataset: str = "small-cell") -> Any:
    return create_share_token(dataset=dataset, label="journal", lifetime=DAY, by=None)


def command(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_only_digests_are_kept(ada: Any, secret_cell: Dataset) -> None:
    token, share = new_token(), new_share()
    rows = repr(list(ApiToken.objects.values())) + repr(list(ShareToken.objects.values()))
    rows += repr(list(AuditEvent.objects.values()))
    assert token.bearer.split("_", 2)[2] not in rows
    assert token.s3_secret not in rows
    assert share.secret not in rows
    for shown in (repr(token), repr(share), str(token.token), str(share.token)):
        assert token.s3_secret not in shown
        assert share.secret not in shown


def test_a_bearer_token_is_known_until_it_expires_or_is_revoked(ada: Any) -> None:
    made = new_token()
    assert find_api_token(made.bearer).user == ada
    assert ApiToken.objects.get().last_used_at is not None
    for wrong in ("", "x", made.bearer[:-1], f"{made.bearer}x", made.bearer.replace("cst_", "tsc_"), made.token.id):
        with pytest.raises(CredentialsRefused):
            find_api_token(wrong)
    ApiToken.objects.update(expires_at=timezone.now() - dt.timedelta(milliseconds=1))
    with pytest.raises(CredentialsRefused):
        find_api_token(made.bearer)
    ApiToken.objects.update(expires_at=None)
    find_api_token(made.bearer)
    ada.is_active = False
    ada.save()
    with pytest.raises(CredentialsRefused):
        find_api_token(made.bearer)
    ada.is_active = True
    ada.save()
    revoke_api_token(token_id=made.token.id, by=None)
    with pytest.raises(CredentialsRefused):
        find_api_token(made.bearer)
    assert find_active_api_token(made.token.id) is None


def test_the_last_use_costs_a_write_a_minute_at_most(ada: Any, django_assert_num_queries: Any) -> None:
    made = new_token()
    find_api_token(made.bearer)
    first = ApiToken.objects.get().last_used_at
    find_api_token(made.bearer)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - dt.timedelta(minutes=2))
    find_api_token(made.bearer)
    assert ApiToken.objects.get().last_used_at >= first


def test_the_s3_secret_follows_from_the_id_and_the_servers_key(ada: Any, settings: Any) -> None:
    made = new_token()
    assert made.s3_secret == s3_secret(made.token.id)
    assert s3_secret(made.token.id) != s3_secret(new_token().token.id)
    assert re.fullmatch(r"CST[A-Z2-7]{17}", made.token.id)
    settings.SECRET_KEY = "another"
    assert made.s3_secret != s3_secret(made.token.id)


def test_the_database_keeps_forms_and_scopes(ada: Any) -> None:
    for wrong in ({"scope": "all"}, {"id": "mine"}, {"secret_digest": "plain"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiToken.objects.create(**{"user": ada, "secret_digest": "0" * 64} | wrong)


def test_tokens_are_their_owners_and_shares_those_of_who_administers(
    ada: Any, secret_cell: Dataset, django_user_model: Any
) -> None:
    bob = django_user_model.objects.create_user("bob", password="x")
    made = create_api_token(username="ada", label="", scope="read", lifetime=None, by=ada)
    with pytest.raises(NotAllowed):
        create_api_token(username="ada", label="", scope="read", lifetime=None, by=bob)
    with pytest.raises(NameUnknown) as unknown:
        revoke_api_token(token_id=made.token.id, by=bob)
    assert made.token.id not in unknown.value.fix
    revoke_api_token(token_id=made.token.id, by=ada)
    share = new_share().token
    for deed in (
        lambda: create_share_token(dataset="small-cell", label="", lifetime=DAY, by=bob),
        lambda: revoke_share_token(share_id=share.pk, by=bob),
    ):
        with pytest.raises(NameUnknown):
            deed()
    grant_membership(username="bob", role="curator", dataset="small-cell", by=None)
    with pytest.raises(NotAllowed):
        create_share_token(dataset="small-cell", label="", lifetime=DAY, by=bob)
    with pytest.raises(NotAllowed):
        revoke_share_token(share_id=share.pk, by=bob)
    grant_membership(username="bob", role="owner", dataset="small-cell", by=None)
    revoke_share_token(share_id=share.pk, by=bob)


def api(client: Client, path: str, **headers: str) -> Any:
    return client.get(f"/api/v1/{path}", headers=headers)


def test_the_api_knows_bearer_tokens(client: Client, ada: Any, secret_cell: Dataset) -> None:
    grant_membership(username="ada", role="viewer", dataset="small-cell", by=None)
    made = new_token()
    assert api(client, "datasets/small-cell/").status_code == 404
    assert api(client, "datasets/small-cell/", Authorization=f"Bearer {made.bearer}").json()["name"] == "small-cell"
    for wrong in ("Bearer nonsense", "Bearer", "Basic YTpi", made.bearer):
        for name in ("small-cell", "no-such-cell"):
            response = api(client, f"datasets/{name}/", Authorization=wrong)
            assert response.status_code == 401
            assert response["WWW-Authenticate"] == "Bearer"
            assert response.json()["type"].endswith("/problems/credentials-refused/")
    # A token is for programs: pages do not know it, and the administration least of all.
    assert client.get("/datasets/small-cell/", headers={"Authorization": f"Bearer {made.bearer}"}).status_code == 404


def test_what_a_token_opens_is_for_no_cache(client: Client, ada: Any, secret_cell: Dataset) -> None:
    headers = {"Authorization": f"Bearer {new_token().bearer}"}
    grant_membership(username="ada", role="viewer", dataset="small-cell", by=None)
    for below in (
        "",
        "versions/",
        "state",
        "volumes/em/slice?width=8&height=8",
        "volumes/labels/cells/locate?segment=1",
    ):
        answer = client.get(f"/api/v1/datasets/small-cell/{below}", headers=headers)
        assert answer.status_code in (200, 404), below
        assert answer["Cache-Control"] == "private, no-store", below


@pytest.mark.parametrize(("scope", "status"), [("read", 403), ("publish", 405), ("admin", 405)])
def test_a_token_that_may_only_read_writes_nothing(client: Client, ada: Any, scope: str, status: int) -> None:
    made = new_token(scope=scope)
    response = client.post("/api/v1/datasets/", headers={"Authorization": f"Bearer {made.bearer}"})
    assert response.status_code == status


def test_a_reviewer_enters_with_a_link_and_sees_that_dataset_alone(client: Client, secret_cell: Dataset) -> None:
    Dataset.objects.create(name="other-cell")
    share = new_share()
    response = client.get(f"/r/{share.secret}/")
    assert (response.status_code, response["Location"]) == (302, "/datasets/small-cell/")
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "private, no-store"
    cookie = response.cookies["share-small-cell"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert client.get("/datasets/small-cell/").status_code == 200
    assert client.get("/api/v1/datasets/small-cell/").status_code == 200
    assert [row["name"] for row in client.get("/api/v1/datasets/").json()["results"]] == ["small-cell"]
    assert client.get("/datasets/other-cell/").status_code == 404
    revoke_share_token(share_id=share.token.pk, by=None)
    assert client.get("/datasets/small-cell/").status_code == 404


def test_a_reviewer_sees_the_draft(client: Client) -> None:
    dataset = Dataset.objects.create(name="begun")
    DatasetVersion.objects.create(dataset=dataset, title="Begun", licence="CC0-1.0")
    client.get(f"/r/{new_share('begun').secret}/")
    assert client.get("/datasets/begun@draft/").status_code == 200


def test_a_link_that_opens_nothing_says_so_and_leads_on_without_its_token(client: Client, secret_cell: Dataset) -> None:
    share = new_share()
    ShareToken.objects.update(expires_at=timezone.now() - dt.timedelta(milliseconds=1))
    response = client.get(f"/r/{share.secret}/", headers={"Accept": "text/html"})
    assert response.status_code == 401
    assert response["Referrer-Policy"] == "no-referrer"
    page = response.content.decode()
    assert share.secret not in page
    assert "small-cell" not in page
    assert not response.cookies
    unknown = client.get("/r/nonsense/", headers={"Accept": "text/html"})
    hide = re.compile(r"<code>[0-9a-f]{32}</code>")
    assert hide.sub("", unknown.content.decode()) == hide.sub("", page)


def test_a_cookie_opens_only_the_dataset_it_is_named_after(secret_cell: Dataset) -> None:
    Dataset.objects.create(name="other-cell")
    share = new_share()
    assert [token.dataset for token in find_cookie_shares({"share-small-cell": share.secret})] == [secret_cell]
    assert find_cookie_shares({"share-other-cell": share.secret}) == []
    assert find_cookie_shares({"share-small-cell": "x", "theme": share.secret}) == []
    assert find_share_token(share.secret).dataset == secret_cell


def test_the_commands_make_list_and_revoke(ada: Any, secret_cell: Dataset) -> None:
    shown = command("token", "create", "ada", "--label", "notebook", "--scope", "publish")
    bearer = re.search(r"Bearer token +(\S+)", shown)
    assert bearer
    token = find_api_token(bearer[1])
    assert s3_secret(token.id) in shown
    listed = command("token", "list", "--account", "ada")
    assert listed.startswith(f"{token.id}  ada  publish  open until 20")
    assert "notebook" in listed
    assert "revoked" in command("token", "revoke", token.id)
    assert "revoked 20" in command("token", "list")
    assert "open until it is revoked" in command("token", "create", "ada", "--days", "0")

    shown = command("share", "create", "small-cell", "--label", "journal")
    link = re.search(r"/r/([\w-]+)/", shown)
    assert link
    share = find_share_token(link[1])
    assert f"/data/~{link[1]}/small-cell@<version>/" in shown
    assert command("share", "list", "--dataset", "small-cell").startswith(f"{share.pk}  small-cell  open until 20")
    command("share", "revoke", str(share.pk))
    with pytest.raises(CredentialsRefused):
        find_share_token(link[1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("token", "create", "eve"), "There is: ada."),
        (("token", "create", "ada", "--scope", "all"), "There is: read, publish, admin."),
        (("token", "revoke", "CSTNONE"), "No token is called"),
        (("share", "create", "sell"), "There is: small-cell."),
        (("share", "create", "small-cell", "--days", "0"), "from 1 on"),
        (("share", "revoke", "99"), "No share token is called '99'"),
        (("share", "list", "--dataset", "sell"), "There is: small-cell."),
    ],
)
def test_the_commands_name_what_they_do_not_know(
    ada: Any, secret_cell: Dataset, arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(CommandError) as error:
        command(*arguments)
    assert words in str(error.value)
