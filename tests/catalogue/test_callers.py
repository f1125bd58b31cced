"""Who asks is told by the connection, and by front servers that the operator has named; never by strangers."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from datasets.catalogue.callers import client_of


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", "", b"\xc0\x00\x02\x01"),
        ("::ffff:192.0.2.1", "", b"\xc0\x00\x02\x01"),
        ("127.0.0.1", "198.51.100.9, 198.51.100.7", b"\xc6\x33\x64\x07"),  # what the front server itself has seen
        ("8.8.8.8", "198.51.100.7", b"\x08\x08\x08\x08"),  # a stranger may write what they like
        ("10.0.0.8", "198.51.100.7", b"\x0a\x00\x00\x08"),  # and so may a machine nearby
        ("2a00:1450:4001:1:a:b:c:d", "", b"\x2a\x00\x14\x50\x40\x01\x00\x01"),
        ("", "", b""),
        ("", "198.51.100.7", b""),
        ("::ffff:127.0.0.1", "198.51.100.7", b"\xc6\x33\x64\x07"),  # the same front server, over IPv6
        ("127.0.0.1", "nonsense", b"nonsense"),
    ],
)
def test_a_client_is_an_address_or_a_network(peer: str, forwarded: str, client: bytes) -> None:
    assert client_of(peer, forwarded) == client


def test_the_operator_names_front_servers(settings: Any) -> None:
    settings.CONFIG = replace(settings.CONFIG, proxy_networks=(ip_network("10.0.0.0/24"),))
    assert client_of("10.0.0.8", "198.51.100.7") == b"\xc6\x33\x64\x07"
    assert client_of("127.0.0.1", "198.51.100.7") == b"\x7f\x00\x00\x01"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("peer", "last"),
    [
        ("192.0.2.1", [429, 429]),  # with no front server: whatever a stranger writes, they are who they were
        ("127.0.0.1", [200, 429]),  # behind one: somebody else is somebody else, and who was throttled still is
    ],
)
def test_nobody_chooses_whose_questions_are_counted(peer: str, last: list[int], settings: Any) -> None:
    cache.clear()
    settings.CONFIG = replace(settings.CONFIG, api_requests_per_minute=2)
    seen = []
    for forwarded in ("1.1.1.1, 9.9.9.9", "2.2.2.2, 9.9.9.9", "1.1.1.1, 8.8.8.8", "3.3.3.3, 9.9.9.9"):
        client = Client(REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded})
        seen.append(client.get("/api/v1/organelles/mito/").status_code)
    cache.clear()
    assert seen == [200, 200, *last]
