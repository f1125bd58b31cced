"""The grey values between which images are shown: percentiles of a whole level, instead of a sample of its middle."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.models.volume import IMAGE_KINDS
from datasets.catalogue.queries.names import NameUnknown
from datasets.catalogue.queries.places import place_of_level
from datasets.processing.actions.windows import Window, set_windows
from datasets.processing.blocks import Pool, open_pool, run_blocks
from datasets.processing.counting import CountedBlock, count_block
from datasets.processing.recipe import Estimate, NotForThis
from datasets.processing.runs import Run
from datasets.volumes.contrast import PERCENTILES, window_between
from datasets.volumes.grids import ChunkGrid
from datasets.volumes.value_counts import Selection, ValueCounts, passes_of

ENOUGH_VOXELS = 16 * 1024**2
"""The coarsest level that has so many is looked at, the finest where none has."""

MOST_VOXELS = 1024**3
"""Of a level that has more, blocks are looked at that lie evenly all over it."""

BLOCK_SIDE = 256


@dataclass(frozen=True)
class _Image:
    """One channel of a volume, and the blocks of one level that its window is found in."""

    volume: Volume
    channel: int | None
    root: str
    key: str
    blocks: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]

    @property
    def voxels(self) -> int:
        """What is read, all passes together."""
        sizes = (math.prod(b - a for a, b in zip(start, stop, strict=True)) for start, stop in self.blocks)
        return passes_of(self.volume.dtype) * sum(sizes)


def estimate(version: DatasetVersion, parameters: Mapping[str, Any]) -> Estimate:
    images = _images(version, parameters.get("path", ""))
    block_bytes = max(BLOCK_SIDE**3 * np.dtype(image.volume.dtype).itemsize for image in images)
    return Estimate(
        reads_bytes=sum(image.voxels * np.dtype(image.volume.dtype).itemsize for image in images),
        memory_bytes=4 * block_bytes,
        blocks=sum(passes_of(image.volume.dtype) * len(image.blocks) for image in images),
        said=tuple(f"{image.key}: {len(image.blocks)} blocks" for image in images),
    )


def run(run: Run) -> None:
    """What was counted is in memory alone: an attempt after another begins anew, and reads a level once more."""
    version = run.version()
    images = _images(version, run.parameters.get("path", ""))
    total, done = sum(image.voxels for image in images), 0
    windows = []
    with open_pool(run, reads_bytes=0) as pool:
        for image in images:
            low, high = _window_of(run, pool, image, done=done, total=total)
            windows.append(Window(image.volume.path, image.volume.metadata_digest, image.channel, low, high))
            done += image.voxels
    outcome = {window.name: [window.low, window.high] for window in windows}
    with run.commit({"windows": outcome}):
        set_windows(version, windows, by=run.job.created_by)


def _window_of(run: Run, pool: Pool, image: _Image, *, done: int, total: int) -> tuple[float, float]:
    selection = Selection(image.volume.dtype)
    share = image.voxels // (passes_of(image.volume.dtype) * len(image.blocks))
    while not selection.is_done:
        run.resume("", len(image.blocks))  # each pass looks at all of them
        counts: list[ValueCounts] = []
        blocks = (
            CountedBlock(
                image.root, image.key, image.volume.zarr_format, start, stop, tuple(selection.prefixes), selection.turn
            )
            for start, stop in image.blocks
        )
        for _, counted in run_blocks(run, pool, count_block, enumerate(blocks)):
            counts = [reduce(add, counts, counted)]
            done += share
            run.show(f"Counting grey values of {image.volume.path}", done=done, total=total, unit="voxels")
        selection.take(counts[0], (0, *PERCENTILES, 100))
    return window_between(selection.values(), image.volume.dtype)


def _images(version: DatasetVersion, path: str) -> list[_Image]:
    """The channels that are looked at of one volume, or of all images where ``path`` is empty.

    Raises:
        NameUnknown: there is no such image with data here.
        NotForThis: there is none at all.
    """
    here = [it for it in version.volumes.all() if it.is_shown and not it.is_external and it.kind in IMAGE_KINDS]
    chosen = [volume for volume in here if path in ("", volume.path)]
    if path and not chosen:
        raise NameUnknown("image with data here", path, [volume.path for volume in here])
    if not chosen:
        raise NotForThis("It has no image whose data are here", where=str(version))
    return [_image(version, volume, channel) for volume in chosen for channel in _channels(volume)]


def _channels(volume: Volume) -> Iterator[int | None]:
    if not volume.channels:
        yield None
    yield from range(len(volume.channels))


def _image(version: DatasetVersion, volume: Volume, channel: int | None) -> _Image:
    level = next((it for it in reversed(volume.levels) if math.prod(it["shape"]) >= ENOUGH_VOXELS), volume.levels[0])
    root, key = place_of_level(version, volume, level)
    shape = tuple(level["shape"])
    whole = tuple(level["shard_shape"] or level["chunk_shape"])
    types = volume.axis_types or [None] * len(shape)
    sides, chosen = [], []
    for axis, each, size, type_ in zip(volume.axes, whole, shape, types, strict=True):
        if axis in level["scale_nm"]:
            sides.append(each * max(1, BLOCK_SIDE // each))
            chosen.append(range(-(-size // sides[-1])))
        else:
            at = channel or 0 if type_ == "channel" else 0
            sides.append(1)
            chosen.append(range(at, at + 1))
    grid = ChunkGrid(shape, tuple(sides))
    regions = [grid.slices(index) for index in itertools.product(*chosen)]
    boxes = [(tuple(it.start for it in region), tuple(it.stop for it in region)) for region in regions]
    return _Image(volume, channel, root.name, key, tuple(_spread(boxes, math.prod(sides))))


def _spread[Box](boxes: list[Box], voxels: int) -> list[Box]:
    """As many of them as may be looked at, evenly."""
    most = max(1, MOST_VOXELS // voxels)
    if len(boxes) <= most:
        return boxes
    return [boxes[at * len(boxes) // most] for at in range(most)]
