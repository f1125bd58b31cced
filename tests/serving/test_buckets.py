"""The data plane over a bucket on a real S3 server: how it asks, and what it says when the bucket is in trouble."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.serving.asgi import DataPlane
from datasets.serving.snapshot import Dataset, Snapshot, Snapshots, Version, Visibility
from datasets.storage.buckets import bucket_of
from datasets.storage.mounts import Mount
from datasets.storage.roots import Root
from tests.s3_proxy import Proxy, proxy_before, silent_endpoint
from tests.s3_server import S3Server
from tests.serving.conftest import LARGE, SMALL
from tests.serving.plane import behind
from tests.serving.test_core import PATHS
from tests.serving.test_streaming import eventually, received, started
from tests.serving.transports import Ask, Server, in_process, over_socket, problem, served_over

MIB = 1 << 20
HUGE = b"\x5a" * 48 * MIB


def plane_over(root: Root) -> DataPlane:
    """The root's ``own/cells/1`` as the public dataset ``frozen``."""
    mount = Mount("", bucket_of(root), "own/cells/1", immutable=True)
    snapshot = Snapshot.of([Dataset("frozen", Visibility.PUBLIC, (Version(1, (mount,)),))])
    return DataPlane(behind, Snapshots(lambda: snapshot, lambda: 1))


@contextmanager
def lying_at(s3: Any, key: str, content: bytes) -> Iterator[None]:
    """An object in the bucket of all, where others list what lies there: gone again at the end."""
    s3.put_object(Bucket="plane", Key=key, Body=content)
    try:
        yield
    finally:
        s3.delete_object(Bucket="plane", Key=key)


@pytest.fixture
def proxy(s3_server: S3Server, filled_bucket: str) -> Iterator[Proxy]:
    with proxy_before(s3_server.port) as proxy:
        yield proxy


@pytest.fixture
def ask_proxy(s3_server: S3Server, proxy: Proxy) -> Ask:
    return in_process(plane_over(s3_server.root("s3://plane", endpoint=proxy.endpoint)))


class TestRequests:
    @pytest.mark.parametrize("headers", [{}, {"range": "bytes=2-5"}, {"range": "bytes=3-"}, {"range": "bytes=-4"}])
    def test_of_the_bucket_are_one_for_the_whole_or_a_part(
        self, ask_proxy: Ask, proxy: Proxy, headers: dict[str, str]
    ) -> None:
        assert ask_proxy("/data/frozen/small", **headers).status in (200, 206)
        assert proxy.requests == ["GET /plane/own/cells/1/small"]

    def test_move_no_bytes_for_a_head_or_what_has_not_changed(self, ask_proxy: Ask, proxy: Proxy) -> None:
        etag = ask_proxy("/data/frozen/large", "HEAD").headers["etag"]
        assert ask_proxy("/data/frozen/large", if_none_match=etag).status == 304
        assert proxy.requests == ["HEAD /plane/own/cells/1/large"] * 2

    def test_for_absent_chunks_are_one_each_while_the_mount_is_known_to_be_there(
        self, ask_proxy: Ask, proxy: Proxy
    ) -> None:
        for number in range(10):
            assert ask_proxy(f"/data/frozen/c/{number}/9/9").status == 404
        assert [r for r in proxy.requests if "list-type" not in r] == [
            f"GET /plane/own/cells/1/c/{number}/9/9" for number in range(10)
        ]
        assert len([r for r in proxy.requests if "list-type" in r]) == 1

    def test_for_a_folder_are_as_many_as_its_pages(self, ask_proxy: Ask, proxy: Proxy) -> None:
        names = json.loads(ask_proxy("/data/frozen/many/", accept="application/json").body)["results"]
        assert len(names) == 5000
        assert len(proxy.requests) <= 7
        proxy.requests.clear()
        assert "many/" in json.loads(ask_proxy("/data/frozen/", accept="application/json").body)["results"]
        assert len(proxy.requests) <= 2, "what lies in the folders is not listed"

    def test_never_leave_the_mount(self, ask_proxy: Ask, proxy: Proxy) -> None:
        for key in ("../2/x", "%2e%2e/x", "..%2fx", "/x", "a//x", "\\..\\x"):
            assert ask_proxy(f"/data/frozen/{key}").status == 400
        assert proxy.requests == []


@given(st.sampled_from(["small", "large", "empty"]), st.integers(-30, 2**22), st.integers(0, 2**22), st.booleans())
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_range_is_that_slice_of_the_bytes(
    s3_server: S3Server, filled_bucket: str, key: str, first: int, length: int, is_open: bool
) -> None:
    ask = in_process(plane_over(s3_server.root("s3://plane")))
    content = {"small": SMALL, "large": LARGE, "empty": b""}[key]
    if first < 0:
        byte_range, part = f"bytes={first}", content[first:]
    elif is_open:
        byte_range, part = f"bytes={first}-", content[first:]
    else:
        byte_range, part = f"bytes={first}-{first + length}", content[first : first + length + 1]
    reply = ask(f"/data/frozen@1/{key}", range=byte_range)
    if not content:
        assert (reply.status, reply.body) == (200, b"")
        return
    if not part:
        assert (reply.status, reply.headers["content-range"]) == (416, f"bytes */{len(content)}")
        return
    start = max(len(content) + first, 0) if first < 0 else first
    assert (reply.status, reply.body) == (206, part)
    assert reply.headers["content-range"] == f"bytes {start}-{start + len(part) - 1}/{len(content)}"
    assert reply.headers["content-length"] == str(len(part))


@given(PATHS | st.text("./%2eEfF\\~@ab1", max_size=30))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_breaks_the_rules(s3_server: S3Server, filled_bucket: str, path: str) -> None:
    ask = in_process(plane_over(s3_server.root("s3://plane")))
    reply = ask(f"/data/frozen@1/{path}")
    assert reply.status in (200, 400, 404)
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.body != b"outside"


def test_the_tag_is_the_buckets_own(s3_server: S3Server, s3: Any, filled_bucket: str) -> None:
    ask = in_process(plane_over(s3_server.root("s3://plane")))
    stored = s3.head_object(Bucket="plane", Key="own/cells/1/large")
    reply = ask("/data/frozen/large", "HEAD")
    assert reply.headers["etag"] == stored["ETag"]
    assert reply.headers["last-modified"] == stored["ResponseMetadata"]["HTTPHeaders"]["last-modified"]


class TestTrouble:
    PATHS = ("small", "large", "absent", "", "c/")

    def expect(self, ask: Ask, slug: str, paths: tuple[str, ...] = PATHS) -> None:
        for path in paths:
            for headers in ({}, {"range": "bytes=0-1"}, {"if_none_match": '"x"'}):
                reply = ask(f"/data/frozen@1/{path}", **headers)
                assert reply.status == 503, path
                assert int(reply.headers["retry-after"]) > 0
                problem(reply, slug)
            head = ask(f"/data/frozen@1/{path}", "HEAD")
            assert (head.status, head.body) == (503, b"")

    def test_a_refused_connection(self, s3_server: S3Server) -> None:
        root = s3_server.root("s3://plane", endpoint="http://127.0.0.1:1")
        self.expect(in_process(plane_over(root)), "storage-unreachable")

    def test_a_server_that_never_answers(self, s3_server: S3Server) -> None:
        with silent_endpoint() as endpoint:
            ask = in_process(plane_over(s3_server.root("s3://plane", endpoint=endpoint)))
            problem(ask("/data/frozen/small"), "storage-timeout")
            problem(ask("/data/frozen/"), "storage-timeout")

    def test_a_server_that_never_answers_holds_up_nobody_else(self, s3_server: S3Server, filled_bucket: str) -> None:
        with silent_endpoint() as endpoint:
            dead = plane_over(s3_server.root("s3://plane", endpoint=endpoint))
            quick = plane_over(s3_server.root("s3://plane"))

            async def both() -> list[str]:
                finished: list[str] = []

                async def note(name: str, plane: DataPlane) -> None:
                    await _get(plane, "/data/frozen/small")
                    finished.append(name)

                await asyncio.gather(*(note("dead", dead) for _ in range(100)), note("quick", quick))
                return finished

            assert asyncio.run(both())[0] == "quick"

    def test_a_wrong_secret(self, s3_server: S3Server, filled_bucket: str) -> None:
        self.expect(in_process(plane_over(s3_server.root("s3://plane", secret="x"))), "storage-credentials-refused")
        declared = s3_server.root("s3://plane", secret="x", forbidden_means_absent=True)
        self.expect(in_process(plane_over(declared)), "storage-credentials-refused")

    def test_a_bucket_deleted_while_it_is_served(self, s3_server: S3Server, s3: Any) -> None:
        ask = in_process(plane_over(s3_server.root("s3://deleted")))
        s3.create_bucket(Bucket="deleted")
        s3.put_object(Bucket="deleted", Key="own/cells/1/small", Body=SMALL)
        assert ask("/data/frozen/small").body == SMALL
        assert ask("/data/frozen/absent").status == 404
        s3.delete_object(Bucket="deleted", Key="own/cells/1/small")
        s3.delete_bucket(Bucket="deleted")
        self.expect(ask, "bucket-missing")
        s3.create_bucket(Bucket="deleted")
        s3.put_object(Bucket="deleted", Key="own/cells/1/small", Body=SMALL)
        assert ask("/data/frozen/small").body == SMALL

    def test_a_mount_whose_objects_are_gone(self, s3_server: S3Server, s3: Any) -> None:
        s3.create_bucket(Bucket="emptied")
        ask = in_process(plane_over(s3_server.root("s3://emptied")))
        self.expect(ask, "storage-unavailable")

    def test_a_bucket_that_hides_what_is_absent(self, s3_server: S3Server, s3: Any) -> None:
        s3.create_bucket(Bucket="hidden")
        s3.put_object(Bucket="hidden", Key="own/cells/1/small", Body=SMALL)
        allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::hidden/*"}
        s3.put_bucket_policy(Bucket="hidden", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
        anonymous: dict[str, Any] = {"anonymous": True, "key": "", "secret": ""}
        ask = in_process(plane_over(s3_server.root("s3://hidden", **anonymous)))
        assert ask("/data/frozen/small").body == SMALL
        self.expect(ask, "storage-forbidden", ("absent", "", "c/"))
        declared = in_process(plane_over(s3_server.root("s3://hidden", **anonymous, forbidden_means_absent=True)))
        assert declared("/data/frozen/small").body == SMALL
        for path in ("absent", "c/0"):
            for method in ("GET", "HEAD"):
                assert declared(f"/data/frozen/{path}", method).status == 404
        problem(declared("/data/frozen/"), "storage-forbidden")

    def test_an_answer_that_breaks_off_is_no_200(self, ask_proxy: Ask, proxy: Proxy, s3: Any) -> None:
        """Small bodies are read before the status is chosen. Each new attempt of the client is cut as well."""
        with lying_at(s3, "own/cells/1/breaks", bytes(MIB - 1)):
            proxy.cut_after_bytes = 10_000
            assert ask_proxy("/data/frozen/breaks").status == 503

    def test_a_body_that_stalls_is_given_up(self, ask_proxy: Ask, proxy: Proxy) -> None:
        assert ask_proxy("/data/frozen/small").status == 200
        proxy.stalled.set()
        problem(ask_proxy("/data/frozen/small"), "storage-timeout")


async def _get(plane: DataPlane, path: str) -> int:
    statuses: list[int] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {"type": "http", "method": "GET", "raw_path": path.encode(), "query_string": b"", "headers": []}
    await plane(scope, receive, send)
    return statuses[0]


class TestStreaming:
    @pytest.fixture
    def server(self, s3: Any, filled_bucket: str, servers: dict[str, Server]) -> Iterator[Server]:
        with lying_at(s3, "own/cells/1/huge", HUGE):
            yield servers[filled_bucket]

    def test_slow_readers_hold_little_memory_and_delay_nobody(self, server: Server) -> None:
        before = server.resident_bytes()
        clients = [started(server, "huge") for _ in range(16)]
        opened = [client.__enter__() for client in clients]
        try:
            with over_socket(server.port) as ask:
                for _ in range(50):
                    assert ask("/data/frozen@1/small").body == SMALL
            assert server.resident_bytes() - before < 150 * MIB  # 16 whole bodies would be 768 MiB
        finally:
            for client, context in zip(opened, clients, strict=True):
                client.close()
                context.__exit__(None, None, None)

    def test_a_large_object_comes_whole(self, server: Server) -> None:
        with over_socket(server.port) as ask:
            assert ask("/data/frozen@1/huge").body == HUGE
            assert ask("/data/frozen@1/huge", range="bytes=1000000-40000000").body == HUGE[1000000:40000001]

    def test_a_client_that_goes_away_ends_the_transfer(self, server: Server) -> None:
        with over_socket(server.port) as ask:
            ask("/data/frozen@1/small")
        before = server.open_descriptors()
        for _ in range(5):
            with started(server, "huge"):
                pass
        assert eventually(lambda: server.open_descriptors() <= before + 1)

    def test_a_connection_that_breaks_is_taken_up_where_it_broke(
        self, server: Server, ask_proxy: Ask, proxy: Proxy
    ) -> None:
        proxy.cut_after_bytes = 20 * MIB
        assert ask_proxy("/data/frozen@1/huge").body == HUGE
        assert len(proxy.requests) == 8 + 2  # parts of 2, 4, and then 8 MiB; two of them in two pieces

    def test_a_bucket_that_falls_silent_cuts_the_connection(self, server: Server, proxy: Proxy) -> None:
        """The head is out by then: what remains is never to look complete."""
        with served_over(f"{proxy.endpoint}/plane") as silent, started(silent, "huge") as client:
            proxy.stalled.set()
            client.settimeout(60)
            assert received(client) < len(HUGE)

    def test_a_server_killed_in_the_middle_is_an_error_and_then_comes_back(
        self, server: Server, s3_server: S3Server
    ) -> None:
        with started(server, "huge") as client:
            s3_server.stop_gateway(signal.SIGKILL)
            try:
                client.settimeout(60)
                assert received(client) < len(HUGE)  # and the connection was closed, or this would time out
                with over_socket(server.port) as ask:
                    for path in ("small", "absent", ""):
                        problem(ask(f"/data/frozen@1/{path}"), "storage-unreachable")
            finally:
                s3_server.start_gateway()
        with over_socket(server.port) as ask:
            assert eventually(lambda: ask("/data/frozen@1/small").status == 200)
            assert ask("/data/frozen@1/small").body == SMALL
            assert ask("/data/frozen@1/absent").status == 404
