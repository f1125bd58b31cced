"""Signing in and out: the one door for members and staff."""

import re
from typing import Any

import pytest
from django.test import Client

from datasets.catalogue.models import Dataset, Membership, Organization
from portal.accounts import throttling
from portal.accounts.models import FailedSignIn

pytestmark = pytest.mark.django_db
PAGE = "/account/sign-in/"
HTML = {"Accept": "text/html"}


@pytest.fixture
def ada(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("ada", password="lovelace")


def sign_in(client: Client, password: str = "lovelace", username: str = "ada", **more: Any) -> Any:
    return client.post(PAGE, {"username": username, "password": password} | more.pop("form", {}), **more)


def test_a_member_signs_in_where_they_came_from_and_out_again(client: Client, ada: Any) -> None:
    page = client.get("/datasets/", headers=HTML).content.decode()
    (link,) = re.findall(r'href="(/account/sign-in/\?next=[^"]+)">Sign in', page)[:1]
    form = client.get(link).content.decode()
    assert 'name="next" value="/datasets/"' in form
    response = sign_in(client, form={"next": "/datasets/"})
    assert (response.status_code, response["Location"]) == (302, "/datasets/")
    page = client.get("/datasets/").content.decode()
    assert ">ada</a>" in page
    assert 'action="/account/sign-out/"' in page
    assert client.post("/account/sign-out/")["Location"] == "/"
    assert ">ada</a>" not in client.get("/datasets/").content.decode()


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", "/\\elsewhere.example"]
)
def test_nobody_is_sent_elsewhere(client: Client, ada: Any, target: str) -> None:
    assert 'name="next" value=""' in client.get(PAGE, {"next": target}).content.decode()
    assert sign_in(client, form={"next": target})["Location"] == "/"


def test_the_form_says_what_is_wrong_and_never_which_of_the_two(client: Client, ada: Any) -> None:
    answers = []
    for username in ("ada", "bob"):
        response = sign_in(client, "wrong", username)
        assert response.status_code == 422
        page = response.content.decode()
        assert 'role="alert"' in page
        assert 'aria-invalid="true"' in page
        assert "wrong" not in page
        answers.append(re.sub(r'(csrfmiddlewaretoken" value=")\w+|value="(ada|bob)"', "…", page))
    assert answers[0] == answers[1]


def test_an_inactive_account_is_refused_like_a_wrong_password(client: Client, ada: Any) -> None:
    ada.is_active = False
    ada.save()
    assert sign_in(client).status_code == 422


def test_browsers_and_password_managers_know_the_fields(client: Client) -> None:
    page = client.get(PAGE).content.decode()
    for name, hint in (("username", "username"), ("password", "current-password")):
        assert f'<label for="id_{name}">' in page
        assert re.search(rf'<input id="id_{name}" name="{name}"[^>]* autocomplete="{hint}"', page)
    assert "no-store" in client.get(PAGE)["Cache-Control"]


def test_signing_in_and_out_demand_the_csrf_token(ada: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client).status_code == 403
    client.force_login(ada)
    assert client.post("/account/sign-out/").status_code == 403
    assert client.get("/account/sign-out/").status_code == 405


def test_guessing_is_slowed_down_and_a_right_password_waits_too(client: Client, ada: Any) -> None:
    for _ in range(throttling.MOST_FOR_ACCOUNT_AND_ADDRESS):
        assert sign_in(client, "wrong").status_code == 422
    response = sign_in(client)
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert sign_in(client, REMOTE_ADDR="10.0.0.2").status_code == 302  # elsewhere the owner is let in
    FailedSignIn.objects.update(at=FailedSignIn.objects.latest("at").at - throttling.WINDOW)
    assert sign_in(client).status_code == 302


def test_guessing_many_accounts_from_one_place_and_one_from_many_is_slowed_down(
    client: Client, ada: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "MOST_FOR_ADDRESS", 3)
    monkeypatch.setattr(throttling, "MOST_FOR_ACCOUNT", 3)
    for number in range(3):
        sign_in(client, "wrong", f"user-{number}", REMOTE_ADDR="10.0.0.1")
        sign_in(client, "wrong", "bob", REMOTE_ADDR=f"10.0.1.{number}")
    assert sign_in(client, REMOTE_ADDR="10.0.0.1").status_code == 429
    assert sign_in(client, "x", "BOB ", REMOTE_ADDR="10.0.0.9").status_code == 429
    assert sign_in(client, REMOTE_ADDR="10.0.0.9").status_code == 302


def test_failures_hold_no_names_and_no_addresses_and_are_forgotten(client: Client, ada: Any) -> None:
    sign_in(client, "wrong")
    assert "ada" not in str(FailedSignIn.objects.values())
    assert "127.0.0.1" not in str(FailedSignIn.objects.values())
    sign_in(client)
    assert not FailedSignIn.objects.exists()


def test_ones_own_page_shows_memberships(client: Client, ada: Any) -> None:
    assert client.get("/account/")["Location"] == f"{PAGE}?next=/account/"
    client.force_login(ada)
    assert "You are a member of no dataset" in client.get("/account/").content.decode()
    Membership.objects.create(user=ada, role="curator", dataset=Dataset.objects.create(name="my-cell"))
    Membership.objects.create(
        user=ada, role="viewer", organization=Organization.objects.create(name="lab", title="The laboratory")
    )
    page = client.get("/account/").content.decode()
    assert 'href="/datasets/my-cell/"' in page
    assert "The laboratory" in page


def test_a_password_is_changed_by_its_owner(client: Client, ada: Any) -> None:
    client.force_login(ada)
    page = client.get("/account/password/").content.decode()
    assert 'autocomplete="new-password"' in page
    form = {"old_password": "lovelace", "new_password1": "engine-analytical", "new_password2": "engine-analytical"}
    assert client.post("/account/password/", form)["Location"] == "/account/"
    assert client.login(username="ada", password="engine-analytical")


def test_the_administration_has_no_door_of_its_own(client: Client, ada: Any) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0] == f"{PAGE}?next=%2Fadmin%2F"
    client.force_login(ada)
    refused = client.get("/admin/", follow=True, headers=HTML)
    assert refused.status_code == 403
    assert "does not open the administration" in refused.content.decode()
    ada.is_staff = True
    ada.save()
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/login/")["Location"] == "/admin/"
    client.post("/admin/logout/")
    assert client.get("/admin/").status_code == 302


def test_answers_to_a_member_are_not_for_caches(client: Client, ada: Any) -> None:
    assert "Cache-Control" not in client.get("/")
    client.force_login(ada)
    for path in ("/", "/api/v1/datasets/", "/nothing/here/"):
        assert client.get(path)["Cache-Control"] == "private, no-store"
