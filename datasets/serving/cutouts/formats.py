"""The formats of cutouts by name: what each writes, how large that is, and how it is made block by block."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from datasets.serving.cutouts.nifti import NIFTI_DTYPES, nifti_header
from datasets.serving.cutouts.npy import npy_header
from datasets.serving.cutouts.plan import Cut
from datasets.serving.cutouts.reading import CutReader
from datasets.serving.cutouts.tiff import TIFF_DTYPES, tiff_header
from datasets.serving.cutouts.zarr_zips import ZarrZipFormat
from datasets.serving.making import Block


class Format(Protocol):
    """How a cut becomes a file."""

    @property
    def extension(self) -> str: ...
    @property
    def content_type(self) -> str: ...
    @property
    def is_exact(self) -> bool:
        """Whether the size is that of the file, and no more than a bound."""

    def written_dtype(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """What the file holds for what is stored."""

    def size_bytes(self, cut: Cut) -> int:
        """Of the file."""

    def blocks(self, cut: Cut, reader: CutReader) -> Generator[Block]:
        """The file's bytes in order, the first block with voxels in it."""


@dataclass(frozen=True)
class PlaneFormat:
    """A header, and behind it the voxels in C order, (z, y, x)."""

    extension: str
    content_type: str
    header: Callable[[Cut, np.dtype[Any]], bytes]
    dtypes: Mapping[str, str]
    """Stored types, by NumPy's name, that are written as another."""
    is_exact: bool = True

    def written_dtype(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        return np.dtype(self.dtypes.get(dtype.name, dtype.name)).newbyteorder("<")

    def size_bytes(self, cut: Cut) -> int:
        dtype = self.written_dtype(cut.dtype)
        return len(self.header(cut, dtype)) + cut.voxels.voxel_count * dtype.itemsize

    def blocks(self, cut: Cut, reader: CutReader) -> Generator[Block]:
        header, planes = self.header(cut, reader.dtype), reader.planes()
        yield b"".join((header, next(planes)))
        yield from planes


def _npy(cut: Cut, dtype: np.dtype[Any]) -> bytes:
    return npy_header(cut.shape_zyx, dtype)


FORMATS: Mapping[str, Format] = {
    "npy": PlaneFormat("npy", "application/x-npy", _npy, {}),
    "tiff": PlaneFormat("tif", "image/tiff", tiff_header, TIFF_DTYPES),
    "nifti": PlaneFormat("nii", "application/x-nifti", nifti_header, NIFTI_DTYPES),
    "zarr": ZarrZipFormat(),
}
