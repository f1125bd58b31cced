"""Where clients may fetch an object from the bucket itself, instead of through the portal."""

from typing import NamedTuple
from urllib.parse import quote

from datasets.storage.roots import Root
from datasets.storage.signing import presigned_address

WINDOW_S = 300
"""Signed addresses are the same for so long, so that caches know them again, and count as long beyond that."""


class Elsewhere(NamedTuple):
    """The address of an object in its bucket. ``seconds``: how long this very address is given; None: always."""

    address: str
    seconds: int | None


def find_elsewhere(root: Root, full_key: str, method: str, now_s: float, *, private: bool) -> Elsewhere | None:
    """Where ``full_key`` of the root's bucket may be fetched; None where that is the portal alone.

    Args:
        full_key: the key in the bucket.
        method: GET or HEAD.
        now_s: seconds since the epoch.
        private: not everybody may see it: then a signed address only, which ends.
    """
    if not root.redirect or (private and root.anonymous):
        return None
    address = f"{root.redirect}/{quote(full_key, safe='/-._~')}"
    if root.anonymous:
        return Elsewhere(address, None)
    since_s = now_s // WINDOW_S * WINDOW_S
    signed = presigned_address(
        address,
        method=method,
        key=root.key,
        secret=root.secret,
        region=root.region or "us-east-1",
        signed_s=since_s,
        expires_s=2 * WINDOW_S,
    )
    return Elsewhere(signed, int(since_s + WINDOW_S - now_s))
