"""Pictures that data carry of themselves, by the thumbnails convention for Zarr (zarr-conventions/thumbnails).

A group's ``thumbnails`` lists files below it, with their ``path``, ``media_type``, ``width`` and ``height`` in pixels.
"""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.queries.places import place_of_level
from datasets.storage import objects
from datasets.storage.errors import ObjectAbsent
from datasets.storage.hierarchies import find_group
from datasets.storage.keys import InvalidKey, canonical_key, join_key

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
MAX_BYTES = 8 * 1024**2
MAX_PIXELS = 32 * 1024**2

logger = logging.getLogger("cisterna.publishing")


def read_carried(version: DatasetVersion, image: Volume) -> Image | None:
    """The widest picture that the group of ``image`` names below itself; None where none can be read as what it is.

    Addresses elsewhere are not followed.

    Raises:
        StorageError: the group, or a file that is there, cannot be read.
    """
    root, key = place_of_level(version, image, {"path": ""})
    group = find_group(root, key)
    listed = group.attributes.get("thumbnails") if group else None
    named = [it for it in listed if _is_usable(it)] if isinstance(listed, list) else []
    for entry in sorted(named, key=lambda it: -it["width"]):
        try:
            file = join_key(key, canonical_key(entry["path"].encode()))
            if objects.stat(root, file).size_bytes <= MAX_BYTES and (picture := decode(objects.read(root, file))):
                return picture
        except (ObjectAbsent, InvalidKey, UnicodeEncodeError):
            pass
        logger.warning("%s: the thumbnail %r of %s cannot be used", version, entry["path"], image.path)
    return None


def _is_usable(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("path"), str)
        and isinstance(entry.get("width"), int)
        and entry.get("media_type") in FORMATS
    )


def decode(content: bytes) -> Image | None:
    """The picture in a file; None where it is none, of no known format, or too large."""
    from PIL import Image as Pictures
    from PIL import UnidentifiedImageError

    try:
        with Pictures.open(io.BytesIO(content), formats=list(FORMATS.values())) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return None
            return picture.convert("RGB")
    except (UnidentifiedImageError, Pictures.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None
