"""Pictures that an imported catalogue names for its datasets, on other people's servers: fetched, and kept as ours are.

Nothing but an operator's command asks for them, and only of origins that are allowed (``CISTERNA_EXTERNAL_ORIGINS``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from datasets.catalogue.external_sources import may_be_read
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.pictures import CARRIED
from datasets.publishing.carried_thumbnails import MAX_BYTES, MAX_PIXELS, decode
from datasets.publishing.kept_pictures import KeptPictures, shaped
from datasets.storage.reachability import Reach, fetch_file

if TYPE_CHECKING:
    from PIL.Image import Image

_SAID = {
    Reach.ABSENT: "is not there",
    Reach.REFUSED: "is refused",
    Reach.UNREACHABLE: "did not come",
    Reach.NOT_ALLOWED: "is not asked for: its origin is not in CISTERNA_EXTERNAL_ORIGINS",
}


class Named(NamedTuple):
    """How many pictures were written, and why none, where one is named and cannot be had."""

    pictures: int = 0
    trouble: str = ""


def named_thumbnail(version: DatasetVersion) -> str:
    """The address of the picture that the source of an imported version names, as it is kept of it; else empty."""
    metadata = version.kept.get("metadata")
    address = metadata.get("thumbnailURL") if isinstance(metadata, dict) else None
    return address if isinstance(address, str) and address.startswith(("https://", "http://")) else ""


def keep_named(version: DatasetVersion, *, again: bool = False) -> Named:
    """Fetch the picture that ``version`` names, unless it is kept already or some of its own data are.

    Args:
        again: also if it is kept; it stays until another came.

    Raises:
        StorageError: pictures cannot be listed or written. What somebody else's server does is told, not raised.
    """
    address = named_thumbnail(version)
    kept = KeptPictures(version, again=again)
    if not address or kept.has_any(("em", "labels")):
        return Named()
    trouble = ""

    def fetch() -> Image | None:
        nonlocal trouble
        got = fetch_file(address, allows=may_be_read, most_bytes=MAX_BYTES)
        if got.state != Reach.REACHABLE:
            detail = f" ({got.detail})" if got.detail and got.state != Reach.NOT_ALLOWED else ""
            trouble = f"{address} {_SAID[got.state]}{detail}"
            return None
        picture = decode(got.content)
        if picture is None:
            trouble = f"{address} is no JPEG, PNG or WebP of at most {MAX_PIXELS // 1024**2} megapixels"
            return None
        return shaped(picture)

    kept.complete(CARRIED, fetch)
    return Named(kept.written, trouble)
