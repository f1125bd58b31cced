"""Replies as they come over a connection, read strictly: what is no HTTP is an error, and not one byte is left over."""

import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

_status_line = re.compile(rb"HTTP/1\.1 (\d{3}) [ -~]*").fullmatch
_field_line = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)").fullmatch
_chunk_size = re.compile(rb"[0-9a-fA-F]{1,8}").fullmatch
PATIENCE_S = 30.0


class NoReply(Exception):
    """What came is no reply, or none came."""


@dataclass(frozen=True, slots=True)
class WireReply:
    """One reply; header names in lower case, in the order in which they came."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    raw: bytes

    def header(self, name: bytes) -> bytes | None:
        """A header's value, which stands there once at most."""
        values = [value for each, value in self.headers if each == name]
        if len(values) > 1:
            raise NoReply(f"{name.decode()} stands there {len(values)} times")
        return values[0] if values else None

    @property
    def closes(self) -> bool:
        return (self.header(b"connection") or b"").lower() == b"close"


class Wire:
    """A connection to a server on loopback."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._ended = False

    def send(self, *packets: bytes) -> None:
        """Send them, one packet each; a server that has closed already does not mind."""
        try:
            for packet in packets:
                self._socket.sendall(packet)
        except (BrokenPipeError, ConnectionResetError):
            self._ended = True

    def reply(self, method: bytes) -> WireReply:
        """The next final reply, which must come.

        Raises:
            NoReply: it did not come, or is none.
        """
        while True:
            found = take_reply(self._received, method, ended=self._ended)
            if found is not None and found.status >= 200:
                return found
            if found is None:
                if self._ended:
                    raise NoReply(f"closed after {bytes(self._received[:200])!r}")
                self._receive()

    def replies_until_quiet(self, method: bytes, quiet_s: float) -> list[WireReply]:
        """All that come until the server closes or is quiet for so long; one that is cut off is left out."""
        found: list[WireReply] = []
        end_s = time.monotonic() + quiet_s
        while True:
            while (reply := take_reply(self._received, method, ended=self._ended)) is not None:
                found.append(reply)
            if self._ended or time.monotonic() > end_s:
                return found
            self._socket.settimeout(max(end_s - time.monotonic(), 0.001))
            try:
                self._receive()
                end_s = time.monotonic() + quiet_s
            except TimeoutError:
                return found

    @property
    def left(self) -> bytes:
        """What came and belongs to no reply that was taken."""
        return bytes(self._received)

    def close(self) -> None:
        self._socket.close()

    def _receive(self) -> None:
        try:
            part = self._socket.recv(1 << 18)
        except ConnectionResetError:
            part = b""
        self._received += part
        self._ended = not part


def take_reply(received: bytearray, method: bytes, *, ended: bool) -> WireReply | None:
    """Take the first reply out of ``received``; None where it is not there whole.

    Raises:
        NoReply: there is something else.
    """
    end = received.find(b"\r\n\r\n")
    if end < 0:
        if not b"HTTP/1.1 ".startswith(received[:9]) or len(received) > 1 << 16:
            raise NoReply(f"no status line: {bytes(received[:200])!r}")
        return None
    lines = bytes(received[:end]).split(b"\r\n")
    status_line = _status_line(lines[0])
    fields = [_field_line(line) for line in lines[1:]]
    if status_line is None or None in fields:
        raise NoReply(f"no head: {bytes(received[:end])!r}")
    headers = tuple((each[1].lower(), each[2]) for each in fields if each is not None)
    status = int(status_line[1])
    taken = _body(received, end + 4, status, method, headers, ended)
    if taken is None:
        return None
    body, stop = taken
    raw = bytes(received[:stop])
    del received[:stop]
    return WireReply(status, headers, body, raw)


def _body(
    received: bytearray, start: int, status: int, method: bytes, headers: Sequence[tuple[bytes, bytes]], ended: bool
) -> tuple[bytes, int] | None:
    """A reply's body and where it stops."""
    fields = dict(headers)
    if method == b"HEAD" or status < 200 or status in (204, 304):
        return b"", start
    if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
        return _chunks(received, start)
    if b"content-length" in fields:
        stop = start + int(fields[b"content-length"])
        return (bytes(received[start:stop]), stop) if len(received) >= stop else None
    return (bytes(received[start:]), len(received)) if ended else None


def _chunks(received: bytearray, position: int) -> tuple[bytes, int] | None:
    body = b""
    while (end := received.find(b"\r\n", position)) >= 0:
        size_text = bytes(received[position:end])
        if not _chunk_size(size_text):
            raise NoReply(f"no chunk: {size_text[:100]!r}")
        size, start = int(size_text, 16), end + 2
        if len(received) < start + size + 2:
            return None
        if received[start + size : start + size + 2] != b"\r\n":
            raise NoReply("a chunk is longer than it says")
        body += received[start : start + size]
        position = start + size + 2
        if not size:
            return body, position
    return None
