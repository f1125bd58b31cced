"""TIFF as ImageJ writes it: a page for each z plane, voxel size and place in the first page's description.

Pages lie one behind the other, so ImageJ and tifffile read the stack in one piece. What does not fit into the 4 GiB in
which TIFF can say where a page is has one page alone, and says how many follow it: ImageJ's own way beyond that size,
which tifffile knows, too.

ImageJ opens whole numbers up to 32 bits and floats. Others of its types are written wider where that keeps every value;
64-bit whole numbers stay as they are, for TIFF readers other than ImageJ.
"""

import struct
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.serving.cutouts.plan import Cut, FormatUnfit

TIFF_DTYPES = {"bool": "uint8", "int8": "int16", "float16": "float32"}
"""Stored types that are written as another; every value stays."""

_SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}
_SHORT, _LONG, _RATIONAL, _ASCII = 3, 4, 5, 2
_MOST = 2**32 - 1
_MOST_BEFORE, _MOST_DIRECTORY = 4096, 256
_ALIGNED = 16

type _Entry = tuple[int, int, int, int]  # tag, type, count, value or its place


def tiff_header(cut: Cut, dtype: np.dtype[Any]) -> bytes:
    """What stands before the voxels.

    Raises:
        FormatUnfit: a plane has 4 GiB or more, or the values are no real numbers.
    """
    if dtype.kind not in _SAMPLE_FORMATS:
        raise FormatUnfit(
            f"TIFF holds real numbers, and these are {dtype.name}", where="format", fix="Take npy or zarr"
        )
    planes, height, width = cut.shape_zyx
    plane_bytes = height * width * dtype.itemsize
    if plane_bytes > _MOST:
        raise FormatUnfit("A plane of this box is too large for TIFF", where="format", fix="Take npy or zarr")
    fits = _MOST_BEFORE + planes * (plane_bytes + _MOST_DIRECTORY) <= _MOST
    return _layout(cut, dtype, _description(cut, planes), pages=planes if fits else 1)


def _layout(cut: Cut, dtype: np.dtype[Any], description: bytes, *, pages: int) -> bytes:
    """Header, shared values and directories, in this order; the voxels follow."""
    _, height, width = cut.shape_zyx
    plane_bytes = height * width * dtype.itemsize
    shared = [_rational(cut.voxel_nm[0]), _rational(cut.voxel_nm[1]), description]
    at_x, at_y, at_description, end = np.cumsum([8, *map(len, shared)]).tolist()
    first_directory = end + end % 2
    entries: list[_Entry] = [
        (254, _LONG, 1, 0),  # NewSubfileType
        (256, _LONG, 1, width),
        (257, _LONG, 1, height),
        (258, _SHORT, 1, dtype.itemsize * 8),  # BitsPerSample
        (259, _SHORT, 1, 1),  # Compression: none
        (262, _SHORT, 1, 1),  # PhotometricInterpretation: 0 is black
        (270, _ASCII, len(description), at_description),  # ImageDescription, on the first page alone
        (273, _LONG, 1, 0),  # StripOffsets, below
        (277, _SHORT, 1, 1),  # SamplesPerPixel
        (278, _LONG, 1, height),  # RowsPerStrip
        (279, _LONG, 1, plane_bytes),  # StripByteCounts
        (282, _RATIONAL, 1, at_x),  # XResolution: voxels in the unit that the description names
        (283, _RATIONAL, 1, at_y),  # YResolution
        (296, _SHORT, 1, 1),  # ResolutionUnit: none of TIFF's own
        (339, _SHORT, 1, _SAMPLE_FORMATS[dtype.kind]),
    ]
    first, other = _directory(entries), _directory([entry for entry in entries if entry[0] != 270])
    directories_end = first_directory + len(first) + len(other) * (pages - 1)
    first_voxel = -(-directories_end // _ALIGNED) * _ALIGNED
    # Of many pages only these two numbers differ.
    page = np.arange(pages, dtype=np.int64)
    strips = first_voxel + page * plane_bytes
    following = np.where(page + 1 < pages, first_directory + len(first) + page * len(other), 0)
    parts = [
        struct.pack("<2sHI", b"II", 42, first_directory),
        *shared,
        bytes(first_directory - end),
        _with_places(first, entries.index((273, _LONG, 1, 0)), strips[:1], following[:1]),
        _with_places(other, entries.index((273, _LONG, 1, 0)) - 1, strips[1:], following[1:]),
        bytes(first_voxel - directories_end),
    ]
    return b"".join(parts)


def _directory(entries: list[_Entry]) -> bytes:
    """A page's tags; the next page's place is still 0."""
    return struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)


def _with_places(directory: bytes, strip_entry: int, strips: NDArray[np.int64], following: NDArray[np.int64]) -> bytes:
    """A directory for each of ``strips``, its entry number ``strip_entry`` and the next page's place filled in."""
    pages = np.tile(np.frombuffer(directory, np.uint8), (len(strips), 1))
    at = 2 + 12 * strip_entry + 8
    for start, values in ((at, strips), (len(directory) - 4, following)):
        pages[:, start : start + 4] = values.astype("<u4").view(np.uint8).reshape(-1, 4)
    return pages.tobytes()


def _rational(voxel_nm: float) -> bytes:
    """Voxels per nm."""
    per_nm = 1 / Fraction(repr(voxel_nm))
    for most in (_MOST, 10**6, 1):
        near = per_nm.limit_denominator(most)
        if 0 < near.numerator <= _MOST:
            return struct.pack("<II", near.numerator, near.denominator)
    return struct.pack("<II", 1, _MOST)


def _description(cut: Cut, planes: int) -> bytes:
    """ImageJ's lines. An origin is the place of 0 nm, in voxels of the stack."""
    x, y, z = (-first / size if first else 0.0 for first, size in zip(cut.first_nm, cut.voxel_nm, strict=True))
    lines = [
        "ImageJ=1.54f",
        f"images={planes}",
        f"slices={planes}",
        "unit=nm",
        f"spacing={cut.voxel_nm[2]!r}",
        f"xorigin={x!r}",
        f"yorigin={y!r}",
        f"zorigin={z!r}",
        "loop=false",
    ]
    return "\n".join(lines).encode("ascii") + b"\n\0"
