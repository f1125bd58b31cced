"""Whose cookie opens what: which requests it counts for, what it opens, and for how long an answer is remembered."""

import asyncio
import datetime as dt
import math
import threading
import time
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as AwsCredentials
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.test import Client

from datasets.catalogue.actions.tokens import NewApiToken, create_api_token, create_share_token, revoke_api_token
from datasets.catalogue.models import ApiToken, Dataset, Membership
from datasets.serving import s3
from datasets.serving.core import Answer, Credentials, CredentialsRefused, answer
from datasets.serving.identity import FindKey, HeldKey, Identify, Opened, held_by, opened_by
from datasets.serving.requests import Request
from datasets.serving.s3 import KeyHolder
from datasets.serving.snapshot import CatalogueUnavailable, Snapshot
from tests.serving.test_streaming import eventually


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
        assert opened_by(Credentials(cookie=b"theme=dark; " + self.cookie(client))).names == {"cell"}
        get_user_model().objects.update(is_superuser=True)
        assert opened_by(Credentials(cookie=self.cookie(client))).names == {"cell", "other"}
        get_user_model().objects.update(is_active=False)
        assert opened_by(Credentials(cookie=self.cookie(client))).names == frozenset()

    def test_a_session_ends_with_signing_out_and_with_a_new_password(
        self, client: Client, django_user_model: Any
    ) -> None:
        user = django_user_model.objects.create_superuser("ada", password="x")
        Dataset.objects.create(name="cell")
        client.force_login(user)
        cookie = self.cookie(client)
        assert opened_by(Credentials(cookie=cookie)).names == {"cell"}
        user.set_password("y")
        user.save()
        assert opened_by(Credentials(cookie=cookie)).names == frozenset()
        client.force_login(user)
        cookie = self.cookie(client)
        client.logout()
        assert opened_by(Credentials(cookie=cookie)).names == frozenset()

    @pytest.mark.parametrize(
        "cookie", [b"", b"theme=dark", b"sessionid=", b"sessionid=nobody", b"sessionid=\xff\x00; =", b"a" * 4000]
    )
    def test_a_cookie_that_names_no_session_is_a_strangers(self, cookie: bytes) -> None:
        assert opened_by(Credentials(cookie=cookie)).names == frozenset()

    def test_an_unknown_token_is_refused(self) -> None:
        for credentials in (Credentials(authorization=b"Bearer x"), Credentials(share_token=b"x")):
            with pytest.raises(CredentialsRefused):
                opened_by(credentials)

    def test_asking_costs_the_same_however_many_datasets_there_are(
        self, client: Client, django_user_model: Any, django_assert_num_queries: Any
    ) -> None:
        client.force_login(django_user_model.objects.create_superuser("ada", password="x"))
        for number in range(20):
            Dataset.objects.create(name=f"cell-{number}")
        with django_assert_num_queries(3):
            opened_by(Credentials(cookie=self.cookie(client)))


@pytest.mark.django_db
class TestTokens:
    @pytest.fixture
    def bearer(self, django_user_model: Any) -> bytes:
        """The token of a member of ``cell``."""
        user = django_user_model.objects.create_user("ada", password="x")
        Membership.objects.create(user=user, dataset=Dataset.objects.create(name="cell"), role="viewer")
        Dataset.objects.create(name="other")
        made = create_api_token(username="ada", label="", scope="read", lifetime=dt.timedelta(days=1), by=None)
        return made.bearer.encode()

    def share(self) -> bytes:
        made = create_share_token(dataset="other", label="", lifetime=dt.timedelta(hours=1), by=None)
        return made.secret.encode()

    def test_a_bearer_token_opens_what_its_account_is_a_member_of(self, bearer: bytes) -> None:
        opened = opened_by(Credentials(authorization=b"Bearer " + bearer))
        assert opened.names == {"cell"}
        assert time.time() + 80_000 < opened.until_s < time.time() + 90_000
        assert opened_by(Credentials(authorization=b"bearer " + bearer)).names == {"cell"}

    def test_a_share_token_opens_its_dataset_alone_and_cookies_beside_it_do_not_count(self, bearer: bytes) -> None:
        share = self.share()
        assert opened_by(Credentials(share_token=share)).names == {"other"}
        both = opened_by(Credentials(authorization=b"Bearer " + bearer, share_token=share))
        assert both.names == {"cell", "other"}
        assert both.until_s < time.time() + 3700  # the first of the two ends
        assert opened_by(Credentials(cookie=b"share-other=" + share)).names == {"other"}
        assert opened_by(Credentials(cookie=b"share-cell=" + share)).names == frozenset()

    def test_any_wrong_token_is_refused_though_another_is_right(self, bearer: bytes) -> None:
        for wrong in (
            Credentials(authorization=b"Bearer " + bearer, share_token=b"x"),
            Credentials(authorization=b"Bearer x", share_token=self.share()),
            Credentials(authorization=b"Basic " + bearer),
            Credentials(authorization=bearer),
            Credentials(share_token=b"\xff"),
        ):
            with pytest.raises(CredentialsRefused):
                opened_by(wrong)


@pytest.mark.django_db
class TestS3Keys:
    @pytest.fixture
    def made(self, django_user_model: Any) -> NewApiToken:
        user = django_user_model.objects.create_user("ada", password="x")
        Membership.objects.create(user=user, dataset=Dataset.objects.create(name="cell"), role="viewer")
        Dataset.objects.create(name="other")
        return create_api_token(username="ada", label="", scope="read", lifetime=dt.timedelta(days=1), by=None)

    def test_of_a_token_open_what_its_account_may_see(self, made: NewApiToken) -> None:
        held = held_by(made.token.id)
        assert held.holder == KeyHolder(made.s3_secret, frozenset({"cell"}))
        assert time.time() + 80_000 < held.until_s < time.time() + 90_000
        assert made.s3_secret not in repr(held)

    def test_end_with_it(self, made: NewApiToken) -> None:
        revoke_api_token(token_id=made.token.id, by=None)
        assert held_by(made.token.id).holder is None
        assert held_by("CSTNOBODY").holder is None

    def test_end_with_the_account(self, made: NewApiToken) -> None:
        get_user_model().objects.update(is_active=False)
        assert held_by(made.token.id).holder is None

    def test_that_expire_are_refused_at_once(self) -> None:
        answers = [HeldKey(KeyHolder("s"), until_s=time.time() + 0.05), HeldKey(None)]

        async def twice() -> list[KeyHolder | None]:
            find_key = FindKey(lambda _: answers.pop(0), remembered_s=1000)
            seen = [await find_key("a")]
            time.sleep(0.06)
            return [*seen, await find_key("a")]

        assert asyncio.run(twice()) == [KeyHolder("s"), None]


@pytest.mark.django_db(transaction=True)
def test_the_use_of_an_s3_key_is_written_down_once_its_signature_is_right(django_user_model: Any) -> None:
    django_user_model.objects.create_user("ada", password="x")
    made = create_api_token(username="ada", label="", scope="read", lifetime=None, by=None)
    holder = held_by(made.token.id).holder
    assert holder is not None

    def ask(secret: str) -> int:
        signed = AWSRequest("GET", "http://cells.example/s3/", headers={"Host": "cells.example"})
        S3SigV4Auth(AwsCredentials(made.token.id, secret), "s3", "us-east-1").add_auth(signed)
        headers = {name.lower().encode(): value.encode() for name, value in signed.headers.items()}
        result = s3.answer(Request("GET", b"/s3/", headers=headers), Snapshot(), time.time(), holder=holder)
        assert isinstance(result, Answer)
        return result.status

    assert ask("wrong") == 403
    assert ApiToken.objects.get().last_used_at is None
    assert ask(made.s3_secret) == 200
    assert eventually(lambda: ApiToken.objects.get().last_used_at is not None)
    again = held_by(made.token.id).holder
    assert again is not None
    assert again.note_use is None, "a write a minute is enough"


class TestRemembering:
    def test_those_who_ask_at_once_are_answered_by_one_question(self) -> None:
        asked: list[Credentials] = []
        go = threading.Event()

        def ask(credentials: Credentials) -> Opened:
            asked.append(credentials)
            go.wait(10)
            return Opened(frozenset({"cell"}))

        async def burst() -> list[frozenset[str]]:
            identify = Identify(ask)
            asking = [asyncio.create_task(identify(Credentials(cookie=b"a"))) for _ in range(50)]
            await asyncio.sleep(0)
            asking.pop().cancel()  # one client goes away; the others still get their answer
            go.set()
            return await asyncio.gather(*asking)

        assert set(asyncio.run(burst())) == {frozenset({"cell"})}
        assert asked == [Credentials(cookie=b"a")]

    @pytest.mark.parametrize(("lasts_s", "remembered_s"), [(math.inf, 0.05), (0.05, 1000)])
    def test_an_answer_is_asked_for_again_when_it_is_old_or_expires(self, lasts_s: float, remembered_s: float) -> None:
        answers = [Opened(frozenset({"cell"}), until_s=time.time() + lasts_s), Opened(frozenset())]

        async def twice() -> list[frozenset[str]]:
            identify = Identify(lambda _: answers.pop(0), remembered_s=remembered_s)
            seen = [await identify(Credentials(cookie=b"a"))]
            time.sleep(0.06)
            return [*seen, await identify(Credentials(cookie=b"a"))]

        assert asyncio.run(twice()) == [frozenset({"cell"}), frozenset()]

    def test_each_is_answered_for_themselves(self) -> None:
        async def both() -> list[frozenset[str]]:
            identify = Identify(lambda credentials: Opened(frozenset({credentials.cookie.decode()})))
            return await asyncio.gather(*(identify(Credentials(cookie=name)) for name in (b"a", b"b")))

        assert asyncio.run(both()) == [frozenset({"a"}), frozenset({"b"})]

    def test_a_database_in_trouble_is_no_refusal(self) -> None:
        def fail(_: Credentials) -> Opened:
            raise OperationalError("gone")

        with pytest.raises(CatalogueUnavailable):
            asyncio.run(Identify(fail)(Credentials(cookie=b"a")))
