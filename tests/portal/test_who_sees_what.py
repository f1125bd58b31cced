"""Every page, list, API view and data route, asked by everyone for datasets in every state and visibility.

The answers are those of the table "Who gets what answer": for whoever may not know of a dataset it is absent, down to
the last byte and to the number of questions to the database. The routes come from the URL table, so a new one is asked
without being named here; what its parameters can be is said in :mod:`tests.portal.routes`.
"""

import json
import logging
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import hypothesis
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.actions.tokens import create_api_token
from datasets.serving import core, s3
from datasets.serving.answers import FileSlice
from datasets.serving.catalogue_snapshot import load_snapshot
from datasets.serving.identity import opened_by
from datasets.serving.requests import Request
from tests.answers import content_of
from tests.conftest import forget_what_was_kept, roots_in
from tests.portal.routes import ALIKE, LISTS, Route, all_routes
from tests.portal.world import (
    CALLERS,
    REVIEWER,
    SECRET,
    TOKEN,
    TOKEN_OF_VIEWER,
    VISIBILITIES,
    Case,
    Words,
    build,
    seen_as,
    token,
    words_of_secret,
)

EVERY = 1 if connection.vendor == "sqlite" else 4
"""On the second database a fourth of the questions is asked: the rules are the same there, only their SQL is not."""
EXAMPLES = 200 // EVERY
LABELS = (None, "1", "2", "draft")
METHODS = ("HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
DATA_KEYS = ("", "{volume}/", "{volume}/zarr.json", "{volume}/nothing", "nothing/")
DATA_REQUESTS = (
    st.sampled_from(LABELS),
    st.sampled_from(DATA_KEYS),
    st.sampled_from(({}, {"range": "bytes=0-3"}, {"accept": "application/json"})),
)
ACCEPT = {"Accept": "text/html, */*; q=0.5"}
# What differs between any two answers.
CHANGING = re.compile(
    r"[0-9a-f]{32}(?=</code>)|(?<=\"request_id\": \")\w+|(?<=\"request_id\":\")\w+"
    r"|(?<=name=\"csrfmiddlewaretoken\" value=\")\w+"
)
# A token's last use is written once a minute, whatever is asked for.
LAST_USE = re.compile(r'UPDATE "catalogue_(?:share|api)token" SET "last_used_at"')
CHANGING_HEADERS = {"x-request-id", "server-timing"}


@dataclass(frozen=True)
class Reply:
    """An answer as far as it must not differ."""

    status: int
    headers: Mapping[str, str]
    body: str
    queries: tuple[str, ...] = ()

    def without(self, words: Words) -> "Reply":
        """With the requester's own words taken out."""
        own = re.compile("|".join(re.escape(word) for word in vars(words).values()))
        return Reply(
            self.status,
            {name: own.sub("…", value) for name, value in self.headers.items()},
            own.sub("…", self.body),
            tuple(own.sub("…", query) for query in self.queries),
        )


class Visitor:
    """One of the callers, asking pages through Django and data through the data plane's core."""

    def __init__(self, caller: str, world: list[Case]) -> None:
        self.caller = caller
        self.client = Client(raise_request_exception=True)
        self.headers: dict[str, str] = {}
        if caller == REVIEWER:
            for case in world:
                if case.is_opened_to(caller):
                    self.client.cookies[f"share-{case.name}"] = case.share
        elif caller == TOKEN_OF_VIEWER:
            made = create_api_token(username="viewer", label="", scope="read", lifetime=None, by=None)
            self.headers["Authorization"] = f"Bearer {made.bearer}"
        elif caller != "stranger":
            user = get_user_model().objects.get(username=caller.replace(" ", "-"))
            self.client.force_login(user)
            if caller == "inactive owner":
                get_user_model().objects.filter(pk=user.pk).update(is_active=False)
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self.client.cookies.items())
        self.credentials = {"cookie": cookies, **{name.lower(): value for name, value in self.headers.items()}}

    def ask(self, path: str, method: str = "GET", **more: Any) -> Reply:
        reset_queries()
        cache.clear()  # forgets how often something was asked for lately
        forget_what_was_kept()  # what the first who asks has counted
        with CaptureQueriesContext(connection) as asked:
            response = self.client.generic(method, path, headers=ACCEPT | self.headers, **more)
        body = content_of(response)
        return Reply(
            response.status_code,
            {name.lower(): value for name, value in response.items() if name.lower() not in CHANGING_HEADERS},
            CHANGING.sub("…", body.decode("utf-8", "replace")),
            tuple(re.sub(r"'[^']*'", "…", sql) for query in asked if not LAST_USE.match(sql := query["sql"])),
        )

    def ask_data(self, path: str, snapshot: core.Snapshot, **headers: str) -> Reply:
        named = {name.encode(): value.encode() for name, value in (self.credentials | headers).items() if value}
        request = Request("GET", path.encode(), headers=named)
        result = core.answer(request, snapshot, time.time())
        if isinstance(result, core.Credentials):
            result = core.answer(request, snapshot, time.time(), grants=opened_by(result).names)
        assert isinstance(result, core.Answer)
        assert not isinstance(result.body, FileSlice)
        return Reply(
            result.status, {name.decode(): value.decode() for name, value in result.headers}, result.body.decode()
        )


@pytest.fixture(scope="module")
def built(rows_of_module: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Case]]:
    """The world, for all tests: what one of them writes is gone before the next."""
    with roots_in(tmp_path_factory.mktemp("world")) as folder:
        with rows_of_module():
            cases = build(folder, folder.parent / "own")
        yield cases


@pytest.fixture
def world(db: None, built: list[Case], caplog: pytest.LogCaptureFixture, settings: Any) -> list[Case]:
    settings.CONFIG = replace(settings.CONFIG, neuroglancer_url="https://neuroglancer.example")
    caplog.set_level(logging.ERROR, "django.request")  # thousands of 404s are what is wanted here
    return built


def words_of(case: Case, label: str | None) -> Words:
    return Words.of(case.name, label or case.newest or "draft")


ABSENT = Words.of(token("there is no such dataset"), "1")


def told_to(caller: str, world: list[Case]) -> set[str]:
    """Every token that ``caller`` may read anywhere."""
    told = set().union(*(case.told_to(caller) for case in world))
    return told | words_of_secret() if caller == "operator" else told


def leaks(reply: Reply, path: str, told: set[str]) -> set[str]:
    """Tokens in an answer that neither the caller may read nor the request held."""
    text = reply.body + " ".join(f"{name}: {value}" for name, value in reply.headers.items())
    return set(TOKEN.findall(text)) - told - set(TOKEN.findall(path))


def expected(route: Route, case: Case, caller: str, label: str | None) -> int:
    status = case.status(caller, label)
    if route.pattern.endswith("/publish/") and status != 401:
        return 405  # it is not read
    if status == 200 and route.pattern.endswith("/withdrawal/"):
        if caller not in ("owner", "operator") or not case.is_opened_to(caller):
            return 403  # it is for who may withdraw
        return 409 if (label or case.newest or "draft") == "draft" else 200  # a draft is not withdrawn
    if route.pattern == "api/v1/selections/<str:identifier>/manifest" and status == 410:
        return 410  # a list without them would look complete
    if "selections/" in route.pattern and status in (200, 410):
        return 404 if label == "draft" else 200  # drafts are not selected; of retired ones the page says so
    if route.pattern.endswith(".webp") and status == 200 and (label or case.newest or "draft") == "draft":
        return 404  # a draft has no pictures yet
    return 302 if status == 200 and route.pattern.endswith("/neuroglancer") else status


def addresses(case: Case) -> Iterator[tuple[Route, str | None]]:
    """The routes that lead to one version, with the labels to try."""
    for route in all_routes():
        if "ref" in route.parameters:
            yield from ((route, label) for label in LABELS)
        elif "identifier" in route.parameters:
            yield from ((route, label) for label in sorted(case.labels))


class Pages:
    """Asks for pages and API views, each judged by the table."""

    def __init__(self, world: list[Case]) -> None:
        self.absent: dict[tuple[str, Route, str | None], Reply] = {}
        self.told = {caller: told_to(caller, world) for caller in CALLERS}

    def check(self, visitor: Visitor, case: Case, route: Route, label: str | None) -> None:
        words = words_of(case, label)
        path = route.fill(words, label)
        caller = seen_as(visitor.caller, path)
        reply = visitor.ask(path)
        where = f"{path}: {case.state}, {case.visibility}, asked by {visitor.caller}"
        assert reply.status == expected(route, case, caller, label), where
        assert leaks(reply, path, self.told[caller]) == set(), where
        if not case.is_known_to(caller):
            like = (visitor.caller, route, label)
            if like not in self.absent:
                self.absent[like] = visitor.ask(route.fill(ABSENT, label)).without(ABSENT)
            assert reply.without(words) == self.absent[like], where


def test_a_stranger_is_answered_as_the_table_says_everywhere(world: list[Case]) -> None:
    pages, visitor = Pages(world), Visitor("stranger", world)
    routes = {route: number for number, route in enumerate(all_routes())}
    for place, case in enumerate(world):
        # A Latin square: each route meets every state and every visibility, and each of their pairs many routes.
        row, column = divmod(place, len(VISIBILITIES))
        for route, label in addresses(case):
            is_met = (routes[route] + row + column) % len(VISIBILITIES) == 0
            if is_met and (routes[route] // len(VISIBILITIES) + place) % EVERY == 0:
                pages.check(visitor, case, route, label)


def test_everyone_is_answered_as_the_table_says(world: list[Case]) -> None:
    pages = Pages(world)
    visitors = {caller: Visitor(caller, world) for caller in CALLERS}

    @hypothesis.settings(max_examples=EXAMPLES, database=None)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(world))
        route, label = data.draw(st.sampled_from(list(addresses(case))))
        pages.check(visitors[data.draw(st.sampled_from(CALLERS))], case, route, label)

    check()


def test_lists_and_all_other_pages_tell_nothing_else(world: list[Case]) -> None:
    names = {SECRET, *(case.name for case in world)}
    for place, visitor in enumerate(Visitor(caller, world) for caller in CALLERS):
        for number, route in enumerate(all_routes()):
            # What lists datasets is asked by all; the rest by a third of them, and on the first database by strangers.
            is_asked = route.pattern in (*LISTS, *ALIKE) or (number + place // 2) % 3 == 0 or (EVERY == 1 and not place)
            if route.names_a_version or not is_asked:
                continue
            reply = visitor.ask(path := route.fill(ABSENT, None))
            where, seen = f"{path}, asked by {visitor.caller}", seen_as(visitor.caller, path)
            told = told_to(seen, world) | {token("org", 0), token("org", 1)}  # on one's own account page
            assert reply.status < 500, where
            assert leaks(reply, path, told) == set(), where
            if route.pattern in LISTS:
                shown = {case.name for case in world if case.status(seen, None) == 200 and case.newest}
                shown |= {SECRET} if seen == "operator" else set()
                assert set(TOKEN.findall(reply.body)) & names == shown, where
                assert f"{len(shown)}\N{NO-BREAK SPACE}dataset" in reply.body or path.startswith("/api/"), where
            if route.pattern in ALIKE:
                shown = {case.name for case in world if case.status("stranger", None) == 200}
                assert set(TOKEN.findall(reply.body)) & names == shown, where


def test_no_other_method_tells_more(world: list[Case]) -> None:
    for place, caller in enumerate(("stranger", "account", "inactive owner", REVIEWER)):
        visitor = Visitor(caller, world)
        hidden = next(case for case in world if case.state == "published" and not case.is_known_to(visitor.caller))
        words = words_of(hidden, "1")
        for number, route in enumerate(route for route in all_routes() if route.names_a_version):
            for method in METHODS[(number + place) % 2 :: 2]:  # each is asked of each route by two of the four
                reply, other = (visitor.ask(route.fill(each, "1"), method) for each in (words, ABSENT))
                assert reply.without(words) == other.without(ABSENT), f"{method} {route.pattern}, {visitor.caller}"


def test_only_what_one_sees_can_be_shared(world: list[Case]) -> None:
    visitors = {caller: Visitor(caller, world) for caller in CALLERS}

    def share(caller: str, words: Words, label: str) -> Reply:
        source = f"zarr://http://testserver/data/{words.name}@{label}/{words.volume}/"
        body = json.dumps({"state": {"layers": [{"name": words.volume, "source": source}]}})
        return visitors[caller].ask("/api/v1/links", "POST", data=body, content_type="application/json")

    @hypothesis.settings(max_examples=EXAMPLES // 4, database=None)
    @given(st.sampled_from(CALLERS), st.sampled_from(world), st.sampled_from(("1", "2", "draft")))
    def check(caller: str, case: Case, label: str) -> None:
        words = words_of(case, label)
        reply = share(caller, words, label)
        seen = seen_as(caller, "/api/v1/links")
        status = case.status(seen, label)
        assert reply.status == (201 if status == 200 else status), (caller, case, label)
        assert leaks(reply, words.name, told_to(seen, world)) == set()
        if not case.is_known_to(seen):
            assert reply.without(words) == share(caller, ABSENT, label).without(ABSENT)

    check()


def test_the_data_plane_answers_as_the_pages_do(world: list[Case]) -> None:
    visitors = {caller: Visitor(caller, world) for caller in CALLERS}
    snapshot = load_snapshot()

    @hypothesis.settings(max_examples=EXAMPLES, database=None)
    @given(st.sampled_from(CALLERS), st.sampled_from(world), *DATA_REQUESTS)
    def check(caller: str, case: Case, label: str | None, key: str, headers: dict[str, str]) -> None:
        path = data_path(case, label, key)
        reply = visitors[caller].ask_data(path, snapshot, **headers)
        judge_data(reply, case, seen_as(caller, path), label, key, headers, world)
        if reply.status == 404:
            assert reply == visitors[caller].ask_data(path.replace(case.name, ABSENT.name), snapshot, **headers)

    check()


def test_a_share_token_in_the_path_opens_exactly_its_dataset(world: list[Case]) -> None:
    stranger, snapshot = Visitor("stranger", world), load_snapshot()

    @hypothesis.settings(max_examples=EXAMPLES, database=None)
    @given(st.sampled_from(world), st.sampled_from(world), st.booleans(), *DATA_REQUESTS)
    def check(held: Case, other: Case, own: bool, label: str | None, key: str, headers: dict[str, str]) -> None:
        case = held if own else other
        path = data_path(case, label, key).replace("/data/", f"/data/~{held.share}/")
        reply = stranger.ask_data(path, snapshot, **headers)
        judge_data(reply, case, held.share, label, key, headers, world)
        assert reply.status >= 300 or reply.headers["cache-control"] == "private, no-store"
        if reply.status == 404:
            assert reply == stranger.ask_data(path.replace(case.name, ABSENT.name), snapshot, **headers)

    check()


def test_s3_clients_see_what_their_key_opens(world: list[Case]) -> None:
    made = create_api_token(username="viewer", label="", scope="read", lifetime=None, by=None)
    snapshot = load_snapshot()
    credentials = Credentials(made.token.id, made.s3_secret)
    holder = s3.KeyHolder(made.s3_secret, opened_by(core.Credentials(f"Bearer {made.bearer}".encode())).names)

    def ask(path: str, *, signed: bool) -> Reply:
        to_sign = AWSRequest("GET", f"http://testserver{path}", headers={"Host": "testserver"})
        if signed:
            S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(to_sign)
        headers = {name.lower().encode(): str(value).encode() for name, value in to_sign.headers.items()}
        request = Request("GET", path.encode(), headers=headers)
        result = s3.answer(request, snapshot, time.time(), holder=holder if signed else None)
        assert isinstance(result, core.Answer)
        assert isinstance(result.body, bytes)
        return Reply(
            result.status, {name.decode(): value.decode() for name, value in result.headers}, result.body.decode()
        )

    for signed, caller in ((False, "stranger"), (True, "viewer")):
        told = told_to(caller, world)
        buckets = set(TOKEN.findall(ask("/s3/", signed=signed).body))
        assert buckets == {case.name for case in world if case.newest and case.status(caller, None) == 200}
        for case in world:
            for label in (None, "1", "2", "draft"):
                volume = words_of(case, label).volume
                for key, status in (("", 200), (f"/{volume}/zarr.json", 200), (f"/{volume}/nothing", 404)):
                    bucket = case.name if label is None else f"{case.name}.{'v' if label.isdigit() else ''}{label}"
                    reply = ask(f"/s3/{bucket}{key}", signed=signed)
                    known = case.status(caller, label) if label != "draft" and case.newest else 404
                    assert reply.status == (status if known == 200 else known), (bucket, key, case, signed)
                    assert leaks(reply, f"{bucket}{key}", told) == set()
                    if known == 404:
                        absent = ask(f"/s3/{bucket}{key}".replace(case.name, ABSENT.name), signed=signed)
                        assert reply == absent, (bucket, key, case, signed)


def data_path(case: Case, label: str | None, key: str) -> str:
    return f"/data/{case.name}{f'@{label}' if label else ''}/{key.format(volume=words_of(case, label).volume)}"


def judge_data(
    reply: Reply, case: Case, caller: str, label: str | None, key: str, headers: Mapping[str, str], world: list[Case]
) -> None:
    assert reply.status == expected_of_data(case, caller, label, key, headers)
    assert leaks(reply, data_path(case, label, key), told_to(caller, world)) == set()
    if reply.status < 300 and (label == "draft" or not case.is_public):
        assert reply.headers["cache-control"] == "private, no-store"


def expected_of_data(case: Case, caller: str, label: str | None, key: str, headers: Mapping[str, str]) -> int:
    if label is None and case.newest is None:
        return 404  # data are asked for by their version; a draft is one only under its name
    status = case.status(caller, label)
    if status == 200 and "nothing" in key:
        return 404
    return 206 if status == 200 and "range" in headers and key.endswith("zarr.json") else status
