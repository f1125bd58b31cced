"""Writing a version's pictures: each whole, and in the widths that pages show, of which those that lack are made."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.pictures import picture_files, picture_key, read_picture, small_name, small_widths
from datasets.catalogue.slices import HEIGHT, WIDTH
from datasets.storage import objects
from datasets.storage.roots import OWN_ROOT, get_root

if TYPE_CHECKING:
    from PIL.Image import Image

logger = logging.getLogger("cisterna.publishing")

QUALITY = 82
SMALL_QUALITIES = (72, 55, 40, 25)
"""Of a small one, the first that keeps it within its bytes: noise of electron micrographs is costly, and says nothing
on a card."""

MOST_BYTES = {96: 3_000, 320: 12_000, 640: 32_000, 960: 72_000}
"""Of a small one, by its width, so that a page of them is soon there, whatever they show."""


class KeptPictures:
    """The pictures of one version, in the portal's own root.

    Args:
        again: those that exist are written anew; each stays until the new one takes its place.

    Raises:
        StorageError: they cannot be listed.
    """

    def __init__(self, version: DatasetVersion, *, again: bool = False) -> None:
        self.written = 0
        self._version = version
        self._again = again
        self._existing = picture_files(version)

    def __contains__(self, name: str) -> bool:
        return name in self._existing

    def has_any(self, names: Collection[str]) -> bool:
        return not self._existing.isdisjoint(names)

    def complete(self, name: str, render: Callable[[], Image | None]) -> None:
        """Write the picture ``name`` and its smaller ones, as far as they lack.

        Args:
            render: draws it; None where that cannot be done. Asked only if it was never written.

        Raises:
            StorageError: what ``render`` needs cannot be read, or the picture not written.
        """
        is_new = self._again or name not in self._existing
        if is_new:
            rendered = render()
            if rendered is None:
                return
            self._write(name, _encode(rendered, QUALITY))
        widths = [it for it in small_widths(name) if is_new or small_name(name, it) not in self._existing]
        picture = self._read(name) if widths else None  # as it is kept: a small one is the same, whenever it is made
        if picture is None:
            return
        for width in widths:
            self._write(small_name(name, width), _encode_small(picture, width))

    def _read(self, name: str) -> Image | None:
        """The picture as it was written; None where it is damaged."""
        from PIL import Image as Pictures

        try:
            with Pictures.open(io.BytesIO(read_picture(self._version, name)), formats=["WEBP"]) as picture:
                return picture.convert("RGB")
        except (OSError, ValueError):
            logger.warning("%s: the picture %s is damaged; make it again", self._version, name)
            return None

    def _write(self, name: str, content: bytes) -> None:
        objects.write(get_root(OWN_ROOT), picture_key(self._version, name), content)
        self._existing.add(name)
        self.written += 1


def shaped(picture: Image) -> Image:
    """As the others are: 16:10 from its middle, at most as wide."""
    from PIL import ImageOps

    width = min(WIDTH, picture.width)
    return ImageOps.fit(picture, (width, max(1, round(width * HEIGHT / WIDTH))))


def _encode_small(picture: Image, width: int) -> bytes:
    from PIL.Image import Resampling

    size = min(width, picture.width)
    small = picture.resize((size, max(1, round(size * picture.height / picture.width))), Resampling.LANCZOS)
    content = b""
    for quality in SMALL_QUALITIES:
        content = _encode(small, quality)
        if len(content) <= MOST_BYTES[width]:
            break
    return content


def _encode(picture: Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", quality=quality, method=4)
    return buffer.getvalue()
