"""The chunks of an array, decoded, as what lies in space: (z, y, x) at one place along the other axes.

They are kept (block_cache.py) under what they cannot outlive:

- In the portal's own root a published revision is never written again: its chunks are kept as long as there is room.
- A file elsewhere may be replaced: its chunks are kept while its inode, its size and both its times are the same, and
  if it had been quiet for two seconds when it was read.
- An object in a bucket elsewhere would have to be asked for each time: of a published version its chunks are kept for a
  minute, far below the hour that caches may keep what is sent of it. Those of a draft are kept for one picture.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datasets.storage.arrays import ArrayForm, ReadableArray, metadata_name, open_array
from datasets.storage.block_cache import Block, BlockCache, block_cache
from datasets.storage.files import local_folder
from datasets.storage.keys import join_key
from datasets.storage.roots import Root
from datasets.volumes.grids import ChunkGrid, Index
from datasets.volumes.sampling import as_sampled, sampled_type

KEPT_S = 60
QUIET_NS = 2_000_000_000
PASSING = object()
"""The state of what may be another the next time."""

PASSING_BYTES = 64 * 1024**2
"""Of that so much is kept for the picture that is being made, beside what is kept for all."""

MOST_OPEN = 256
"""So many arrays' metadata are remembered."""

_opened: OrderedDict[Hashable, ReadableArray] = OrderedDict()
_opening = threading.Lock()


@dataclass(frozen=True)
class ArrayPlace:
    """An array in a root. ``is_published``: it belongs to a version that has a number, so it is meant not to change.

    ``axes`` names its axes in stored order; along those that are not x, y or z, ``elements`` says which one is meant.
    ``form`` is what it must be.
    """

    root: Root
    key: str
    zarr_format: int
    axes: tuple[str, ...]
    form: ArrayForm
    elements: Mapping[str, int] = field(default_factory=dict, hash=False)
    is_published: bool = True


class ArrayBlocks:
    """The chunks of one array, for as long as one picture takes: a file is looked at once.

    Raises:
        StorageError: the array's metadata cannot be read; when reading, a chunk cannot be.
        ObjectChanged: it has another form than the catalogue says.
    """

    def __init__(self, place: ArrayPlace) -> None:
        self._place = place
        self._passing = BlockCache(PASSING_BYTES)
        self._lasts = place.root.is_own and place.is_published
        self._states: dict[str, Hashable] = {}
        self._array, self._metadata_state = self._open()
        self._array.require_form(place.form)
        array = self._array.array
        self._spatial = [place.axes.index(axis) for axis in "zyx" if axis in place.axes]
        self._missing = 3 - len(self._spatial)
        self.grid = ChunkGrid(self._in_space(array.shape), self._in_space(array.chunks))
        self.dtype: np.dtype[np.generic] = array.dtype
        self.sampled_type = sampled_type(self.dtype)
        elements = tuple(self._element(axis) for axis in place.axes if axis not in "xyz")
        self._name = (place.root.name, place.root.url, place.root.endpoint, place.key, self._metadata_state, elements)
        self._object_shape = array.shards or array.chunks

    def read(self, indices: Sequence[Index]) -> dict[Index, Block]:
        """The chunks at ``indices`` of the grid: contiguous, native (z, y, x); None where all voxels are 0."""
        keys = {self._key(index): index for index in indices}

        def decode(wanted: list[tuple[Hashable, ...]]) -> dict[tuple[Hashable, ...], Block]:
            parts = self._array.read_together([self._selection(keys[key]) for key in wanted])
            return {key: self._as_block(part) for key, part in zip(wanted, parts, strict=True)}

        lasting = [key for key in keys if PASSING not in (key[-1], self._metadata_state)]
        blocks = block_cache().get(lasting, decode)
        blocks |= self._passing.get([key for key in keys if key not in blocks], decode)
        return {keys[key]: block for key, block in blocks.items()}

    def _key(self, index: Index) -> tuple[Hashable, ...]:
        """What a chunk is kept under: where it lies, which elements of other axes it shows, and its object's state."""
        if self._lasts:
            return (self._name, index)
        first = tuple(taken.start if isinstance(taken, slice) else taken for taken in self._selection(index))
        of_object = tuple(at // size for at, size in zip(first, self._object_shape, strict=True))
        key = join_key(self._place.key, self._array.array.metadata.encode_chunk_key(of_object))
        return (self._name, index, self._state(key))

    def _state(self, key: str) -> Hashable:
        if key not in self._states:
            self._states[key] = self._state_now(key)
        return self._states[key]

    def _state_now(self, key: str) -> Hashable:
        root = self._place.root
        if self._lasts:
            return "published"
        if root.path is not None:
            state = local_folder(root.path).state_of(key)
            is_quiet = state is None or state[-1] < time.time_ns() - QUIET_NS
            return ("file", state) if is_quiet else PASSING
        if self._place.is_published:
            return ("minute", time.monotonic() // KEPT_S)
        return PASSING

    def _open(self) -> tuple[ReadableArray, Hashable]:
        """The array, and the state of its metadata."""
        place = self._place
        state = self._state(join_key(place.key, metadata_name(place.zarr_format)))
        kept_under = (place.root, place.key, place.zarr_format, state)
        with _opening:
            if kept_under in _opened:
                _opened.move_to_end(kept_under)
                return _opened[kept_under], state
        array = open_array(place.root, place.key, zarr_format=place.zarr_format)
        if state is PASSING:
            return array, state
        with _opening:
            _opened[kept_under] = array
            while len(_opened) > MOST_OPEN:
                _opened.popitem(last=False)
        return array, state

    def _in_space(self, sizes: Sequence[int]) -> tuple[int, ...]:
        return (1,) * self._missing + tuple(sizes[axis] for axis in self._spatial)

    def _element(self, axis: str) -> int:
        return self._place.elements.get(axis, 0)

    def _selection(self, index: Index) -> tuple[slice | int, ...]:
        in_space = dict(zip(self._spatial, self.grid.slices(index)[self._missing :], strict=True))
        return tuple(
            in_space[number] if number in in_space else self._element(axis)
            for number, axis in enumerate(self._place.axes)
        )

    def _as_block(self, part: Any) -> Block:
        in_stored_order = sorted(self._spatial)
        voxels = np.transpose(part, [in_stored_order.index(axis) for axis in self._spatial])
        if not voxels.any():
            return None
        return as_sampled(voxels.reshape((1,) * self._missing + voxels.shape))
