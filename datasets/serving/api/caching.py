"""How long caches may keep what is sent of a version."""

from __future__ import annotations

from datasets.catalogue.addresses import Reference
from datasets.catalogue.api.caching import NO_CACHE, NO_STORE
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.visibility import is_open
from datasets.storage.roots import OWN_ROOT


def cache_control(version: DatasetVersion, *, is_pinned: bool, is_final: bool = True) -> str:
    """``Cache-Control`` of an answer about ``version``.

    Args:
        is_pinned: the address names the version's number.
        is_final: the answer is the same for ever.
    """
    if not is_open(version):
        return NO_STORE
    return "public, max-age=31536000, immutable" if is_pinned and is_final else NO_CACHE


def data_cache_control(version: DatasetVersion, ref: Reference) -> str:
    """The same of what is made of a version's voxels, by the rules of ``/data/``: files in a root that is not the
    portal's own may be replaced, so that an hour is the most for what is made of them."""
    control = cache_control(version, is_pinned=ref.label is not None)
    is_own = all(mount.root == OWN_ROOT for mount in version.mounts.all())
    return control if is_own or not control.endswith("immutable") else "public, max-age=3600"
