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
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.actions.tokens import create_api_token
from datasets.serving import core
from datasets.serving.answers import FileSlice
from datasets.serving.catalogue_snapshot import load_snapshot
from datasets.serving.core import Credentials
from datasets.serving.identity import opened_by
from tests.portal.routes import Route, all_routes
from tests.portal.world import (
    CALLERS,
    REVIEWER,
    SECRET,
    TOKEN,
    TOKEN_OF_VIEWER,
    Case,
    Words,
    build,
    seen_as,
    token,
    words_of_secret,
)

EXAMPLES = 500
LABELS = (None, "1", "2", "draft")
LISTS = {"", "datasets/", "api/v1/datasets/"}
"""The lists of datasets: they hold exactly the newest published version of each that the caller may know of."""

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
        with CaptureQueriesContext(connection) as asked:
            response = self.client.generic(method, path, headers=ACCEPT | self.headers, **more)
        body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
        return Reply(
            response.status_code,
            {name.lower(): value for name, value in response.items() if name.lower() not in CHANGING_HEADERS},
            CHANGING.sub("…", body.decode("utf-8", "replace")),
            tuple(re.sub(r"'[^']*'", "…", query["sql"]) for query in asked.captured_queries),
        )

    def ask_data(self, path: str, snapshot: core.Snapshot, **headers: str) -> Reply:
        named = {name.encode(): value.encode() for name, value in (self.credentials | headers).items() if value}
        request = core.Request("GET", path.encode(), headers=named)
        result = core.answer(request, snapshot, time.time())
        if isinstance(result, Credentials):
            result = core.answer(request, snapshot, time.time(), grants=opened_by(result).names)
        assert isinstance(result, core.Answer)
        assert not isinstance(result.body, FileSlice)
        return Reply(
            result.status, {name.decode(): value.decode() for name, value in result.headers}, result.body.decode()
        )


@pytest.fixture
def world(db: None, data_root: Path, caplog: pytest.LogCaptureFixture, settings: Any) -> list[Case]:
    settings.CONFIG = replace(settings.CONFIG, neuroglancer_url="https://neuroglancer.example")
    caplog.set_level(logging.ERROR, "django.request")  # thousands of 404s are what is wanted here
    return build(data_root, data_root.parent / "own")


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
    if status == 200 and route.pattern.endswith("/neuroglancer"):
        return 302
    if "pictures/" in route.pattern and status == 200 and (label or case.newest or "draft") == "draft":
        return 404  # a draft has no pictures yet
    return status


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
    for case in world:
        for route, label in addresses(case):
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


@pytest.mark.parametrize("caller", CALLERS)
def test_lists_and_all_other_pages_tell_nothing_else(caller: str, world: list[Case]) -> None:
    visitor = Visitor(caller, world)
    for route in all_routes():
        if route.names_a_version:
            continue
        path = route.fill(ABSENT, None)
        reply = visitor.ask(path)
        seen = seen_as(caller, path)
        told = told_to(seen, world) | {token("org", 0), token("org", 1)}  # on one's own account page
        shown = {case.name for case in world if case.status(seen, None) == 200 and case.newest}
        if caller == "operator":
            shown.add(SECRET)
        assert reply.status < 500, path
        assert leaks(reply, path, told) == set(), path
        if route.pattern in LISTS:
            assert set(TOKEN.findall(reply.body)) & {SECRET, *(case.name for case in world)} == shown, path
            assert f"{len(shown)}\N{NO-BREAK SPACE}dataset" in reply.body or path.startswith("/api/"), path


@pytest.mark.parametrize("caller", ["stranger", "account", "inactive owner"])
def test_no_other_method_tells_more(caller: str, world: list[Case]) -> None:
    visitor = Visitor(caller, world)
    hidden = next(case for case in world if case.state == "published" and not case.is_known_to(caller))
    words = words_of(hidden, "1")
    for route in all_routes():
        for method in ("HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"):
            if "sign" in route.pattern or "password" in route.pattern:
                continue
            reply, other = (visitor.ask(route.fill(each, "1"), method) for each in (words, ABSENT))
            assert reply.without(words) == other.without(ABSENT), f"{method} {route.pattern}"


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


def data_path(case: Case, label: str | None, key: str) -> str:
    return f"/data/{case.name}{f'@{label}' if label else ''}/{key.format(volume=words_of(case, label).volume)}"


def judge_data(
    reply: Reply,
    case: Case,
    caller: str,
    label: str | None,
    key: str,
    headers: Mapping[str, str],
    world: list[Case],
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
