"""Making the arrays of a plan, block by block, and mounting them: what the recipes of arrays have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from datasets.catalogue.models import DatasetVersion
from datasets.processing.actions.overlays import mount_overlay, write_overlay
from datasets.processing.array_plans import ArrayPlan, ArraysPlan
from datasets.processing.blocks import open_pool, run_blocks
from datasets.processing.outputs import output_prefix, read_outputs
from datasets.processing.runs import Run
from datasets.storage.derived_arrays import write_document
from datasets.storage.keys import join_key
from datasets.storage.objects import check_root
from datasets.storage.roots import OWN_ROOT, get_root


def make_arrays[Array: ArrayPlan](
    run: Run, version: DatasetVersion, plan: ArraysPlan[Array], make_block: Callable[[Any], None]
) -> None:
    """Make what is planned for a draft, verify it, and mount it; from the blocks on that are not done.

    Args:
        make_block: makes one of the blocks that the arrays name.

    Raises:
        DraftMoved: the draft is not what it was; it shows nothing of this.
        LeaseLost, JobCancelled, WorkerStops, ClusterLost, StorageError
    """
    check_root(OWN_ROOT)
    prefix = output_prefix(run, plan.digest)
    run.resume(plan.digest, plan.block_count)
    for array in plan.arrays:
        for name, document in array.documents:
            write_document(get_root(OWN_ROOT), join_key(prefix, array.key, name), document)
    _make_blocks(run, plan, prefix, make_block)
    overlay = write_overlay(version, plan, prefix)
    outputs = read_outputs(run, prefix)
    with run.commit({"prefix": prefix, **asdict(outputs)}):
        mount_overlay(overlay, revision=prefix.rpartition("/")[2], by=run.job.created_by)


def _make_blocks[Array: ArrayPlan](
    run: Run, plan: ArraysPlan[Array], prefix: str, make_block: Callable[[Any], None]
) -> None:
    voxels = [array.voxels / array.grid.total for array in plan.arrays for _ in range(array.grid.total)]
    done = before = sum(of_block for number, of_block in enumerate(voxels) if run.is_done(number))
    first = 0
    with open_pool(run, reads_bytes=plan.reads_bytes) as pool:
        for array in plan.arrays:  # one after another: a level may be made of the one before
            phase = f"{array.key}: {' × '.join(map(str, array.shape))}"
            for number, _ in run_blocks(run, pool, make_block, enumerate(array.blocks(prefix), start=first)):
                done += voxels[number]
                run.show(phase, done=round(done), total=round(sum(voxels)), before=round(before), unit="voxels")
            first += array.grid.total
