"""The still pictures of a version: where they are kept, and reading them. Rendering them is publishing's work.

They lie in the portal's own root under the record's digest, so a picture can never belong to other content.
"""

import hashlib
import logging
import math
import re
import time
from contextlib import suppress

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.datasets import NotFound
from datasets.storage import objects
from datasets.storage.errors import ObjectAbsent
from datasets.storage.roots import OWN_ROOT, get_root
from datasets.volumes.errors import CisternaError

CARRIED = "carried"
"""The picture that the image's data carry, or the source of an imported version names, kept where none of the whole
could be rendered: of what, and at which scale, nobody knows."""

THUMBNAILS = ("labels", "em", CARRIED)
"""Which picture stands for the whole version: the first of these that there is."""

THUMB, SMALL, MIDDLE, LARGE = 96, 320, 640, 960
"""Widths in pixels that pictures are kept in beside the whole: in a line of a list, on a card, the same on a fine
screen, at the head of a page."""

MOST_PICTURES = 10_000
LISTED_FOR_S = 60
LISTED_VERSIONS = 4096
_listed: dict[tuple[str, str], tuple[float, set[str]]] = {}
logger = logging.getLogger("cisterna.pages")


def picture_key(version: DatasetVersion, name: str) -> str:
    """The key in the portal's own root of the picture ``name``.

    "em" and "labels" are the whole, cropped; "slice-xy" and "slice-xy-labels" (xz, yz) whole slices;
    "view-<view name>" a curated view; :func:`layer_picture` a layer by itself. "em.320" is "em" that wide.
    """
    return f"pictures/{version.record_digest}/{name}.webp"


def layer_picture(path: str) -> str:
    """The name of the picture of the layer at ``path``, which may be longer than a name can be."""
    return f"layer-{hashlib.sha256(path.encode()).hexdigest()[:16]}"


def small_widths(name: str) -> tuple[int, ...]:
    """The widths in which the picture ``name`` is kept beside itself, by where pages show it."""
    if name.startswith("slice-"):
        return (MIDDLE, LARGE) if name == "slice-xy" else ()  # it stands for the image on its own page
    if name.startswith("layer-"):
        return THUMB, SMALL, MIDDLE
    return (SMALL, MIDDLE) if name.startswith("view-") else (SMALL, MIDDLE, LARGE)


def small_name(name: str, width: int) -> str:
    """The name of the picture ``name`` in that width."""
    return f"{name}.{width}"


def picture_names(version: DatasetVersion) -> set[str]:
    """The names of the pictures that exist, each once, however many widths it is kept in.

    Raises:
        StorageError: they cannot be listed.
    """
    return {name for name in picture_files(version) if "." not in name}


def picture_files(version: DatasetVersion) -> set[str]:
    """The same with the names of their smaller ones.

    Raises:
        StorageError: they cannot be listed.
    """
    if not version.record_digest:
        return set()
    try:
        names = objects.list_folder(get_root(OWN_ROOT), f"pictures/{version.record_digest}", limit=MOST_PICTURES)
    except ObjectAbsent:
        return set()
    return {name.removesuffix(".webp") for name in names if name.endswith(".webp")}


def known_picture_names(version: DatasetVersion) -> set[str]:
    """As :func:`picture_files`, of at most a minute ago: a gallery asks for many versions, and buckets answer slowly.

    None while the storage is in trouble, since a page is more than its pictures.
    """
    key = (get_root(OWN_ROOT).url, version.record_digest)
    listed_at, names = _listed.get(key, (-math.inf, set()))
    if time.monotonic() - listed_at > LISTED_FOR_S:
        try:
            names = picture_files(version)
        except CisternaError:
            logger.exception("the pictures of %s cannot be listed", version)
            return set()
        if len(_listed) >= LISTED_VERSIONS:
            _listed.clear()
        if names:  # a version without pictures is about to get them
            _listed[key] = (time.monotonic(), names)
    return names


def read_picture(version: DatasetVersion, name: str) -> bytes:
    """The WebP bytes of the picture ``name``, which may be that of a smaller one.

    Raises:
        NotFound: there is none.
        StorageError: it cannot be read.
    """
    if not version.record_digest or not re.fullmatch(r"[a-z0-9_-]{1,100}(\.\d{1,4})?", name):
        raise NotFound(f"{version} has no picture {name!r}", where=str(version))
    try:
        return objects.read(get_root(OWN_ROOT), picture_key(version, name))
    except ObjectAbsent:
        raise NotFound(f"{version} has no picture {name!r}", where=str(version)) from None


def read_thumbnail(version: DatasetVersion) -> bytes:
    """The WebP bytes of the picture that stands for the version: its labels over its image, else its image.

    Raises:
        NotFound: there is neither, nor one that the data carry.
        StorageError: it cannot be read.
    """
    for name in THUMBNAILS:
        with suppress(NotFound):
            return read_picture(version, name)
    raise NotFound(f"{version} has no thumbnail", where=str(version))
