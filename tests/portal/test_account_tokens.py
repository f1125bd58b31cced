"""The tokens of one's own account: shown once, listed without their secrets, revoked."""

import re
from typing import Any

import pytest
from django.test import Client

from datasets.catalogue.actions.tokens import create_api_token
from datasets.catalogue.models import ApiToken, AuditEvent
from datasets.catalogue.queries.tokens import find_api_token

pytestmark = pytest.mark.django_db
PAGE = "/account/tokens/"
FORM = {"label": "notebook", "scope": "read", "days": "90"}


@pytest.fixture
def ada(client: Client, django_user_model: Any) -> Any:
    user = django_user_model.objects.create_user("ada", password="lovelace")
    client.force_login(user)
    return user


def test_a_token_is_shown_once_and_works(client: Client, ada: Any) -> None:
    assert "There is none yet" in client.get(PAGE).content.decode()
    answer = client.post(PAGE, FORM)
    assert answer["Cache-Control"] == "private, no-store"
    page = answer.content.decode()
    (bearer,) = re.findall(r"cst_CST\w{17}_[\w-]+", page)
    secret = bearer.split("_", 2)[2]
    assert find_api_token(bearer).user == ada
    assert re.search(r"AWS_SECRET_ACCESS_KEY=[\w-]{43}\n?<", page)
    again = client.get(PAGE).content.decode()
    assert "notebook" in again
    assert "open until" in again
    assert secret not in again
    assert "AWS_SECRET" not in again
    me = client.get("/api/v1/datasets/", headers={"Authorization": f"Bearer {bearer}"})
    assert me.status_code == 200
    assert secret not in str(list(AuditEvent.objects.values()))
    assert "never" not in client.get(PAGE).content.decode(), "its last use is told"


def test_it_is_revoked_by_its_owner_alone(client: Client, ada: Any, django_user_model: Any) -> None:
    client.post(PAGE, FORM)
    token = ApiToken.objects.get()
    other = Client()
    other.force_login(django_user_model.objects.create_superuser("operator"))
    assert token.id not in other.get(PAGE).content.decode()
    assert other.post(f"{PAGE}revoke", {"token": token.id}).status_code == 302
    token.refresh_from_db()
    assert token.revoked_at is None
    assert client.post(f"{PAGE}revoke", {"token": token.id})["Location"] == PAGE
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert "revoked" in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"), [({"label": ""}, "label"), ({"scope": "everything"}, "scope"), ({"days": "9999"}, "days")]
)
def test_what_is_wrong_is_said_at_its_field(client: Client, ada: Any, wrong: dict[str, str], field: str) -> None:
    answer = client.post(PAGE, FORM | wrong)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_a_label_is_shown_as_text(client: Client, ada: Any) -> None:
    client.post(PAGE, FORM | {"label": "<script>alert(1)</script>"})
    page = client.get(PAGE).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_fifty_are_enough(client: Client, ada: Any) -> None:
    ApiToken.objects.bulk_create(ApiToken(user=ada, secret_digest="0" * 64) for _ in range(50))
    answer = client.post(PAGE, FORM, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert ApiToken.objects.count() == 50
    made = create_api_token(username=ada.username, label="", scope="read", lifetime=None, by=None)
    assert ApiToken.objects.count() == 51, "the operator may"
    made.token.delete()
    ApiToken.objects.filter(pk=ApiToken.objects.first().pk).delete()  # type: ignore[union-attr]
    assert client.post(PAGE, FORM).status_code == 200


def test_strangers_are_sent_to_sign_in_and_forms_of_other_sites_are_refused(ada: Any) -> None:
    stranger = Client()
    assert stranger.get(PAGE).status_code == stranger.post(PAGE, FORM).status_code == 302
    assert stranger.post(f"{PAGE}revoke", {"token": "x"})["Location"].startswith("/account/sign-in/")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    answer = strict.post(PAGE, FORM, headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert "Open the page again" in answer.content.decode()
    assert not ApiToken.objects.exists()
