"""kill -9 in the middle of downloads: clients get an error or take up where they were, never wrong bytes, and what died
is back without a restart of what lived. A longer run is in tests/soak/kills.py."""

import contextlib
import http.client
import os
import random
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.ports import free_port
from tests.s3_proxy import Proxy, proxy_before
from tests.s3_server import S3Server
from tests.serving.kills import (
    CUT_OFF,
    DRAFT,
    HUGE,
    MIB,
    PUBLIC,
    SECRET,
    Arrangement,
    Process,
    Seen,
    answers,
    bucket,
    children,
    curl,
    download_through_kills,
    front,
    kill_at,
    nginx_worker,
    only_process,
    portal_behind_nginx,
    process_of_two,
    read_through_a_kill,
    write_objects,
)
from tests.serving.test_streaming import eventually
from tests.serving.transports import over_socket, problem

SEED = 20261125


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("kills")
    for each in (folder, *folder.parents[:2]):
        each.chmod(0o755)  # nginx's workers are another user's
    write_objects(folder)
    return str(folder)


@pytest.fixture(scope="module")
def filled(place: str, s3: Any) -> str:
    """The same in a bucket; its name."""
    s3.create_bucket(Bucket="kills")
    for path in Path(place).rglob("*"):
        if path.is_file() and "draft" not in path.parts:
            s3.put_object(Bucket="kills", Key=str(path.relative_to(place)), Body=path.read_bytes())
    return "kills"


@pytest.fixture(scope="module")
def before_bucket(s3_server: S3Server) -> Iterator[Proxy]:
    with proxy_before(s3_server.port) as proxy:
        yield proxy


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(f"{SEED} {request.node.name}")


ON_FOLDERS = {
    "one process of two": lambda place: process_of_two(place, random.Random(SEED)),
    "the only process": only_process,
    "nginx workers": nginx_worker,
    "the portal behind nginx": portal_behind_nginx,
}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=[pytest.mark.nginx] if "nginx" in name else [], id=name.replace(" ", "-"))
        for name in ON_FOLDERS
    ],
)
def on_folder(request: pytest.FixtureRequest, place: str) -> Iterator[Arrangement]:
    with ON_FOLDERS[request.param](place) as arrangement:
        yield arrangement


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(False, marks=pytest.mark.s3_server, id="embedded"),
        pytest.param(True, marks=[pytest.mark.s3_server, pytest.mark.nginx], id="nginx-in-front"),
    ],
)
def on_bucket(
    request: pytest.FixtureRequest, s3_server: S3Server, before_bucket: Proxy, filled: str
) -> Iterator[Arrangement]:
    with bucket(s3_server, before_bucket, filled, behind_nginx=request.param) as arrangement:
        yield arrangement


class TestServers:
    """What serves is killed; what it reads is there."""

    def test_curl(self, on_folder: Arrangement, tmp_path: Path, chance: random.Random) -> None:
        download_through_kills(on_folder, tmp_path, chance, Seen())

    @pytest.mark.parametrize("reader", ["tensorstore", "zarr"])
    def test_readers_of_arrays(self, on_folder: Arrangement, reader: str, chance: random.Random) -> None:
        read_through_a_kill(on_folder, reader, chance, Seen())

    def test_a_head_of_which_half_was_sent(self, on_folder: Arrangement) -> None:
        half = b"GET /data/%b/array/zarr.json HTTP/1.1\r\nHost: x\r\n" % on_folder.dataset.encode()
        with connected(on_folder) as client:
            # Before the kill the connection must be somebody's, or whoever comes next takes it.
            client.sendall(half + b"\r\n")
            with contextlib.closing(http.client.HTTPResponse(client)) as answer:
                answer.begin()
                assert answer.read()
            client.sendall(half)
            kill_all(on_folder)
            with contextlib.suppress(OSError):
                client.sendall(b"\r\n")
            assert answer_of(client).startswith(without_answer(on_folder))
        on_folder.revive()
        assert on_folder.answers_again()

    def test_a_connection_between_two_requests(self, on_folder: Arrangement) -> None:
        path = f"/data/{on_folder.dataset}/array/zarr.json"
        assert on_folder.answers_again()
        with over_socket(on_folder.port) as ask:
            assert ask(path).status == 200
            kill_all(on_folder)
            try:
                answer = b"HTTP/1.1 %d " % ask(path).status
            except ConnectionError:
                answer = b"ended"
            assert answer == without_answer(on_folder)
        on_folder.revive()
        assert on_folder.answers_again()


def connected(arrangement: Arrangement) -> socket.socket:
    assert arrangement.answers_again()
    return socket.create_connection(("127.0.0.1", arrangement.port), 30)


def kill_all(arrangement: Arrangement) -> None:
    arrangement.kill()
    arrangement.kill_all()


def answer_of(client: socket.socket) -> bytes:
    """Its beginning; a word of its own where the connection has ended without any."""
    try:
        return client.recv(65536) or b"ended"
    except (ConnectionResetError, BrokenPipeError):
        return b"ended"


def without_answer(arrangement: Arrangement) -> bytes:
    """What a client gets: only where nginx lives there is anybody to say something."""
    return b"HTTP/1.1 503 " if arrangement.dataset == DRAFT else b"ended"


class TestProcesses:
    @pytest.fixture
    def server(self, place: str) -> Iterator[Process]:
        server = Process(place, processes=2)
        server.start()
        yield server
        server.stop()

    def test_the_other_answers_and_the_dead_one_is_replaced(self, server: Process) -> None:
        assert eventually(lambda: len(children(server.pid)) == 2)
        killed, other = children(server.pid)
        os.kill(killed, signal.SIGKILL)
        for _ in range(20):
            assert answers(server.port, f"/data/{PUBLIC}/array/zarr.json", 200)
        assert eventually(lambda: len({other, *children(server.pid)} - {killed}) == 2 and other in children(server.pid))
        os.kill(other, signal.SIGKILL)
        assert eventually(lambda: answers(server.port, f"/data/{PUBLIC}/array/zarr.json", 200), 30)

    def test_without_the_one_that_replaces_them_none_keeps_the_port(self, server: Process) -> None:
        assert eventually(lambda: answers(server.port, "/", 418))
        workers = children(server.pid)
        server.kill()
        assert eventually(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers), 20)
        server.start()
        assert answers(server.port, f"/data/{PUBLIC}/array/zarr.json", 200)


@pytest.mark.nginx
class TestBehindNginx:
    def test_what_nginx_reads_itself_is_not_harmed_by_the_portals_death(self, place: str, tmp_path: Path) -> None:
        with only_process(place) as behind, front(place, behind.port) as nginx:
            for dataset in (PUBLIC, SECRET):
                place_of_it = tmp_path / dataset.rpartition("/")[2]
                going = curl(f"http://127.0.0.1:{nginx.port}/data/{dataset}/huge", place_of_it)
                kill_at(place_of_it, 4 * MIB, behind.kill)
                assert going.wait(60) == 0
                assert place_of_it.read_bytes() == HUGE
                behind.revive()

    def test_a_portal_that_is_gone_is_trouble_that_any_page_may_read(self, place: str) -> None:
        """Not 502 without CORS, which a viewer on another site would take for absent."""
        with front(place, free_port()) as nginx, over_socket(nginx.port) as ask:
            for dataset in (DRAFT, SECRET, "cells"):
                for key in ("huge", "absent", ""):
                    reply = ask(f"/data/{dataset}/{key}")
                    assert reply.status == 503
                    problem(reply, "portal-unreachable")
                    assert int(reply.headers["retry-after"]) > 0
                    assert ask(f"/data/{dataset}/{key}", "HEAD").status == 503

    def test_clients_of_s3_are_told_so_in_their_words(self, place: str) -> None:
        with front(place, free_port()) as nginx, over_socket(nginx.port) as ask:
            reply = ask("/s3/frozen.v1/small")
            assert (reply.status, reply.headers["content-type"]) == (503, "application/xml")
            assert ElementTree.fromstring(reply.body).findtext("Code") == "ServiceUnavailable"


class TestBuckets:
    """The S3 server is killed, and comes back."""

    @pytest.fixture(autouse=True)
    def _as_it_was(self, s3_server: S3Server, before_bucket: Proxy) -> Iterator[None]:
        yield
        before_bucket.bytes_per_s = None
        if not s3_server.has_gateway:
            s3_server.start_gateway()

    def test_curl(self, on_bucket: Arrangement, before_bucket: Proxy, tmp_path: Path, chance: random.Random) -> None:
        before_bucket.bytes_per_s = 16 * MIB  # nginx reads ahead of its client, as fast as it can
        download_through_kills(on_bucket, tmp_path, chance, Seen())

    @pytest.mark.parametrize("reader", ["tensorstore", "zarr"])
    def test_readers_of_arrays(
        self, on_bucket: Arrangement, before_bucket: Proxy, reader: str, chance: random.Random
    ) -> None:
        read_through_a_kill(on_bucket, reader, chance, Seen(), paced=before_bucket)


@pytest.mark.nginx
@pytest.mark.s3_server
class TestWhatNginxKeeps:
    """Of a bucket, each object and each part that was asked for: none that broke off."""

    @pytest.fixture
    def cut_into(self, before_bucket: Proxy, filled: str) -> Iterator[tuple[Proxy, int]]:
        """What is between nginx and the portal, and nginx's port."""
        place = f"{before_bucket.endpoint}/{filled}"
        with ExitStack() as running:
            behind = running.enter_context(only_process(place))
            proxy = running.enter_context(proxy_before(behind.port))
            yield proxy, running.enter_context(front(place, proxy.port)).port

    @pytest.mark.parametrize("cut_after_bytes", [100, 300_000, 2 * MIB + 500_000])
    @pytest.mark.parametrize("start", [0, 40 * MIB])
    def test_is_whole(self, cut_into: tuple[Proxy, int], tmp_path: Path, cut_after_bytes: int, start: int) -> None:
        proxy, port = cut_into
        wanted, part = HUGE[start:], ("--range", f"{start}-") if start else ()

        def download() -> tuple[int, bytes]:
            (tmp_path / "huge").unlink(missing_ok=True)
            code = curl(
                f"http://127.0.0.1:{port}/data/{PUBLIC}/huge", tmp_path / "huge", "--limit-rate", "0", *part
            ).wait(60)
            return code, (tmp_path / "huge").read_bytes() if (tmp_path / "huge").exists() else b""

        proxy.cut_after_bytes = cut_after_bytes
        code, got = download()
        assert code in ((22,) if cut_after_bytes < 1000 else CUT_OFF)  # 22: a status of 400 or more
        assert len(got) < len(wanted)
        assert wanted.startswith(got)
        proxy.cut_after_bytes = None
        assert download() == (0, wanted)
        before = len(proxy.requests)
        assert download() == (0, wanted)
        assert len(proxy.requests) == before, "nothing was kept: this proves nothing"
