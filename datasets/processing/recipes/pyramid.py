"""Coarser levels for volumes that lack them: means of images, modes of labels, mounted beside the given data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasets.catalogue.models import DatasetVersion
from datasets.processing.coarsening import make_block
from datasets.processing.making import make_arrays
from datasets.processing.pyramid_plans import VOXELS_PER_SECOND, plan_pyramids
from datasets.processing.recipe import Estimate
from datasets.processing.runs import Run


def estimate(version: DatasetVersion, parameters: Mapping[str, Any]) -> Estimate:
    plan = plan_pyramids(version, parameters.get("path", ""))
    return Estimate(
        reads_bytes=plan.reads_bytes,
        writes_bytes=plan.reads_bytes // 8,
        memory_bytes=3 * plan.largest_block_bytes,  # as it is read and decoded, and what is written
        blocks=plan.block_count,
        seconds=sum(level.voxels for level in plan.arrays) / VOXELS_PER_SECOND,
        said=tuple(f"{level.key}: {' × '.join(map(str, level.shape))}, {level.method}" for level in plan.arrays),
    )


def run(run: Run) -> None:
    version = run.version()
    make_arrays(run, version, plan_pyramids(version, run.parameters.get("path", "")), make_block)
