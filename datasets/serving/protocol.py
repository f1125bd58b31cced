"""The data plane inside the embedded server: what can be answered at once is written to the socket at once.

uvicorn parses HTTP and speaks ASGI with Django. Much of what a chunk costs there is the task and the messages of an
ASGI request, and an object that is in memory needs neither (docs/decisions/0002-data-plane.md has the figures). All
else, large bodies and whatever has to wait, takes uvicorn's own way to the same data plane.
"""

from __future__ import annotations

import asyncio
from asyncio.events import TimerHandle
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from datasets.serving import core, s3
from datasets.serving.asgi import DataPlane

AT_ONCE = (core.PREFIX, s3.PREFIX)

MAX_HEAD_BYTES = 64 * 1024
"""The longest request line with its headers."""

MAX_HEAD_S = 20.0
"""How long a client may take to send them."""

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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in its base
        super().connection_made(transport)
        self._peer = self.client[0] if self.client else ""
        self._head_timer = self.loop.call_later(MAX_HEAD_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._in_head:
            if self._head_timer is not None:
                self._stop_head_timer()
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._give_up()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(MAX_HEAD_S, self._give_up)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        # A request that came while another one is answered waits its turn; so does one whose reader is slow.
        is_free = (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused
        if not (is_free and self.url.startswith(AT_ONCE) and self._answer_at_once()):
            super().on_headers_complete()

    def _answer_at_once(self) -> bool:
        parser = self.parser
        method = parser.get_method().decode("ascii")
        answered = self._plane.answer_at_once(method, self.url, self.headers, self._peer)
        if answered is None:
            return False
        answer, request_id = answered
        keep_alive = parser.get_http_version() != "1.0" and parser.should_keep_alive()
        head = [STATUS_LINE[answer.status]]
        for name, value in (*self.server_state.default_headers, *answer.headers, (b"x-request-id", request_id)):
            head += (name, b": ", value, b"\r\n")
        head.append(b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
        body = answer.body
        assert isinstance(body, bytes), "what is read while it is sent is not answered at once"
        if len(body) <= _COPIED_BYTES:
            self.transport.write(b"".join((*head, body)))
        else:
            self.transport.writelines((b"".join(head), body))
        self.cycle = _ANSWERED
        if keep_alive:
            self.on_response_complete()
        else:
            self.transport.close()
        return True

    def _give_up(self) -> None:
        self._stop_head_timer()
        if not self.transport.is_closing():
            self.transport.close()

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
