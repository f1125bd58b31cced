"""Who asks, where no account says it: by the address a request came from."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from django.conf import settings


def client_of(peer: str, forwarded: str) -> bytes:
    """What stands for one client: the address; of an IPv6 address the network, for one machine has many of those.

    What a connection's other end says of whom it asks for counts where that end is a front server, by the operator's
    word (``CISTERNA_PROXY_NETWORKS``). Of that the last counts, which the front server has seen itself: a client may
    send others before it.

    Args:
        peer: the address of the connection's other end.
        forwarded: its ``X-Forwarded-For``.
    """
    address = peer
    try:
        if forwarded and any(_parsed(peer) in network for network in settings.CONFIG.proxy_networks):
            address = forwarded.rpartition(",")[2].strip()
        parsed = _parsed(address)
    except ValueError:
        return address.encode()
    return parsed.packed[:8] if isinstance(parsed, IPv6Address) else parsed.packed


def _parsed(address: str) -> IPv4Address | IPv6Address:
    parsed = ip_address(address)
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed


def caller_of(sent: Mapping[str, Any]) -> str:
    """The same for a request of Django's, by its ``META``, as text."""
    return client_of(sent.get("REMOTE_ADDR") or "", sent.get("HTTP_X_FORWARDED_FOR", "")).hex()
