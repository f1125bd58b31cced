"""What the data plane reads of a request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_HEADERS_READ = frozenset(
    {
        b"accept",
        b"authorization",
        b"cookie",
        b"host",
        b"origin",
        b"sec-fetch-site",
        b"range",
        b"if-range",
        b"if-match",
        b"if-none-match",
        b"if-modified-since",
        b"if-unmodified-since",
        b"access-control-request-private-network",
        b"x-forwarded-for",
        b"user-agent",
    }
)


@dataclass(slots=True)
class Request:
    """What the data plane reads of a request: the path percent-encoded as sent, headers by lower-case name.
    ``dataset`` is filled in while it is answered: which one the caller was let into, for counting. ``in_place``: a body
    that is in memory may stay in its file, for the kernel to send from there."""

    method: str
    raw_path: bytes
    query: bytes = b""
    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    dataset: str = ""
    in_place: bool = False


def read_headers(pairs: Iterable[tuple[bytes, bytes]], *, all_of_them: bool = False) -> dict[bytes, bytes]:
    """The headers that matter here, those sent several times joined into one list. What is signed may be any."""
    headers: dict[bytes, bytes] = {}
    for name, value in pairs:
        if all_of_them or name in _HEADERS_READ:
            headers[name] = b"%b, %b" % (headers[name], value) if name in headers else value
    return headers
