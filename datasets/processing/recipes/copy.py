"""Everything of a draft that lies in others' roots, copied into the portal's own, and mounted there instead."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.mounts import mounts_of
from datasets.processing.actions.copies import Place, mount_copies
from datasets.processing.blocks import open_pool, run_blocks
from datasets.processing.outputs import output_prefix, read_outputs
from datasets.processing.recipe import Estimate, NotForThis
from datasets.processing.runs import Run
from datasets.storage.copies import SMALL_BYTES, ObjectCopy, copy_object
from datasets.storage.entries import Entry
from datasets.storage.errors import ObjectChanged
from datasets.storage.inventory import list_objects
from datasets.storage.keys import join_key
from datasets.storage.objects import check_root
from datasets.storage.roots import OWN_ROOT


@dataclass(frozen=True)
class _Plan:
    """What there is to copy, under a digest of the listing: keys, sizes and tags."""

    digest: str
    objects: int
    size_bytes: int


def estimate(version: DatasetVersion, parameters: Mapping[str, Any]) -> Estimate:
    plan = _plan(version)
    return Estimate(
        reads_bytes=plan.size_bytes, writes_bytes=plan.size_bytes, memory_bytes=8 * SMALL_BYTES, blocks=plan.objects
    )


def run(run: Run) -> None:
    version = run.version()
    places = _foreign(version)
    run.show("Listing the objects")
    plan = _plan(version)
    check_root(OWN_ROOT)
    prefix = output_prefix(run, plan.digest)
    run.resume(plan.digest, plan.objects)
    before = done = sum(entry.size_bytes for number, (entry, _) in enumerate(_listed(version)) if run.is_done(number))
    with open_pool(run, reads_bytes=0) as pool:  # threads: all of the time is waiting
        sizes: dict[int, int] = {}
        for number, _ in run_blocks(run, pool, copy_object, _copies(version, prefix, sizes)):
            done += sizes.pop(number)
            run.show("Copying", done=done, total=plan.size_bytes, before=before, unit="bytes")
    if _plan(version) != plan:
        raise ObjectChanged(
            "The objects are not those any more that were listed",
            where=str(version),
            fix="Run it again when nobody writes there",
        )
    outputs = read_outputs(run, prefix)
    with run.commit({"prefix": prefix, **asdict(outputs)}):
        mount_copies(version, places, prefix=prefix, by=run.job.created_by)


def _foreign(version: DatasetVersion) -> list[Place]:
    """The mounts of what lies in others' roots.

    Raises:
        NotForThis: there are none.
    """
    places = [Place(row.pk, row.root, row.key) for row in version.mounts.all() if row.root != OWN_ROOT]
    if not places:
        raise NotForThis("All of its data are in the portal's own root", where=str(version))
    return places


def _listed(version: DatasetVersion) -> Iterator[tuple[Entry, tuple[str, str]]]:
    """Each object that is shown from another's root, with its root and key there."""
    mounts, roots = mounts_of(version), {(row.path, row.single): row.root for row in version.mounts.all()}
    for entry in list_objects(mounts):
        mount = mounts.find_mount(entry.key)
        assert mount is not None, "it is listed"
        if not mount.immutable:
            yield entry, (roots[mount.path, mount.single], mount.storage_key(entry.key))


def _plan(version: DatasetVersion) -> _Plan:
    _foreign(version)
    digest, count, size_bytes = hashlib.sha256(), 0, 0
    for entry, (root, key) in _listed(version):
        digest.update(f"{entry.key}\t{entry.size_bytes}\t{entry.etag}\t{root}\t{key}\n".encode())
        count, size_bytes = count + 1, size_bytes + entry.size_bytes
    return _Plan(digest.hexdigest(), count, size_bytes)


def _copies(version: DatasetVersion, prefix: str, sizes: dict[int, int]) -> Iterator[tuple[int, ObjectCopy]]:
    """All of them, numbered; ``sizes`` remembers those that are on their way."""
    for number, (entry, (root, key)) in enumerate(_listed(version)):
        sizes[number] = entry.size_bytes
        yield number, ObjectCopy(root, key, join_key(prefix, entry.key), entry.size_bytes)
