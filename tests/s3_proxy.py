"""A TCP proxy on loopback in front of a server: counts the requests, and can be slow and fail as networks do."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator

_request_line = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE) \S+ HTTP/1\.1\r\n")


class Proxy:
    """Passes bytes on, both ways. Signatures stay right: they cover the address that the client asked.

    Attributes:
        requests: the request lines that went through.
        cut_after_bytes: after so many bytes of answers a connection is cut; None: never.
        stalled: nothing more is passed on to the client, and nothing is closed.
        bytes_per_s: how fast each connection's answers come; None: as fast as they are there.
        swap: bytes of answers that are replaced by others of the same length.
    """

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.requests: list[str] = []
        self.cut_after_bytes: int | None = None
        self.bytes_per_s: int | None = None
        self.stalled = threading.Event()
        self.swap = (b"", b"")
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket()
                if self.bytes_per_s is not None:  # else much of an answer would wait between the two, already sent
                    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
                try:
                    server.connect(("127.0.0.1", self._upstream))
                except ConnectionRefusedError:
                    client.close()
                    server.close()
                    continue
                self._open += [client, server]
                threading.Thread(target=self._pass_requests, args=(client, server), daemon=True).start()
                threading.Thread(target=self._pass_answers, args=(server, client), daemon=True).start()

    def _pass_requests(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                self.requests += [line.decode().split(" HTTP/")[0] for line in _request_line.findall(data)]
                server.sendall(data)
        _end(server, client)

    def _pass_answers(self, server: socket.socket, client: socket.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := server.recv(min(65536, (self.bytes_per_s or 65536 * 100) // 100)):
                if self.bytes_per_s is not None:
                    time.sleep(len(data) / self.bytes_per_s)
                if self.stalled.is_set():
                    return
                if self.swap[0]:
                    data = data.replace(*self.swap)
                if self.cut_after_bytes is not None and passed + len(data) > self.cut_after_bytes:
                    client.sendall(data[: max(self.cut_after_bytes - passed, 0)])
                    break
                client.sendall(data)
                passed += len(data)
        _end(client, server)


def _end(*connections: socket.socket) -> None:
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def proxy_before(port: int) -> Iterator[Proxy]:
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()


@contextlib.contextmanager
def silent_endpoint() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
