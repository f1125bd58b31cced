"""One connection of the real server, byte by byte: order, keeping alive, heads that are too long or never end."""

import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from datasets.serving import protocol
from tests.serving.conftest import LARGE, SMALL
from tests.serving.test_streaming import eventually
from tests.serving.transports import Server, open_files, served_over

CHUNK = b"GET /data/frozen@1/small HTTP/1.1\r\nHost: here\r\n\r\n"
LISTING = b"GET /data/frozen@1/odd/ HTTP/1.1\r\nHost: here\r\n\r\n"
BEHIND = b"GET /elsewhere HTTP/1.1\r\nHost: here\r\n\r\n"
WHOLE = b"GET /data/frozen@1/large HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.fixture
def server(folder: Path, servers: dict[str, Server]) -> Server:
    return servers[str(folder)]


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        yield connection


def read_replies(connection: socket.socket, count: int) -> list[tuple[int, bytes]]:
    """Status and body of so many replies with a Content-Length."""
    replies, received = [], b""
    while len(replies) < count:
        head, end, rest = received.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
        if end and b"transfer-encoding: chunked" in head.lower():
            length = rest.find(b"0\r\n\r\n") + 5 if b"0\r\n\r\n" in rest else len(rest) + 1
        if end and len(rest) >= length:
            replies.append((int(lines[0].split()[1]), rest[:length]))
            received = rest[length:]
            continue
        part = connection.recv(1 << 20)
        assert part, f"closed after {len(replies)} replies"
        received += part
    assert not received or received.startswith(b"HTTP/1.1 400 ")
    return replies


def closes(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_requests_sent_at_once_are_answered_in_their_order(server: Server) -> None:
    """Answers at once, from a thread, streamed, and from behind the data plane, mixed."""
    with connected(server) as connection:
        connection.sendall(CHUNK + LISTING + CHUNK + BEHIND + WHOLE + CHUNK)
        replies = read_replies(connection, 6)
    assert [status for status, _ in replies] == [200, 200, 200, 418, 200, 200]
    assert [body for _, body in replies][::2] == [SMALL, SMALL, LARGE]
    assert replies[5][1] == SMALL


def test_requests_sent_together_are_no_long_head(server: Server) -> None:
    """More in one piece than a head may have, and the last one cut in two."""
    long = CHUNK.replace(b"\r\n\r\n", b"\r\nX-Padding: " + b"x" * 9000 + b"\r\n\r\n")
    assert 20 * len(long) > protocol.MAX_HEAD_BYTES
    with connected(server) as connection:
        for _ in range(10):
            connection.sendall(long * 20 + CHUNK[:20])
            time.sleep(0.01)
            connection.sendall(CHUNK[20:])
            assert read_replies(connection, 21) == [(200, SMALL)] * 21


def test_a_head_that_comes_letter_by_letter_is_a_head(server: Server) -> None:
    with connected(server) as connection:
        for letter in CHUNK:
            connection.sendall(bytes([letter]))
        assert read_replies(connection, 1) == [(200, SMALL)]
        connection.sendall(CHUNK)
        assert read_replies(connection, 1) == [(200, SMALL)]


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET /data/frozen@1/small HTTP/1.0\r\n\r\n",
        b"GET /data/frozen@1/small HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n",
    ],
)
def test_who_asks_for_one_answer_gets_it_and_an_end(server: Server, request_text: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(request_text)
        assert read_replies(connection, 1) == [(200, SMALL)]
        assert closes(connection)


def test_a_body_that_comes_with_a_get_is_no_second_request(server: Server) -> None:
    with connected(server) as connection:
        connection.sendall(CHUNK.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\nGET /") + CHUNK)
        assert read_replies(connection, 2) == [(200, SMALL), (200, SMALL)]


def test_heads_that_repeat_are_answered_by_what_differs(server: Server) -> None:
    with connected(server) as connection:
        for span in (b"", b"Range: bytes=1-3\r\n", b"range: bytes=-2\r\n", b"Range: bytes=99999-\r\n", b""):
            for _ in range(2):
                connection.sendall(CHUNK.replace(b"Host", span + b"Host"))
                status, body = read_replies(connection, 1)[0]
                expected = {b"": (200, SMALL), b"R": (206, SMALL[1:4]), b"r": (206, SMALL[-2:])}
                assert (status, body) == expected[span[:1]] if b"9" not in span else status == 416
        for status, key in ((404, b"none"), (400, b"a//b"), (400, b"%2e%2e/x"), (200, b"small")):
            connection.sendall(CHUNK.replace(b"small", key))
            assert read_replies(connection, 1)[0][0] == status


def test_a_body_that_looks_like_a_known_head_is_a_body(server: Server) -> None:
    with connected(server) as connection:
        for _ in range(2):
            connection.sendall(CHUNK)
            assert read_replies(connection, 1) == [(200, SMALL)]
        connection.sendall(b"POST /elsewhere HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % len(CHUNK))
        assert read_replies(connection, 1)[0][0] == 418  # before its body has come
        connection.sendall(CHUNK)
        time.sleep(0.1)
        connection.sendall(CHUNK.replace(b"small", b"none"))
        assert read_replies(connection, 1)[0][0] == 404


def test_behind_an_upgrade_no_head_is_known(server: Server) -> None:
    """Whether the connection goes on is the parser's to say; no answer is given that it did not ask for."""
    upgrade = CHUNK.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    with connected(server) as connection:
        connection.sendall(CHUNK)
        assert read_replies(connection, 1) == [(200, SMALL)]
        connection.sendall(upgrade)
        assert read_replies(connection, 1)[0] == (200, SMALL)
        connection.sendall(CHUNK)
        assert read_replies(connection, 1)[0] == (200, SMALL)


def test_a_head_without_end_is_cut_off(server: Server) -> None:
    with connected(server) as connection:
        connection.sendall(b"GET /data/frozen@1/small HTTP/1.1\r\n")
        sent_bytes = 0
        with suppress(ConnectionError):
            while sent_bytes < 100 * protocol.MAX_HEAD_BYTES:  # far more than two sockets' buffers hold
                sent_bytes += connection.send(b"X-Padding: " + b"x" * 989 + b"\r\n")
        assert sent_bytes < 100 * protocol.MAX_HEAD_BYTES
        assert closes(connection)


@pytest.mark.parametrize("number_before", [1, 3])
def test_what_is_no_http_changes_no_byte_of_the_answers_before_it(server: Server, number_before: int) -> None:
    with connected(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        connection.sendall(WHOLE * number_before)
        received = connection.recv(1 << 10)  # the answer has begun, and waits for its reader
        connection.sendall(b"\x00no request\r\n\r\n" + CHUNK)
        while part := connection.recv(1 << 20):
            received += part
    for _ in range(number_before):
        head, _, received = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert received[: len(LARGE)] == LARGE
        received = received[len(LARGE) :]
    assert not received or received.startswith(b"HTTP/1.1 400 ")


def test_what_is_no_http_is_refused(server: Server) -> None:
    with connected(server) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")


CHUNK_SIZES = (32_769, 160_000, 1 << 20)


@pytest.fixture(scope="module")
def chunks() -> dict[int, bytes]:
    return {size: random.Random(size).randbytes(size) for size in CHUNK_SIZES}


@pytest.fixture(scope="module")
def chunk_server(tmp_path_factory: pytest.TempPathFactory, chunks: dict[int, bytes]) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("chunks")
    (folder / "own/cells/1/c").mkdir(parents=True)
    (folder / "foreign").mkdir()
    for size, content in chunks.items():
        (folder / f"own/cells/1/c/{size}").write_bytes(content)
    with served_over(str(folder)) as server:
        yield server


class TestChunksSentByTheKernel:
    """From 32 KB to 1 MiB, what is in memory goes from its file to the socket, as far as that takes it."""

    def ask_for(self, size: int, span: bytes = b"") -> bytes:
        return CHUNK.replace(b"small", b"c/%d" % size).replace(b"\r\n\r\n", b"\r\n" + span + b"\r\n", 1)

    @pytest.mark.parametrize("span", [b"", b"Range: bytes=1000-\r\n", b"Range: bytes=-33000\r\n"])
    def test_come_whole_to_a_reader_with_little_room(
        self, chunk_server: Server, chunks: dict[int, bytes], span: bytes
    ) -> None:
        parts = {b"": slice(None), b"Range: bytes=1000-\r\n": slice(1000, None)}
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(10)
            connection.connect(("127.0.0.1", chunk_server.port))
            for size in CHUNK_SIZES:
                for _ in range(2):
                    connection.sendall(self.ask_for(size, span))
                    time.sleep(0.05)
                    expected = chunks[size][parts.get(span, slice(-33_000, None))]
                    assert read_replies(connection, 1) == [(206 if span else 200, expected)]

    def test_come_in_order_when_asked_for_together(self, chunk_server: Server, chunks: dict[int, bytes]) -> None:
        sizes = CHUNK_SIZES * 10
        with connected(chunk_server) as connection:
            connection.sendall(b"".join(self.ask_for(size) for size in sizes))
            replies = read_replies(connection, len(sizes))
        assert [body for _, body in replies] == [chunks[size] for size in sizes]

    def test_leave_no_file_open(self, chunk_server: Server) -> None:
        def open_chunks() -> list[str]:
            return [name for name in open_files(chunk_server.worker_pid) if "/own/cells/1/c/" in name]

        with connected(chunk_server) as connection:
            connection.sendall(self.ask_for(160_000))
            read_replies(connection, 1)
            assert eventually(lambda: open_chunks() == [])
            for _ in range(50):
                connection.sendall(self.ask_for(160_000))
                read_replies(connection, 1)
            assert eventually(lambda: open_chunks() == [])
        for _ in range(20):  # a reader that goes away in the middle
            with connected(chunk_server) as connection:
                connection.sendall(self.ask_for(1 << 20) * 8)
        assert eventually(lambda: open_chunks() == [])
