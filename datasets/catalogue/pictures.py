"""The still pictures of a version: where they are kept, and reading them. Rendering them is publishing's work.

They lie in the portal's own root under the record's digest, so a picture can never belong to other content.
"""

import re

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.datasets import NotFound
from datasets.storage import objects
from datasets.storage.errors import ObjectAbsent
from datasets.storage.roots import OWN_ROOT, get_root


def picture_key(version: DatasetVersion, name: str) -> str:
    """The key in the portal's own root of the picture ``name`` ("em", "labels", "view-<view name>")."""
    return f"pictures/{version.record_digest}/{name}.webp"


def picture_names(version: DatasetVersion) -> set[str]:
    """The names of the pictures that exist."""
    if not version.record_digest:
        return set()
    try:
        names = objects.list_folder(get_root(OWN_ROOT), f"pictures/{version.record_digest}")
    except ObjectAbsent:
        return set()
    return {name.removesuffix(".webp") for name in names if name.endswith(".webp")}


def read_picture(version: DatasetVersion, name: str) -> bytes:
    """The WebP bytes of the picture ``name``.

    Raises:
        NotFound: there is none.
        StorageError: it cannot be read.
    """
    if not version.record_digest or not re.fullmatch(r"[a-z0-9_-]{1,100}", name):
        raise NotFound(f"{version} has no picture {name!r}", where=str(version))
    try:
        return objects.read(get_root(OWN_ROOT), picture_key(version, name))
    except ObjectAbsent:
        raise NotFound(f"{version} has no picture {name!r}", where=str(version)) from None
