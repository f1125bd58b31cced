"""Coarser levels for volumes that lack them: means of images, modes of labels, mounted beside the given data."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from datasets.catalogue.models import DatasetVersion
from datasets.processing.actions.overlays import mount_overlay, write_overlay
from datasets.processing.blocks import open_pool, run_blocks
from datasets.processing.coarsening import make_block
from datasets.processing.outputs import output_prefix, read_outputs
from datasets.processing.pyramid_plans import VOXELS_PER_SECOND, PyramidPlan, plan_pyramids
from datasets.processing.recipe import Estimate
from datasets.processing.runs import Run
from datasets.storage.arrays import metadata_name
from datasets.storage.derived_arrays import write_document
from datasets.storage.keys import join_key
from datasets.storage.objects import check_root
from datasets.storage.roots import OWN_ROOT, get_root


def estimate(version: DatasetVersion, parameters: Mapping[str, Any]) -> Estimate:
    plan = plan_pyramids(version, parameters.get("path", ""))
    voxels = sum(level.voxels for level in plan.levels)
    return Estimate(
        reads_bytes=_reads_bytes(plan),
        writes_bytes=_reads_bytes(plan) // 8,
        memory_bytes=_memory_bytes(plan),
        blocks=plan.block_count,
        seconds=voxels / VOXELS_PER_SECOND,
        said=tuple(f"{level.key}: {' × '.join(map(str, level.shape))}, {level.method}" for level in plan.levels),
    )


def _memory_bytes(plan: PyramidPlan) -> int:
    """Of one process that makes one block: what is read, as it is read and decoded, and what is written."""
    return 3 * max(level.block_bytes for level in plan.levels)


def run(run: Run) -> None:
    version = run.version()
    plan = plan_pyramids(version, run.parameters.get("path", ""))
    check_root(OWN_ROOT)
    prefix = output_prefix(run, plan.digest)
    run.resume(plan.digest, plan.block_count)
    for level in plan.levels:
        metadata = join_key(prefix, level.key, metadata_name(level.zarr_format))
        write_document(get_root(OWN_ROOT), metadata, level.document)
    _make_levels(run, plan, prefix)
    overlay = write_overlay(version, plan, prefix)
    outputs = read_outputs(run, prefix)
    with run.commit({"prefix": prefix, **asdict(outputs)}):
        mount_overlay(overlay, revision=prefix.rpartition("/")[2], by=run.job.created_by)


def _make_levels(run: Run, plan: PyramidPlan, prefix: str) -> None:
    firsts = list(itertools.accumulate((level.grid.total for level in plan.levels), initial=0))
    voxels = [level.voxels / level.grid.total for level in plan.levels for _ in range(level.grid.total)]
    done = before = sum(of_block for number, of_block in enumerate(voxels) if run.is_done(number))
    with open_pool(run, reads_bytes=_reads_bytes(plan)) as pool:
        for first, level in zip(firsts[:-1], plan.levels, strict=True):
            phase = f"{level.key}: {' × '.join(map(str, level.shape))}"
            for number, _ in run_blocks(run, pool, make_block, enumerate(level.blocks(prefix), start=first)):
                done += voxels[number]
                run.show(phase, done=round(done), total=round(sum(voxels)), before=round(before), unit="voxels")


def _reads_bytes(plan: PyramidPlan) -> int:
    return sum(level.voxels * level.itemsize for level in plan.levels)
