"""The SHA-256 of all objects of a published version, from which its manifests are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasets.catalogue.actions.manifests import make_manifest
from datasets.catalogue.models import DatasetVersion
from datasets.processing.recipe import Estimate
from datasets.processing.runs import Run
from datasets.storage.inventory_drafts import Progress


def estimate(version: DatasetVersion, parameters: Mapping[str, Any]) -> Estimate:
    return Estimate(memory_bytes=64 * 1024**2, said=("Reads every object of the version once",))


def run(run: Run) -> None:
    def show(progress: Progress) -> None:
        if progress.total is None:
            run.show("Listing the objects", done=progress.done.objects, unit="objects")
        else:
            run.show(
                "Reading the objects",
                before=progress.before.size_bytes,
                done=progress.done.size_bytes,
                total=progress.total.size_bytes,
                unit="bytes",
            )

    version = run.version()
    made = make_manifest(reference=str(version), scratch=run.scratch, show=show, by=None)
    found = {
        "root_digest": made.version.manifest_digest,
        "objects": made.extent.objects,
        "size_bytes": made.extent.size_bytes,
    }
    with run.commit(found):
        pass  # the manifest is in its place by now, and is the same however often it is made
