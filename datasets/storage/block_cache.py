"""Decoded chunks kept within a bound of memory, for all threads of a process."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Block = NDArray[np.generic] | None
"""The voxels of a chunk; None where all are 0."""

ENTRY_BYTES = 500
"""What an entry takes beside its voxels, about."""


class BlockCache:
    """Blocks by key, those used last within ``most_bytes``. Who asks for one that is being decoded waits for it.

    A key must name what can never have other content.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.held_bytes = 0
        self._kept: OrderedDict[Hashable, Block] = OrderedDict()
        self._coming: dict[Hashable, Future[Block]] = {}
        self._lock = threading.Lock()

    def get[Key: Hashable](
        self, keys: Sequence[Key], decode: Callable[[list[Key]], Mapping[Key, Block]]
    ) -> dict[Key, Block]:
        """The blocks of ``keys``, each different; ``decode`` is called at most once, with those that are needed.

        What ``decode`` raises is raised here, and by everyone who waits for the same block; it is not kept.
        """
        found: dict[Key, Block] = {}
        awaited: dict[Key, Future[Block]] = {}
        own: dict[Key, Future[Block]] = {}
        with self._lock:
            for key in keys:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    found[key] = self._kept[key]
                elif key in self._coming:
                    awaited[key] = self._coming[key]
                else:
                    own[key] = self._coming[key] = Future()
        if own:
            # Before waiting for others: whoever waits has nothing that others wait for.
            found.update(self._decode(own, decode))
        for key, future in awaited.items():
            found[key] = future.result()
        return found

    def _decode(
        self, own: Mapping[Any, Future[Block]], decode: Callable[[list[Any]], Mapping[Any, Block]]
    ) -> Mapping[Any, Block]:
        try:
            blocks = decode(list(own))
        except BaseException as error:
            with self._lock:
                for key in own:
                    del self._coming[key]
            for future in own.values():
                future.set_exception(error)
            raise
        with self._lock:
            for key in own:
                self._keep(key, blocks[key])
                del self._coming[key]
        for key, future in own.items():
            future.set_result(blocks[key])
        return blocks

    def _keep(self, key: Hashable, block: Block) -> None:
        size = _size(block)
        if size > self.most_bytes:
            return
        self._kept[key] = block
        self.held_bytes += size
        while self.held_bytes > self.most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self.held_bytes -= _size(oldest)


def _size(block: Block) -> int:
    return ENTRY_BYTES + (block.nbytes if block is not None else 0)


_cache = BlockCache(0)


def configure_block_cache(most_bytes: int) -> None:
    """Replace the cache of this process by one of another size."""
    global _cache
    _cache = BlockCache(most_bytes)


def block_cache() -> BlockCache:
    """The cache of this process."""
    return _cache
