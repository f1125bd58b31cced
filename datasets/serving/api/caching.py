"""How long caches may keep what is sent of a version."""

from __future__ import annotations

from django.http.response import HttpResponseBase

from datasets.catalogue.addresses import Reference
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.visibility import is_open
from datasets.storage.roots import OWN_ROOT

NO_STORE, NO_CACHE = "private, no-store", "no-cache"


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


def say_who_may_keep(response: HttpResponseBase, control: str) -> None:
    """Say how long ``response`` may be kept, and that other sites' pages may read what is public.

    Of errors, too, which nobody keeps: a page elsewhere sees why it gets no data. With a caller's credentials no
    browser lets another site read an answer with ``*``.
    """
    is_error = response.status_code >= 400
    response["Cache-Control"] = NO_STORE if is_error else control
    if is_error or control != NO_STORE:
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = "Content-Disposition, Content-Length, ETag, Retry-After"
