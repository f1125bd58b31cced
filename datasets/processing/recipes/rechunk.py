"""Volumes in chunks and shards that browsers read well, mounted in place of the given ones: the same voxels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from datasets.catalogue.models import DatasetVersion
from datasets.processing.actions.overlays import mount_overlay, write_rechunked
from datasets.processing.blocks import open_pool, run_blocks
from datasets.processing.outputs import output_prefix, read_outputs
from datasets.processing.rechunk_plans import RechunkedLevel, RechunkPlan, plan_rechunking
from datasets.processing.rechunking import rechunk_block
from datasets.processing.recipe import Estimate
from datasets.processing.runs import Run
from datasets.storage.arrays import metadata_name, read_document
from datasets.storage.derived_arrays import write_document
from datasets.storage.keys import join_key
from datasets.storage.objects import check_root
from datasets.storage.roots import OWN_ROOT, get_root


def estimate(version: DatasetVersion, parameters: Mapping[str, Any]) -> Estimate:
    plan = plan_rechunking(version, parameters.get("path", ""))
    size_bytes = sum(level.size_bytes for level in plan.levels)
    return Estimate(
        reads_bytes=size_bytes,
        writes_bytes=size_bytes,
        memory_bytes=4 * max(level.block_bytes for level in plan.levels),
        blocks=plan.block_count,
        said=tuple(f"{level.key}: {level.grid.total} blocks" for level in plan.levels),
    )


def run(run: Run) -> None:
    version = run.version()
    plan = plan_rechunking(version, run.parameters.get("path", ""))
    check_root(OWN_ROOT)
    prefix = output_prefix(run, plan.digest)
    run.resume(plan.digest, plan.block_count)
    for level in plan.levels:
        metadata = join_key(prefix, level.key, metadata_name(level.zarr_format))
        write_document(get_root(OWN_ROOT), metadata, level.document)
        _keep_attributes(level, prefix)
    _write_levels(run, plan, prefix)
    overlay = write_rechunked(version, plan, prefix)
    outputs = read_outputs(run, prefix)
    with run.commit({"prefix": prefix, **asdict(outputs)}):
        mount_overlay(overlay, revision=prefix.rpartition("/")[2], by=run.job.created_by)


def _keep_attributes(level: RechunkedLevel, prefix: str) -> None:
    """Those of a v2 array, which lie beside its metadata."""
    given = read_document(get_root(level.source_root), join_key(level.source, ".zattrs"))
    if level.zarr_format == 2 and given is not None:
        write_document(get_root(OWN_ROOT), join_key(prefix, level.key, ".zattrs"), given[0])


def _write_levels(run: Run, plan: RechunkPlan, prefix: str) -> None:
    share = [level.size_bytes // level.grid.total for level in plan.levels for _ in range(level.grid.total)]
    total = sum(share)
    done = before = sum(size for number, size in enumerate(share) if run.is_done(number))
    first = 0
    with open_pool(run, reads_bytes=total) as pool:
        for level in plan.levels:
            for number, _ in run_blocks(run, pool, rechunk_block, enumerate(level.blocks(prefix), start=first)):
                done += share[number]
                run.show(f"Writing {level.key}", done=done, total=total, before=before, unit="bytes")
            first += level.grid.total
