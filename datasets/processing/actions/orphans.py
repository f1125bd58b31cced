"""What jobs have written and nothing refers to: found, and removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from datasets.catalogue.models import Mount
from datasets.processing.models import LIVE, Job, JobState
from datasets.storage.objects import check_root
from datasets.storage.removal import list_revisions, remove_drafts, remove_revision
from datasets.storage.roots import OWN_ROOT, get_root

KEPT_TO_GO_ON = timedelta(days=7)
"""What a failed job has done is kept so long: tried again, it goes on there."""


@dataclass(frozen=True)
class Orphan:
    """An output that nothing refers to, and what it is of."""

    prefix: str
    said: str


def find_orphans() -> Iterator[Orphan]:
    """Outputs that no version mounts, and no job will go on with.

    Raises:
        StorageError: they cannot be listed.
    """
    check_root(OWN_ROOT)
    for prefix in list_revisions(get_root(OWN_ROOT)):
        if not _is_mounted(prefix) and (said := _why_left(_job_of(prefix))):
            yield Orphan(prefix, said)


def remove_orphan(orphan: Orphan) -> bool:
    """Remove an output, if nothing refers to it still. Returns whether nothing did.

    Its job forgets first what it has done: tried again it begins anew, and never takes what is gone for done.

    Raises:
        StorageUnavailable: some of it is still there.
    """
    with transaction.atomic():
        job = _job_of(orphan.prefix, lock=True)
        if _is_mounted(orphan.prefix) or not _why_left(job):
            return False
        if job is not None:
            job.plan_digest, job.blocks_done = "", b""
            job.save(update_fields=["plan_digest", "blocks_done"])
    remove_revision(get_root(OWN_ROOT), orphan.prefix)
    return True


def remove_scratch(folder: Path) -> int:
    """Remove what ended jobs left on this machine, and killed processes in the own root. Returns how many things."""
    removed = remove_drafts(get_root(OWN_ROOT), older_than_s=86_400)
    for place in folder.iterdir() if folder.is_dir() else ():
        if not Job.objects.filter(uid=place.name).exclude(state=JobState.DONE).exists():
            shutil.rmtree(place, ignore_errors=True)
            removed += 1
    return removed


def _job_of(prefix: str, *, lock: bool = False) -> Job | None:
    jobs = Job.objects.select_for_update(of=("self",)) if lock else Job.objects.all()
    return jobs.filter(uid=prefix.rpartition("/")[2].partition("-")[0]).first()


def _is_mounted(prefix: str) -> bool:
    return Mount.objects.filter(Q(key=prefix) | Q(key__startswith=f"{prefix}/"), root=OWN_ROOT).exists()


def _why_left(job: Job | None) -> str:
    """Why nobody needs what a job has written; nothing where somebody may."""
    if job is None:
        return "its job is gone"
    if job.state in LIVE:
        return ""
    if job.state == JobState.FAILED and job.ended_at and job.ended_at > timezone.now() - KEPT_TO_GO_ON:
        return ""
    return {
        JobState.DONE: f"no version shows it any more ({job})",
        JobState.FAILED: f"its job failed ({job})",
        JobState.CANCELLED: f"its job was called off ({job})",
    }[JobState(job.state)]
