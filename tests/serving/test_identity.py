"""Whose cookie opens what: which requests it counts for, what it opens, and for how long an answer is remembered."""

import asyncio
import threading
import time
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import Client

from datasets.catalogue.models import Dataset, Membership
from datasets.serving.core import Answer, Credentials, CredentialsRefused, Request, answer
from datasets.serving.identity import Identify, opened_names
from datasets.serving.snapshot import CatalogueUnavailable, Snapshot


def asked_with(**headers: str) -> Credentials | Answer:
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return answer(
        Request("GET", b"/data/secret/zarr.json", headers={b"host": b"cells.example", **named}), Snapshot(), 0
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},  # no browser, or one that says nothing on a site without https
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},  # typed by a person
        {"origin": "https://cells.example"},
    ],
)
def test_a_cookie_counts_where_the_request_comes_from_the_site_itself(headers: dict[str, str]) -> None:
    assert asked_with(cookie="sessionid=a", **headers) == Credentials(cookie=b"sessionid=a")


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},  # another origin of the same owner is another origin
        {"sec_fetch_site": "same-site", "origin": "https://cells.example"},
        {"sec_fetch_site": "nonsense"},
        {"origin": "https://other.example"},
        {"origin": "https://cells.example:8443"},
        {"origin": "null"},
    ],
)
def test_with_a_cookie_from_another_origin_one_is_a_stranger(headers: dict[str, str]) -> None:
    reply = asked_with(cookie="sessionid=a", **headers)
    assert reply == asked_with()
    assert isinstance(reply, Answer)
    assert reply.status == 404
    # What was sent on purpose counts from everywhere.
    assert asked_with(authorization="Bearer x", cookie="sessionid=a", **headers) == Credentials(b"Bearer x")


@pytest.mark.django_db
class TestSessions:
    def cookie(self, client: Client) -> bytes:
        return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items()).encode()

    def test_a_session_opens_what_its_user_is_a_member_of(self, client: Client, django_user_model: Any) -> None:
        user = django_user_model.objects.create_user("ada", password="x")
        Membership.objects.create(user=user, dataset=Dataset.objects.create(name="cell"), role="viewer")
        Dataset.objects.create(name="other", visibility="public")
        client.force_login(user)
        assert opened_names(Credentials(cookie=b"theme=dark; " + self.cookie(client))) == {"cell"}
        get_user_model().objects.update(is_superuser=True)
        assert opened_names(Credentials(cookie=self.cookie(client))) == {"cell", "other"}
        get_user_model().objects.update(is_active=False)
        assert opened_names(Credentials(cookie=self.cookie(client))) == frozenset()

    def test_a_session_ends_with_signing_out_and_with_a_new_password(
        self, client: Client, django_user_model: Any
    ) -> None:
        user = django_user_model.objects.create_superuser("ada", password="x")
        Dataset.objects.create(name="cell")
        client.force_login(user)
        cookie = self.cookie(client)
        assert opened_names(Credentials(cookie=cookie)) == {"cell"}
        user.set_password("y")
        user.save()
        assert opened_names(Credentials(cookie=cookie)) == frozenset()
        client.force_login(user)
        cookie = self.cookie(client)
        client.logout()
        assert opened_names(Credentials(cookie=cookie)) == frozenset()

    @pytest.mark.parametrize(
        "cookie", [b"", b"theme=dark", b"sessionid=", b"sessionid=nobody", b"sessionid=\xff\x00; =", b"a" * 4000]
    )
    def test_a_cookie_that_names_no_session_is_a_strangers(self, cookie: bytes) -> None:
        assert opened_names(Credentials(cookie=cookie)) == frozenset()

    def test_an_unknown_token_is_refused(self) -> None:
        for credentials in (Credentials(authorization=b"Bearer x"), Credentials(share_token=b"x")):
            with pytest.raises(CredentialsRefused):
                opened_names(credentials)

    def test_asking_costs_the_same_however_many_datasets_there_are(
        self, client: Client, django_user_model: Any, django_assert_num_queries: Any
    ) -> None:
        client.force_login(django_user_model.objects.create_superuser("ada", password="x"))
        for number in range(20):
            Dataset.objects.create(name=f"cell-{number}")
        with django_assert_num_queries(3):
            opened_names(Credentials(cookie=self.cookie(client)))


class TestRemembering:
    def test_those_who_ask_at_once_are_answered_by_one_question(self) -> None:
        asked: list[Credentials] = []
        go = threading.Event()

        def ask(credentials: Credentials) -> frozenset[str]:
            asked.append(credentials)
            go.wait(10)
            return frozenset({"cell"})

        async def burst() -> list[frozenset[str]]:
            identify = Identify(ask)
            asking = [asyncio.create_task(identify(Credentials(cookie=b"a"))) for _ in range(50)]
            await asyncio.sleep(0)
            asking.pop().cancel()  # one client goes away; the others still get their answer
            go.set()
            return await asyncio.gather(*asking)

        assert set(asyncio.run(burst())) == {frozenset({"cell"})}
        assert asked == [Credentials(cookie=b"a")]

    def test_an_answer_is_asked_for_again_when_it_is_old(self) -> None:
        answers = [frozenset({"cell"}), frozenset[str]()]

        async def twice() -> list[frozenset[str]]:
            identify = Identify(lambda _: answers.pop(0), remembered_s=0.05)
            seen = [await identify(Credentials(cookie=b"a"))]
            time.sleep(0.06)
            return [*seen, await identify(Credentials(cookie=b"a"))]

        assert asyncio.run(twice()) == [frozenset({"cell"}), frozenset()]

    def test_each_is_answered_for_themselves(self) -> None:
        async def both() -> list[frozenset[str]]:
            identify = Identify(lambda credentials: frozenset({credentials.cookie.decode()}))
            return await asyncio.gather(*(identify(Credentials(cookie=name)) for name in (b"a", b"b")))

        assert asyncio.run(both()) == [frozenset({"a"}), frozenset({"b"})]

    def test_a_database_in_trouble_is_no_refusal(self) -> None:
        def fail(_: Credentials) -> frozenset[str]:
            raise OperationalError("gone")

        with pytest.raises(CatalogueUnavailable):
            asyncio.run(Identify(fail)(Credentials(cookie=b"a")))  # type: ignore[arg-type]
