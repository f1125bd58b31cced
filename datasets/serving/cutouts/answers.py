"""A cutout as an answer: its estimate, or the file itself as it is made."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings

from datasets.catalogue.models import DatasetVersion
from datasets.serving.cutouts.formats import FORMATS
from datasets.serving.cutouts.plan import Asked, Plan
from datasets.serving.cutouts.reading import CutReader
from datasets.serving.cutouts.scratch import Scratch
from datasets.serving.making import MadeWhileSent, Making

LEAST_BYTES_PER_S = 32 * 1024
"""Whoever takes less gives up his place after a minute: a few who read slowly would keep everybody else out."""


class Cutout:
    """A cutout in a format, not yet read.

    Raises:
        NotFound, AxisUnknown, BoxOutside, CutoutTooLarge, RootUnknown: as :class:`Plan` and its cut.
    """

    def __init__(self, version: DatasetVersion, path: str, asked: Asked, format_name: str) -> None:
        self._plan = Plan(version, path, asked)
        self._name = format_name
        self._format = FORMATS[format_name]
        self._cut = self._plan.cut(limit_bytes=settings.CONFIG.cutout_bytes)
        self.filename = f"{self._cut.stem}.{self._format.extension}"
        self.content_type = self._format.content_type
        self.size_bytes = self._format.size_bytes(self._cut)
        self.is_exact = self._format.is_exact

    def estimate(self) -> dict[str, Any]:
        """What would be sent, and what the same box holds on each level (bytes of voxels)."""
        cut, edges = self._cut, self._plan.edges_nm
        return {
            "level": self._plan.level,
            "levels": [{"path": path, "size_bytes": size} for path, size in self._plan.sizes_bytes().items()],
            "bbox_voxel": [*cut.voxels.start, *cut.voxels.stop],
            "bbox_nm": [*edges.low, *edges.high],
            "shape_zyx": list(cut.shape_zyx),
            "dtype": self._format.written_dtype(cut.dtype).name,
            "format": self._name,
            "filename": self.filename,
            "size_bytes": self.size_bytes,
            "is_exact": self.is_exact,
            "limit_bytes": settings.CONFIG.cutout_bytes,
        }

    def stream(self) -> MadeWhileSent:
        """The file's bytes, once they are begun.

        Raises:
            Overloaded: when it is begun; so many cutouts are made already.
            StorageError: when it is begun, or later; the data cannot be read.
        """
        reader = CutReader(self._cut, self._format.written_dtype(self._cut.dtype), scratch=scratch())
        return MadeWhileSent(making(), lambda: self._format.blocks(self._cut, reader), reader.stop)


@cache
def making() -> Making:
    """Where this process makes cutouts."""
    return Making(settings.CONFIG.cuts_at_once, least_bytes_per_s=LEAST_BYTES_PER_S)


@cache
def scratch() -> Scratch:
    """Where this process puts together what does not fit into memory: room for two of the largest boxes."""
    return Scratch(settings.CONFIG.home, 2 * settings.CONFIG.cutout_bytes)
