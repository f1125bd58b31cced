"""NumPy's ``.npy``: (z, y, x) in C order, little-endian (numpy.lib.format, version 1.0)."""

import io
from typing import Any

import numpy as np

from datasets.volumes.boxes import Counts


def npy_header(shape_zyx: Counts, dtype: np.dtype[Any]) -> bytes:
    """What stands before the voxels."""
    file = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape_zyx}
    np.lib.format.write_array_header_1_0(file, described)
    return file.getvalue()
