"""Plain facts of a stored array. ``storage`` reads them, the checks and the pages use them."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ArrayFacts:
    """What the metadata of one Zarr array says; nothing here needs its chunks.

    Shapes are in stored axis order. ``dtype`` is NumPy's name without byte order (``"uint16"``). ``codecs`` are the ids
    as the metadata spells them, in the order of encoding; for a sharded array those inside a shard; for Zarr v2, the
    compressor. ``shard_codecs`` are those around whole shards, in v3. ``filters`` are those of Zarr v2, always empty in
    v3. ``shard_shape`` is None where each chunk is an object of its own.
    """

    shape: tuple[int, ...]
    dtype: str
    chunk_shape: tuple[int, ...]
    zarr_format: int
    shard_shape: tuple[int, ...] | None = None
    codecs: tuple[str, ...] = ()
    shard_codecs: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    dimension_names: tuple[str | None, ...] | None = None
    dimension_separator: str = "/"
    fill_value: object = 0

    @property
    def size_bytes(self) -> int:
        """Bytes of the uncompressed array; 0 where the data type (text, say) has no size that its name tells."""
        try:
            itemsize = np.dtype(self.dtype).itemsize
        except TypeError:
            return 0
        return math.prod(self.shape) * itemsize
