"""Asking for sources: what a server says is told apart, and nobody is asked who is not allowed."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from datasets.storage.reachability import Folder, Reach, reach_folders
from tests.ports import free_port


class Server(ThreadingHTTPServer):
    """Answers by path, and knows what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.ends = threading.Event()
        self.origin = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """200, the status that the path begins with, a redirect, a page, or nothing at all."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        kind, _, rest = self.path[1:].partition("/")
        if kind == "silent":
            self.server.ends.wait(20)
            return
        place = rest.rpartition("/")[0] if kind == "to" else ""
        status = 307 if place else 200
        if kind == "group" and not self.path.endswith(".zgroup"):
            status = 403
        if kind.isdigit():
            status = int(kind)
        self.send_response(status)
        if place:
            self.send_header("Location", "/" + place if not place.startswith("http") else place)
        body = b"<!doctype html>" if kind == "page" else b' {"zarr_format": 2}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.ends.set()
    running.shutdown()
    running.server_close()
    thread.join()


def test_what_a_server_says_is_told_apart(server: Server) -> None:
    documents = ("zarr.json", ".zgroup", ".zarray")
    expected = {
        "fine/": Reach.REACHABLE,
        "group/": Reach.REACHABLE,
        "404/": Reach.ABSENT,
        "410/": Reach.ABSENT,
        "403/": Reach.REFUSED,
        "401/": Reach.REFUSED,
        "500/": Reach.UNREACHABLE,
        "503/": Reach.UNREACHABLE,
        "429/": Reach.UNREACHABLE,
        "302/": Reach.UNREACHABLE,
        "page/": Reach.UNREACHABLE,
        "silent/": Reach.UNREACHABLE,
        "to/fine/x/": Reach.REACHABLE,
        "to/404/x/": Reach.ABSENT,
        "to/to/to/to/to/fine/x/x/x/x/x/x/": Reach.UNREACHABLE,
        f"to/http://localhost:{server.server_port}/fine/": Reach.NOT_ALLOWED,
    }
    folders = [Folder(f"{server.origin}/{path}", documents) for path in expected]
    found = reach_folders(folders, allows=lambda url: url.startswith(server.origin), timeout_s=2)
    assert {path: reached.state for path, reached in zip(expected, found, strict=True)} == expected
    assert all(reached.detail for reached in found if reached.state != Reach.REACHABLE)


def test_a_server_that_is_not_there_is_never_absent() -> None:
    (reached,) = reach_folders([Folder(f"http://127.0.0.1:{free_port()}/a/", ("info",))], allows=lambda url: True)
    assert reached.state == Reach.UNREACHABLE


def test_nobody_is_asked_who_is_not_allowed(server: Server) -> None:
    (barred,) = reach_folders([Folder(f"{server.origin}/fine/", ("info",))], allows=lambda url: False)
    assert barred.state == Reach.NOT_ALLOWED
    assert server.asked == []


def test_a_name_that_leads_to_a_private_address_is_not_asked(server: Server) -> None:
    folder = Folder(f"http://localhost:{server.server_port}/fine/", ("info",))
    (reached,) = reach_folders([folder], allows=lambda url: urlsplit(url).hostname == "localhost")
    assert reached == (Reach.NOT_ALLOWED, "Its name leads to a private address")
    assert server.asked == []
