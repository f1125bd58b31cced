"""The data plane inside the embedded server: what can be answered at once is written to the socket at once.

uvicorn parses HTTP and speaks ASGI with Django. Much of what a chunk costs there is the task and the messages of an
ASGI request, and an object that is in memory needs neither (docs/decisions/0002-data-plane.md has the figures). All
else, large bodies and whatever has to wait, takes uvicorn's own way to the same data plane.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from asyncio.events import TimerHandle
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from datasets.serving import core, s3
from datasets.serving.answers import Answer, FileSlice, header_lines
from datasets.serving.asgi import DataPlane, read_request
from datasets.serving.heads import END, Head, may_repeat, take_apart
from datasets.serving.requests import Request, read_headers
from datasets.serving.traffic import NOWHERE, Caller
from datasets.storage.errors import StorageError, StorageUnavailable

TCP_NOTSENT_LOWAT: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)

AT_ONCE = (core.PREFIX, s3.PREFIX)

MAX_HEAD_BYTES = 64 * 1024
"""The longest request line with its headers."""

MAX_HEAD_S = 20.0
"""How long a client may take to send them."""

UNSENT_BYTES = 256 * 1024
"""How much of an answer the kernel takes beyond what the client is about to receive. By itself it would take megabytes
for each slow reader, all of which would have to be read from the disk or the bucket first."""

_COPIED_BYTES = 16 * 1024  # up to here one write of a joined copy is cheaper than two buffers


class _Answered:
    """Stands where uvicorn keeps the request in progress: there is none."""

    response_complete = True
    message_event = asyncio.Event()


_ANSWERED = cast(RequestResponseCycle, _Answered())


class DataPlaneProtocol(HttpToolsProtocol):
    """One connection. The application it serves is a :class:`DataPlane`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._plane = cast(DataPlane, self.app)
        self._in_head = False
        self._head_bytes = 0
        self._head_timer: TimerHandle | None = None
        self._running: RequestResponseCycle | None = None
        self._between_messages = True
        self._answered_s = 0.0
        self._default_headers: list[tuple[bytes, bytes]] | None = None
        self._default = b""
        # The head that came as one piece of data and is being parsed; and the last one that was, with what it said.
        self._parsed: Head | None = None
        self._known = b""
        self._known_headers: dict[bytes, bytes] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in its base
        super().connection_made(transport)
        self._caller = Caller(self.client[0]) if self.client else NOWHERE
        self._head_timer = self.loop.call_later(MAX_HEAD_S, self._give_up)
        # The same socket once more, for what the transport has no call for; the transport is who closes it.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, transport.get_extra_info("socket").fileno())
        if TCP_NOTSENT_LOWAT is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        self._socket.detach()
        self._stop_head_timer()
        if self._running is not None:  # uvicorn tells only the last request of several that were sent together
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._between_messages:
            self._parsed = head = take_apart(data)
            if head is not None and head.rest == self._known and self._answer_known(head):
                return
        super().data_received(data)
        if not self._in_head:
            if self._head_timer is not None:
                self._stop_head_timer()
            return
        # Of what came in one piece, requests that were sent together, only the last one's head is not yet whole.
        self._head_bytes += len(data) - (data.rfind(END) + len(END) if END in data else 0)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._give_up()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(MAX_HEAD_S, self._give_up)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def send_400_response(self, msg: str) -> None:
        """Nothing is said into the middle of an answer, where it would be taken for bytes of the object, nor before one
        that is waited for: the connection ends after it."""
        if self.cycle is None or self.cycle.response_complete:
            super().send_400_response(msg)
        else:
            self.cycle.keep_alive = False

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes, self._between_messages = True, 0, False

    def on_message_complete(self) -> None:
        super().on_message_complete()
        # What follows an upgrade is no message, whether or not it was granted.
        self._between_messages = not self.parser.should_upgrade()

    def on_headers_complete(self) -> None:
        self._in_head = False
        head, self._parsed = self._parsed, None
        if head is not None and self.parser.should_keep_alive() and may_repeat(head, self.headers):
            self._known = head.rest
            self._known_headers = read_headers(pair for pair in self.headers if pair[0] != b"range")
        if not (self._is_free() and self.url.startswith(AT_ONCE) and self._answer_parsed()):
            super().on_headers_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Answers to known heads do not set the timer anew: when it ends, it may be too early."""
        rest_s = self._answered_s + self.timeout_keep_alive - self.loop.time()
        if rest_s > 0:
            self.timeout_keep_alive_task = self.loop.call_later(rest_s, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def _is_free(self) -> bool:
        """A request that came while another one is answered waits its turn; so does one whose reader is slow."""
        return (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused

    def _answer_known(self, head: Head) -> bool:
        """Answer a head that needs no parsing; False where that takes more than what is in memory."""
        if not self._is_free() or self.transport.is_closing():
            return False
        headers = self._known_headers if head.range is None else {**self._known_headers, b"range": head.range}
        answered = self._plane.answer_at_once(Request("GET", head.target, b"", headers), self._caller)
        if answered is None:
            return False
        self._write(*answered, keep_alive=True)
        self.server_state.total_requests += 1
        self._answered_s = self.loop.time()
        return True

    def _answer_parsed(self) -> bool:
        parser = self.parser
        method = parser.get_method().decode("ascii")
        # A fragment is for browsers alone: left out, as nginx and uvicorn leave it out.
        path, _, query = self.url.partition(b"#")[0].partition(b"?")
        answered = self._plane.answer_at_once(read_request(method, path, query, self.headers), self._caller)
        if answered is None:
            return False
        keep_alive = parser.get_http_version() != "1.0" and parser.should_keep_alive()
        self._write(*answered, keep_alive=keep_alive)
        self.cycle = _ANSWERED
        if keep_alive:
            self.on_response_complete()
        else:
            self.transport.close()
        return True

    def _write(self, answer: Answer, request_id: bytes, *, keep_alive: bool) -> None:
        head = b"%b%b%bx-request-id: %b\r\n%b" % (
            STATUS_LINE[answer.status],
            self._default_lines(),
            answer.lines or header_lines(answer.headers),
            request_id,
            b"\r\n" if keep_alive else b"connection: close\r\n\r\n",
        )
        body = answer.body
        if isinstance(body, FileSlice):
            self._write_from(body, head)
            return
        assert isinstance(body, bytes), "what is read while it is sent is not answered at once"
        if len(body) <= _COPIED_BYTES:
            self.transport.write(head + body)
        else:
            self.transport.writelines((head, body))

    def _default_lines(self) -> bytes:
        """What the server says in every answer, the date above all: another each second."""
        headers = self.server_state.default_headers
        if headers is not self._default_headers:
            self._default_headers, self._default = headers, header_lines(headers)
        return self._default

    def _write_from(self, body: FileSlice, head: bytes) -> None:
        """Have the kernel send head and body, as far as the socket takes them now; the rest is read and waits."""
        with contextlib.closing(body):
            try:
                position = body.start
                if not self.transport.get_write_buffer_size():
                    head, position = self._send_now(body, head)
                if head or position < body.stop:
                    rest = body.file.read(position, body.stop - position)
                    self.transport.writelines((head, rest))
            except (OSError, StorageError):
                self.transport.abort()  # what is announced does not come: nobody is to take it for whole

    def _send_now(self, body: FileSlice, head: bytes) -> tuple[bytes, int]:
        """What of the head, and from where on the body, did not fit into the socket."""
        position = body.start
        with contextlib.suppress(BlockingIOError):
            head = head[self._socket.send(head, socket.MSG_MORE) :]
            while not head and position < body.stop:
                sent = os.sendfile(self._socket.fileno(), body.file.descriptor, position, body.stop - position)
                if not sent:
                    raise StorageUnavailable("The file became shorter while it was sent")
                position += sent
        return head, position

    def _give_up(self) -> None:
        self._stop_head_timer()
        if not self.transport.is_closing():
            self.transport.close()

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
