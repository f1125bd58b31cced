"""OME-Zarr 0.5 in a ZIP archive: one level, in the place and with the voxel size that it has in the dataset."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets.serving.cutouts.plan import Cut
from datasets.serving.cutouts.reading import SLAB_BYTES, CutReader, cut_range
from datasets.serving.cutouts.zips import ZipWriter
from datasets.serving.making import Block
from datasets.storage.encoding import array_document, encode_chunk, group_document
from datasets.volumes.grids import ChunkGrid

CHUNK = 64
LEVEL_PATH = "0"


@dataclass(frozen=True)
class ZarrZipFormat:
    """Packed with Zstandard, so its size is known when it is made; empty chunks are left out."""

    extension: str = "zarr.zip"
    content_type: str = "application/zip"
    is_exact: bool = False

    def written_dtype(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        return dtype.newbyteorder("<")

    def size_bytes(self, cut: Cut) -> int:
        """Of its voxels when unpacked: the archive is hardly larger, and mostly smaller."""
        return cut.size_bytes

    def blocks(self, cut: Cut, reader: CutReader) -> Generator[Block]:
        archive = ZipWriter()
        chunk_shape = _chunk_shape(cut)
        pending = archive.member("zarr.json", group_document({"ome": _metadata(cut)})) + archive.member(
            f"{LEVEL_PATH}/zarr.json", array_document(cut.shape_zyx, chunk_shape, reader.dtype, "zyx")
        )
        grid = ChunkGrid(cut.shape_zyx, chunk_shape)
        for start, stop in _bands(cut, reader.dtype.itemsize):
            block = reader.block(start, stop)
            parts = [pending]
            for index in grid.meeting(start, stop):
                chunk = zip(grid.slices(index), start, strict=True)
                place = tuple(slice(at.start - low, at.stop - low) for at, low in chunk)
                if (content := encode_chunk(block[place], chunk_shape)) is not None:
                    parts.append(archive.member("/".join([LEVEL_PATH, "c", *map(str, index)]), content))
            yield b"".join(parts)
            pending = b""
        yield archive.end()


def _chunk_shape(cut: Cut) -> tuple[int, ...]:
    return tuple(min(CHUNK, size) for size in cut.shape_zyx)


def _bands(cut: Cut, itemsize: int) -> Iterator[tuple[tuple[int, int, int], tuple[int, int, int]]]:
    """Boxes of whole chunks that cover the cut, none of them larger than what may be in memory, (z, y, x).

    They begin at the cut's corner, so a stored chunk that reaches into several is decoded for each of them.
    """
    depth, height, width = cut.shape_zyx
    columns = max(1, SLAB_BYTES // (CHUNK**3 * itemsize))
    wide = min(columns, -(-width // CHUNK))
    high = max(1, columns // wide)
    for z0, z1 in cut_range(0, depth, CHUNK):
        for y0, y1 in cut_range(0, height, CHUNK * high):
            for x0, x1 in cut_range(0, width, CHUNK * wide):
                yield (z0, y0, x0), (z1, y1, x1)


def _metadata(cut: Cut) -> dict[str, Any]:
    """NGFF 0.5, section "multiscales"."""
    transforms = [
        {"type": "scale", "scale": list(cut.voxel_nm[::-1])},
        {"type": "translation", "translation": list(cut.first_nm[::-1])},
    ]
    multiscale = {
        "name": cut.title,
        "axes": [{"name": axis, "type": "space", "unit": "nanometer"} for axis in "zyx"],
        "datasets": [{"path": LEVEL_PATH, "coordinateTransformations": transforms}],
    }
    found: dict[str, Any] = {"version": "0.5", "multiscales": [multiscale]}
    return found | {"image-label": {}} if cut.is_labels else found
