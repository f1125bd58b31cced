"""What a job has written below its own prefix of the portal's root: nobody sees it before it is mounted."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from datasets.catalogue.models import Mount as Row
from datasets.catalogue.queries.mounts import mount_of
from datasets.processing.runs import Run
from datasets.storage.digests import hash_objects
from datasets.storage.inventory import checksum_line, list_objects
from datasets.storage.mounts import Mounts
from datasets.storage.removal import DERIVED
from datasets.storage.roots import OWN_ROOT


@dataclass(frozen=True)
class Outputs:
    """All objects below a prefix; ``digest`` is that of their lines as ``sha256sum`` writes them, as of a manifest."""

    digest: str
    objects: int
    size_bytes: int


def output_prefix(run: Run, plan_digest: str) -> str:
    """Where the outputs of a job go: a place that no other job, and no other plan of it, ever has."""
    return f"{DERIVED}/{run.recipe.name}/{run.job.uid}-{plan_digest[:12]}"


def read_outputs(run: Run, prefix: str) -> Outputs:
    """Read everything below ``prefix`` once more.

    Raises:
        StorageError: an object cannot be read.
    """
    mounts = Mounts((mount_of(Row(path="", root=OWN_ROOT, key=prefix)),))
    count, size_bytes, together = 0, 0, sha256()
    for entry, digest in hash_objects(mounts, list_objects(mounts)):  # in the order of their keys
        count, size_bytes = count + 1, size_bytes + entry.size_bytes
        together.update(checksum_line(digest.hex(), entry.key).encode())
        run.show("Reading what was written", done=count, unit="objects")
    return Outputs(together.hexdigest(), count, size_bytes)
