"""NIfTI in one file (.nii): axes x, y, z, in micrometres, with an affine that puts voxels where the dataset has them.

Micrometres, since readers that convert (ITK) get millimetres from them, and those that do not (nibabel) get numbers of
a size that float32 and matrix inversion take well. NIfTI-1, or NIfTI-2 where a side is longer than 32767 or a float32
would move the voxels. Fields by offset: nifti1.h and nifti2.h of the NIfTI Data Format Working Group.
"""

import struct
from typing import Any

import numpy as np

from datasets.serving.cutouts.plan import Cut, FormatUnfit

NIFTI_DTYPES = {"bool": "uint8", "float16": "float32"}
"""Stored types that are written as another; every value stays."""

_CODES = {
    "uint8": 2, "int16": 4, "int32": 8, "float32": 16, "complex64": 32, "float64": 64, "int8": 256, "uint16": 512,
    "uint32": 768, "int64": 1024, "uint64": 1280, "complex128": 1792,
}  # fmt: skip
_LABELS = 1002  # NIFTI_INTENT_LABEL
_MICRON = 3
_IN_SPACE = 1  # qform_code and sform_code: a place in the space of the instrument
_NM_PER_UNIT = 1000
_LONGEST_1 = 32767
_MOST_MOVED = 1e-3  # voxels


def nifti_header(cut: Cut, dtype: np.dtype[Any]) -> bytes:
    """What stands before the voxels.

    Raises:
        FormatUnfit: NIfTI has no such data type.
    """
    if dtype.name not in _CODES:
        raise FormatUnfit(f"NIfTI has no {dtype.name}", where="format", fix="Take npy or zarr")
    scale = tuple(size / _NM_PER_UNIT for size in cut.voxel_nm)
    shift = tuple(first / _NM_PER_UNIT for first in cut.first_nm)
    is_moved = any(abs(float(np.float32(at)) - at) > _MOST_MOVED * size for at, size in zip(shift, scale, strict=True))
    is_long = max(cut.shape_zyx) > _LONGEST_1
    return (_header_2 if is_long or is_moved else _header_1)(cut, dtype, scale, shift)


def _header_1(cut: Cut, dtype: np.dtype[Any], scale: tuple[float, ...], shift: tuple[float, ...]) -> bytes:
    header = bytearray(352)  # the last four: no extension follows
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *cut.shape_zyx[::-1], 1, 1, 1, 1)
    struct.pack_into("<hhh", header, 68, _LABELS if cut.is_labels else 0, _CODES[dtype.name], dtype.itemsize * 8)
    struct.pack_into("<8f", header, 76, 1, *scale, 0, 0, 0, 0)
    struct.pack_into("<fff", header, 108, len(header), 1, 0)  # vox_offset, scl_slope, scl_inter
    struct.pack_into("<b", header, 123, _MICRON)
    struct.pack_into("<80s", header, 148, _described(cut))
    struct.pack_into("<hh", header, 252, _IN_SPACE, _IN_SPACE)
    struct.pack_into("<6f", header, 256, 0, 0, 0, *shift)
    struct.pack_into("<12f", header, 280, *_rows(scale, shift))
    struct.pack_into("<4s", header, 344, b"n+1\0")
    return bytes(header)


def _header_2(cut: Cut, dtype: np.dtype[Any], scale: tuple[float, ...], shift: tuple[float, ...]) -> bytes:
    header = bytearray(544)
    struct.pack_into("<i8s", header, 0, 540, b"n+2\0\r\n\x1a\n")
    struct.pack_into("<hh", header, 12, _CODES[dtype.name], dtype.itemsize * 8)
    struct.pack_into("<8q", header, 16, 3, *cut.shape_zyx[::-1], 1, 1, 1, 1)
    struct.pack_into("<8d", header, 104, 1, *scale, 0, 0, 0, 0)
    struct.pack_into("<qdd", header, 168, len(header), 1, 0)
    struct.pack_into("<80s", header, 240, _described(cut))
    struct.pack_into("<ii", header, 344, _IN_SPACE, _IN_SPACE)
    struct.pack_into("<6d", header, 352, 0, 0, 0, *shift)
    struct.pack_into("<12d", header, 400, *_rows(scale, shift))
    struct.pack_into("<ii", header, 500, _MICRON, _LABELS if cut.is_labels else 0)
    return bytes(header)


def _rows(scale: tuple[float, ...], shift: tuple[float, ...]) -> list[float]:
    """The first three rows of the affine."""
    return [
        scale[row] if column == row else 0.0 if column < 3 else shift[row] for row in range(3) for column in range(4)
    ]


def _described(cut: Cut) -> bytes:
    return cut.stem.encode("ascii")[:79]
