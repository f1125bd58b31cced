"""The still pictures of a version: where they are kept, and reading them. Rendering them is publishing's work.

They lie in the portal's own root under the record's digest, so a picture can never belong to other content.
"""

import hashlib
import re

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.datasets import NotFound
from datasets.storage import objects
from datasets.storage.errors import ObjectAbsent
from datasets.storage.roots import OWN_ROOT, get_root

MOST_PICTURES = 10_000


def picture_key(version: DatasetVersion, name: str) -> str:
    """The key in the portal's own root of the picture ``name``.

    "em" and "labels" are the whole, cropped; "slice-xy" and "slice-xy-labels" (xz, yz) whole slices;
    "view-<view name>" a curated view; :func:`layer_picture` a layer by itself.
    """
    return f"pictures/{version.record_digest}/{name}.webp"


def layer_picture(path: str) -> str:
    """The name of the picture of the layer at ``path``, which may be longer than a name can be."""
    return f"layer-{hashlib.sha256(path.encode()).hexdigest()[:16]}"


def picture_names(version: DatasetVersion) -> set[str]:
    """The names of the pictures that exist."""
    if not version.record_digest:
        return set()
    try:
        names = objects.list_folder(get_root(OWN_ROOT), f"pictures/{version.record_digest}", limit=MOST_PICTURES)
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
