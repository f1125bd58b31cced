"""How long caches may keep what is sent of a version."""

from __future__ import annotations

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.visibility import is_released

NO_STORE, NO_CACHE = "private, no-store", "no-cache"


def cache_control(version: DatasetVersion, *, is_pinned: bool, is_final: bool = True) -> str:
    """``Cache-Control`` of an answer about ``version``.

    Args:
        is_pinned: the address names the version's number.
        is_final: the answer is the same for ever.
    """
    if not is_released(version.dataset) or version.number is None:
        return NO_STORE
    return "public, max-age=31536000, immutable" if is_pinned and is_final else NO_CACHE
