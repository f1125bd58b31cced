"""Whether data on other people's servers can be read: a small document of each source is asked for.

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


async def _reach_all(folders: Sequence[Folder], allows: Callable[[str], bool], timeout_s: float) -> list[Reached]:
    import aiohttp

    class PublicResolver(aiohttp.ThreadedResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            found = await super().resolve(host, port, family)
            if not all(_is_public(each["host"]) for each in found):
                raise _PrivateAddress
            return found

    places = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=PublicResolver(), limit=AT_ONCE),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "Cisterna (check_sources)", "Accept": "application/json, */*;q=0.1"},
        timeout=aiohttp.ClientTimeout(total=timeout_s),
    ) as session:

        async def reach(folder: Folder) -> Reached:
            async with places:
                return await _reach(session, folder, allows, timeout_s)

        return list(await asyncio.gather(*(reach(folder) for folder in folders)))


async def _reach(session: ClientSession, folder: Folder, allows: Callable[[str], bool], timeout_s: float) -> Reached:
    refused = None
    for document in folder.documents:
        got = await _ask(session, folder.address + document, allows, timeout_s)
        if got.state == Reach.REFUSED:
            refused = refused or got  # a bucket that nobody may list refuses what is not there, too
        elif got.state != Reach.ABSENT:
            return got
    return refused or Reached(Reach.ABSENT, f"No {' or '.join(folder.documents)} there")


async def _ask(session: ClientSession, address: str, allows: Callable[[str], bool], timeout_s: float) -> Reached:
    import aiohttp
    from yarl import URL

    try:
        async with asyncio.timeout(timeout_s):
            return await _follow(session, URL(address), allows)
    except TimeoutError:
        return Reached(Reach.UNREACHABLE, f"No answer within {timeout_s:g} s")
    except _PrivateAddress:
        return Reached(Reach.NOT_ALLOWED, "Its name leads to a private address")
    except (aiohttp.ClientError, aiohttp.http.HttpProcessingError, OSError, ValueError) as error:
        return Reached(Reach.UNREACHABLE, f"{type(error).__name__}: {error}")


async def _follow(session: ClientSession, url: URL, allows: Callable[[str], bool]) -> Reached:
    from yarl import URL

    for _ in range(MAX_REDIRECTS + 1):
        if not allows(str(url)):
            return Reached(Reach.NOT_ALLOWED, f"Not asked: {url.origin() if url.host else url}")
        async with session.get(url, allow_redirects=False) as answer:
            if answer.status in _REDIRECTS and "Location" in answer.headers:
                url = url.join(URL(answer.headers["Location"]))
                continue
            if answer.status in _ABSENT:
                return Reached(Reach.ABSENT, f"Answer {answer.status}")
            if answer.status in _REFUSED:
                return Reached(Reach.REFUSED, f"Answer {answer.status}")
            if answer.status != 200:
                return Reached(Reach.UNREACHABLE, f"Answer {answer.status}")
            if not (await answer.content.read(_BEGINNING_BYTES)).lstrip().startswith(b"{"):
                return Reached(Reach.UNREACHABLE, f"What came for {url.name} is not metadata")
            return Reached(Reach.REACHABLE)
    return Reached(Reach.UNREACHABLE, f"More than {MAX_REDIRECTS} redirects")


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(ip, "ipv4_mapped", None) or ip).is_global
