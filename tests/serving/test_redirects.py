"""Clients sent to the bucket itself, a real S3 server: who is, to which address, and what they find there."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from datasets.serving.answers import Answer
from datasets.serving.asgi import DataPlane
from datasets.serving.core import answer
from datasets.serving.requests import Request
from datasets.serving.snapshot import Dataset, Snapshot, Snapshots, Version, Visibility
from datasets.storage.buckets import bucket_of
from datasets.storage.mounts import Mount
from datasets.storage.published_tree import PublishedTree
from datasets.storage.redirects import WINDOW_S, find_elsewhere
from datasets.storage.roots import Root
from tests.nginx import nginx_in_front
from tests.s3_server import S3Server
from tests.serving.conftest import LARGE, SMALL, place_published
from tests.serving.plane import TOKEN, behind, know_token, snapshot_of
from tests.serving.transports import Ask, in_process, over_socket, served_over

ROOT = Root(name="cells", url="s3://cells/p", key="reader", secret="hidden", redirect="https://cells.example")
OPEN = replace(ROOT, anonymous=True, key="", secret="")
NOW_S = 1_700_000_123.0


def snapshot_over(root: Root) -> Snapshot:
    """The root's ``own/cells/1`` as the public dataset ``frozen`` and as ``secret``, which the token opens."""
    versions = (Version(1, (Mount("", bucket_of(root), "own/cells/1", immutable=True),)),)
    return Snapshot.of(
        [Dataset("frozen", Visibility.PUBLIC, versions), Dataset("secret", Visibility.PRIVATE, versions)]
    )


def ask_over(root: Root) -> Ask:
    snapshot = snapshot_over(root)
    return in_process(DataPlane(behind, Snapshots(lambda: snapshot, lambda: 1), know_token))


@pytest.fixture
def ask(s3_server: S3Server, filled_bucket: str) -> Ask:
    return ask_over(s3_server.root("s3://plane", redirect=filled_bucket))


@pytest.fixture
def open_bucket(s3_server: S3Server, s3: Any, filled_bucket: str) -> Iterator[Root]:
    """The bucket while everybody may read what lies in it."""
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",'
        '"Resource":"arn:aws:s3:::plane/*"}]}'
    )
    s3.put_bucket_policy(Bucket="plane", Policy=policy)
    yield s3_server.root("s3://plane", redirect=filled_bucket, anonymous=True, key="", secret="")
    s3.delete_bucket_policy(Bucket="plane")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_signed_address_gives_the_object_and_nothing_else(ask: Ask, method: str) -> None:
    reply = ask("/data/frozen@1/small", method)
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (302, "*")
    location = reply.headers["location"]
    told = subprocess.run(["curl", "-s", *(["-I"] if method == "HEAD" else ["-i"]), location], capture_output=True)
    assert told.stdout.split(b"\r\n")[0].endswith(b"200 OK")
    assert method == "HEAD" or told.stdout.endswith(SMALL)
    other = subprocess.run(["curl", "-s", "-i", location.replace("/small?", "/large?")], capture_output=True)
    assert b"SignatureDoesNotMatch" in other.stdout


@pytest.mark.parametrize(
    ("span", "expected"),
    [("0-3", LARGE[:4]), ("-5", LARGE[-5:]), ("2000000-", LARGE[2_000_000:])],
    ids=["first", "last", "from"],
)
def test_a_range_goes_along(ask: Ask, span: str, expected: bytes) -> None:
    location = ask("/data/frozen@1/large", range=f"bytes={span}").headers["location"]
    told = subprocess.run(["curl", "-s", "-r", span, location], capture_output=True, check=True)
    assert told.stdout == expected


def test_a_name_with_everything_in_it_is_found(ask: Ask) -> None:
    location = ask("/data/frozen@1/odd/a%20b%23c%3Fd%25%C3%A9.txt").headers["location"]
    with urlopen(location) as found:
        assert found.read() == b"odd"


def test_what_is_not_there_is_the_buckets_to_say(ask: Ask) -> None:
    location = ask("/data/frozen@1/c/9/9/9").headers["location"]
    told = subprocess.run(["curl", "-s", location], capture_output=True, check=True)
    assert b"<Code>NoSuchKey</Code>" in told.stdout


def test_the_address_of_an_open_bucket_is_plain(open_bucket: Root) -> None:
    ask = ask_over(open_bucket)
    reply = ask("/data/frozen@1/small")
    assert reply.headers["location"] == f"{open_bucket.redirect}/own/cells/1/small"
    assert reply.headers["cache-control"] == "private, max-age=3600"
    with urlopen(reply.headers["location"]) as found:
        assert found.read() == SMALL


def test_an_open_bucket_is_not_named_to_those_who_may_see_what_is_not_public(open_bucket: Root) -> None:
    """Its address would never end."""
    reply = ask_over(open_bucket)("/data/secret@1/small", authorization=f"Bearer {TOKEN.decode()}")
    assert (reply.status, reply.body) == (200, SMALL)


def test_strangers_are_sent_nowhere(ask: Ask) -> None:
    assert ask("/data/secret@1/small").status == 404
    assert ask("/data/secret@1/small", authorization="Bearer wrong").status == 401
    for address in (f"/data/~{TOKEN.decode()}/secret@1/small", "/data/secret@1/small"):
        reply = ask(address, authorization=f"Bearer {TOKEN.decode()}")
        assert (reply.status, reply.headers["cache-control"]) == (302, "private, no-store")
        assert TOKEN.decode() not in reply.headers["location"]


def test_who_does_not_follow_is_answered_by_the_portal(ask: Ask) -> None:
    reply = ask("/data/frozen@1/small", user_agent="tensorstore/0.1.86 libcurl/8.20.0")
    assert (reply.status, reply.body) == (200, SMALL)


def test_folders_are_listed_by_the_portal(ask: Ask) -> None:
    assert ask("/data/frozen@1/odd/", accept="application/json").status == 200


def test_addresses_repeat_so_that_caches_know_them_and_never_run_out_at_once() -> None:
    addresses, shortest_s = set(), float("inf")
    for second in range(0, 2 * WINDOW_S, 7):
        now_s = NOW_S + second
        found = find_elsewhere(ROOT, "p/chunk", "GET", now_s, private=False)
        assert found is not None
        assert found.seconds is not None
        addresses.add(found.address)
        query = {name: values[0] for name, values in parse_qs(urlsplit(found.address).query).items()}
        signed = time.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        rest_s = time.mktime((*signed[:8], 0)) - time.timezone + int(query["X-Amz-Expires"]) - now_s
        assert 0 < found.seconds <= WINDOW_S
        assert rest_s >= found.seconds + WINDOW_S - 1, "who remembers the address as long as told can still use it"
        shortest_s = min(shortest_s, rest_s)
    assert len(addresses) in (2, 3)
    assert shortest_s >= WINDOW_S


@pytest.mark.parametrize(
    ("root", "private", "sent"),
    [
        (ROOT, False, True),
        (ROOT, True, True),
        (OPEN, False, True),
        (OPEN, True, False),
        (replace(ROOT, redirect=""), False, False),
        (replace(OPEN, redirect=""), False, False),
    ],
)
def test_who_is_sent(root: Root, private: bool, sent: bool) -> None:
    assert (find_elsewhere(root, "p/chunk", "GET", NOW_S, private=private) is not None) == sent


@pytest.mark.parametrize(
    ("root", "path", "now_s", "caching"),
    [
        (ROOT, b"/data/frozen@1/chunk", WINDOW_S * 1000.0 + 100, b"private, max-age=200"),
        (ROOT, b"/data/frozen@1/chunk", WINDOW_S * 1001.0 - 0.5, b"private, max-age=0"),
        (ROOT, b"/data/frozen/chunk", NOW_S, b"no-cache"),  # tomorrow another version's
        (OPEN, b"/data/frozen@1/chunk", NOW_S, b"private, max-age=3600"),
        (OPEN, b"/data/frozen/chunk", NOW_S, b"no-cache"),
    ],
)
def test_where_one_was_sent_is_remembered_no_longer_than_it_counts(
    root: Root, path: bytes, now_s: float, caching: bytes
) -> None:
    answered = answer(Request("GET", path), snapshot_over(root), now_s)
    assert isinstance(answered, Answer)
    assert dict(answered.headers)[b"cache-control"] == caching


def test_no_secret_is_in_an_address() -> None:
    answered = answer(Request("GET", b"/data/frozen@1/chunk"), snapshot_over(ROOT), NOW_S)
    assert isinstance(answered, Answer)
    assert dict(answered.headers)[b"location"].startswith(b"https://cells.example/p/own/cells/1/chunk?")
    assert "hidden" not in repr(answered)


@pytest.fixture
def front(filled_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """nginx before a portal that sends clients to the bucket."""
    monkeypatch.setenv("CISTERNA_TEST_PLANE_REDIRECT", filled_bucket)
    place_published(snapshot_of(filled_bucket), PublishedTree(tmp_path / "published"))
    (tmp_path / "nginx").mkdir()
    with (
        served_over(filled_bucket) as portal,
        nginx_in_front(tmp_path / "nginx", home=tmp_path, application_port=portal.port) as nginx,
        over_socket(nginx.port) as ask,
    ):
        yield ask


def test_nginx_passes_redirects_on_and_keeps_none(front: Ask) -> None:
    """What it has once fetched for who does not follow it keeps, and gives to everybody."""
    for _ in range(2):
        for method, headers in (("GET", {"range": "bytes=1-3"}), ("GET", {}), ("HEAD", {})):
            reply = front("/data/frozen@1/small", method, **headers)
            assert (reply.status, "location" in reply.headers) == (302, True)
    for _ in range(2):
        reply = front("/data/frozen@1/small", range="bytes=1-3", user_agent="tensorstore/0.1.86")
        assert (reply.status, reply.body) == (206, SMALL[1:4])
