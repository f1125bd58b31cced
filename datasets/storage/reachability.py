"""What is on other people's servers: whether their data can be read, by a small document of each; and small files.

Nothing is asked of an address that the caller does not allow, nor where a redirect leads to one. A name that leads to
a private address is not followed either: only an address that the operator wrote down in numbers may be private.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from aiohttp.abc import ResolveResult
    from yarl import URL

TIMEOUT_S = 15.0
"""So long a document may take, redirects included."""

AT_ONCE = 8
MAX_REDIRECTS = 3

# So much of a document tells that it is one; metadata may be large.
_BEGINNING_BYTES = 4096
_REDIRECTS = {301, 302, 303, 307, 308}
_ABSENT = {404, 410}
_REFUSED = {401, 403, 407, 451}


class Reach(StrEnum):
    """What came of asking. Only a server that says so makes something absent; no answer tells nothing."""

    REACHABLE = "reachable"
    ABSENT = "absent"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NOT_ALLOWED = "not_allowed"


class Folder(NamedTuple):
    """A source: its address (http or https, ending in ``/``), and the documents one of which it must have."""

    address: str
    documents: tuple[str, ...]


class Reached(NamedTuple):
    """What came of asking for a source, and why in a few words."""

    state: Reach
    detail: str = ""


class Fetched(NamedTuple):
    """What came of asking for a file: its content if it was reached, else why not."""

    state: Reach
    detail: str = ""
    content: bytes = b""


class _PrivateAddress(Exception):
    """A name leads into a private network."""


def reach_folders(
    folders: Sequence[Folder], *, allows: Callable[[str], bool], timeout_s: float = TIMEOUT_S
) -> list[Reached]:
    """Ask for each of ``folders``, several at once.

    Args:
        folders: the sources.
        allows: whether an address may be asked.
        timeout_s: so long a document may take.

    Returns:
        What came of each, in the same order. Nothing that a server does raises.
    """
    return asyncio.run(_reach_all(folders, allows, timeout_s))


def fetch_file(
    address: str, *, allows: Callable[[str], bool], most_bytes: int, timeout_s: float = TIMEOUT_S
) -> Fetched:
    """The file at ``address`` if it has at most so many bytes. Arguments as for :func:`reach_folders`."""
    return asyncio.run(_fetch(address, allows, most_bytes, timeout_s))


async def _fetch(address: str, allows: Callable[[str], bool], most_bytes: int, timeout_s: float) -> Fetched:
    async with _session(timeout_s, "*/*") as session:
        got = await _ask(session, address, allows, timeout_s, most_bytes + 1)
    return Fetched(Reach.UNREACHABLE, f"More than {most_bytes} bytes") if len(got.content) > most_bytes else got


async def _reach_all(folders: Sequence[Folder], allows: Callable[[str], bool], timeout_s: float) -> list[Reached]:
    places = asyncio.Semaphore(AT_ONCE)
    async with _session(timeout_s, "application/json, */*;q=0.1") as session:

        async def reach(folder: Folder) -> Reached:
            async with places:
                return await _reach(session, folder, allows, timeout_s)

        return list(await asyncio.gather(*(reach(folder) for folder in folders)))


def _session(timeout_s: float, accept: str) -> ClientSession:
    """Of one event loop; it sends no cookies, and knows public addresses alone."""
    import aiohttp

    class PublicResolver(aiohttp.ThreadedResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            found = await super().resolve(host, port, family)
            if not all(_is_public(each["host"]) for each in found):
                raise _PrivateAddress
            return found

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=PublicResolver(), limit=AT_ONCE),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "Cisterna", "Accept": accept},
        timeout=aiohttp.ClientTimeout(total=timeout_s),
    )


async def _reach(session: ClientSession, folder: Folder, allows: Callable[[str], bool], timeout_s: float) -> Reached:
    refused = None
    for document in folder.documents:
        got = await _ask(session, folder.address + document, allows, timeout_s, _BEGINNING_BYTES)
        if got.state == Reach.REACHABLE and not got.content.lstrip().startswith(b"{"):
            return Reached(Reach.UNREACHABLE, f"What came for {document.rpartition('/')[2]} is not metadata")
        reached = Reached(got.state, got.detail)
        if got.state == Reach.REFUSED:
            refused = refused or reached  # a bucket that nobody may list refuses what is not there, too
        elif got.state != Reach.ABSENT:
            return reached
    return refused or Reached(Reach.ABSENT, f"No {' or '.join(folder.documents)} there")


async def _ask(
    session: ClientSession, address: str, allows: Callable[[str], bool], timeout_s: float, most_bytes: int
) -> Fetched:
    """What comes of ``address``: of the content the beginning, of at most so many bytes."""
    import aiohttp
    from yarl import URL

    try:
        async with asyncio.timeout(timeout_s):
            return await _follow(session, URL(address), allows, most_bytes)
    except TimeoutError:
        return Fetched(Reach.UNREACHABLE, f"No answer within {timeout_s:g} s")
    except _PrivateAddress:
        return Fetched(Reach.NOT_ALLOWED, "Its name leads to a private address")
    except (aiohttp.ClientError, aiohttp.http.HttpProcessingError, OSError, ValueError) as error:
        return Fetched(Reach.UNREACHABLE, f"{type(error).__name__}: {error}")


async def _follow(session: ClientSession, url: URL, allows: Callable[[str], bool], most_bytes: int) -> Fetched:
    from yarl import URL

    for _ in range(MAX_REDIRECTS + 1):
        if not allows(str(url)):
            return Fetched(Reach.NOT_ALLOWED, f"Not asked: {url.origin() if url.host else url}")
        async with session.get(url, allow_redirects=False) as answer:
            if answer.status in _REDIRECTS and "Location" in answer.headers:
                url = url.join(URL(answer.headers["Location"]))
                continue
            if answer.status in _ABSENT:
                return Fetched(Reach.ABSENT, f"Answer {answer.status}")
            if answer.status in _REFUSED:
                return Fetched(Reach.REFUSED, f"Answer {answer.status}")
            if answer.status != 200:
                return Fetched(Reach.UNREACHABLE, f"Answer {answer.status}")
            content = b""
            while len(content) < most_bytes and (part := await answer.content.read(most_bytes - len(content))):
                content += part
            return Fetched(Reach.REACHABLE, content=content)
    return Fetched(Reach.UNREACHABLE, f"More than {MAX_REDIRECTS} redirects")


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(ip, "ipv4_mapped", None) or ip).is_global
