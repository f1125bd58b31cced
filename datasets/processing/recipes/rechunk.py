"""Volumes in chunks and shards that browsers read well, mounted in place of the given ones: the same voxels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasets.catalogue.models import DatasetVersion
from datasets.processing.making import make_arrays
from datasets.processing.rechunk_plans import plan_rechunking
from datasets.processing.rechunking import rechunk_block
from datasets.processing.recipe import Estimate
from datasets.processing.runs import Run


def estimate(version: DatasetVersion, parameters: Mapping[str, Any]) -> Estimate:
    plan = plan_rechunking(version, parameters.get("path", ""))
    return Estimate(
        reads_bytes=plan.reads_bytes,
        writes_bytes=plan.reads_bytes,
        memory_bytes=4 * plan.largest_block_bytes,  # as it is read, decoded, encoded, and read back
        blocks=plan.block_count,
        said=tuple(f"{array.key}: {array.grid.total} blocks" for array in plan.arrays),
    )


def run(run: Run) -> None:
    version = run.version()
    make_arrays(run, version, plan_rechunking(version, run.parameters.get("path", "")), rechunk_block)
