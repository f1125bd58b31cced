"""Clients that hardly read what they asked for, and others that hardly send what they ask, at the same time."""

import random
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from datasets.storage.published_tree import PublishedTree
from datasets.storage.streams import FIRST_BYTES
from tests.nginx import nginx_in_front
from tests.s3_proxy import proxy_before
from tests.s3_server import S3Server
from tests.serving.conftest import place_published
from tests.serving.plane import TOKEN, snapshot_of
from tests.serving.test_streaming import started
from tests.serving.transports import over_socket, served_over

MIB = 1 << 20
HUGE = random.Random(3).randbytes(64 * MIB)
CHUNK = b"\xc3" * 160_000
MOST_BYTES = 200_000_000
EACH = 32


@pytest.fixture(scope="module")
def slow_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slow")
    own = folder / "own/cells/1"
    own.mkdir(parents=True)
    (own / "huge").write_bytes(HUGE)
    (own / "chunk").write_bytes(CHUNK)
    (folder / "foreign").mkdir()
    return folder


@pytest.fixture(scope="module")
def slow_bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="slow")
    for key, content in (("huge", HUGE), ("chunk", CHUNK)):
        s3.put_object(Bucket="slow", Key=f"own/cells/1/{key}", Body=content)
    return f"{s3.meta.endpoint_url}/slow"


@contextmanager
def crowd(port: int, dataset: str, token: str) -> Iterator[None]:
    """``EACH`` readers who have read the first byte, and as many heads of which the end is missing."""
    head = f"GET /data/{dataset}/huge HTTP/1.1\r\nHost: here\r\n{token}"
    with ExitStack() as clients:
        for _ in range(EACH):
            reader = clients.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
            reader.settimeout(60)
            reader.connect(("127.0.0.1", port))
            reader.sendall(f"{head}\r\n".encode())
            assert reader.recv(12) == b"HTTP/1.1 200"
            sender = clients.enter_context(socket.create_connection(("127.0.0.1", port), 60))
            sender.sendall(head.encode())
        yield


@pytest.mark.parametrize(
    ("place", "arrangement"),
    [
        ("slow_folder", "server"),
        pytest.param("slow_folder", "nginx", marks=pytest.mark.nginx),
        pytest.param("slow_folder", "nginx, embargoed", marks=pytest.mark.nginx),
        pytest.param("slow_bucket", "server", marks=pytest.mark.s3_server),
    ],
)
def test_hold_up_nobody_and_little_memory(request: pytest.FixtureRequest, place: str, arrangement: str) -> None:
    where = str(request.getfixturevalue(place))
    dataset = "secret@1" if arrangement.endswith("embargoed") else "frozen@1"
    token = f"Bearer {TOKEN.decode()}"
    with ExitStack() as running:
        server = running.enter_context(served_over(where))
        port = server.port
        if arrangement != "server":
            home = request.getfixturevalue("tmp_path_factory").mktemp("front")
            for each in (home, *home.parents[:2]):
                each.chmod(0o755)
            place_published(snapshot_of(where), PublishedTree(home / "published"))
            folder = home / "nginx"
            folder.mkdir()
            port = running.enter_context(nginx_in_front(folder, home=home, application_port=server.port)).port
        running.enter_context(crowd(port, dataset, f"Authorization: {token}\r\n"))
        for _ in range(3):
            with over_socket(port) as ask:
                for _ in range(20):
                    reply = ask(f"/data/{dataset}/chunk", authorization=token)
                    assert (reply.status, reply.body) == (200, CHUNK)
        assert server.resident_bytes() < MOST_BYTES


@pytest.mark.s3_server
def test_of_an_object_in_a_bucket_only_what_is_read_is_fetched(s3_server: S3Server, slow_bucket: str) -> None:
    with proxy_before(s3_server.port) as proxy, served_over(f"{proxy.endpoint}/slow") as server:
        with started(server, "huge") as client:
            time.sleep(1)
            assert len(proxy.requests) == 1  # for the first part, which is far more than all buffers hold
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MIB)
            rest = b""
            while len(rest) < 4 * FIRST_BYTES:
                rest += client.recv(MIB)
            assert rest in HUGE[: 8 * FIRST_BYTES]
            assert len(proxy.requests) > 1
        with over_socket(server.port) as ask:
            assert ask("/data/frozen@1/huge").body == HUGE
