"""Outputs that nothing refers to are found and removed; what is mounted, or may be gone on with, stays."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from datasets.catalogue.models import DatasetVersion, Mount
from datasets.processing.actions.jobs import retry
from datasets.processing.models import Job, JobState, new_uid
from datasets.storage.removal import list_revisions
from datasets.storage.roots import OWN_ROOT, get_root

pytestmark = pytest.mark.django_db


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("gc", *arguments, stdout=out)
    return out.getvalue()


def output_of(own: Path, state: JobState, version: DatasetVersion, *, days: int = 0) -> tuple[Job, str]:
    """A job in a state, and what it has written."""
    uid = new_uid()
    ended = None if state in (JobState.WAITING, JobState.RUNNING) else timezone.now() - timedelta(days=days)
    job = Job.objects.create(
        uid=uid, recipe="pyramid", subject=uid, parameters_digest=uid, version=version, dataset=version.dataset,
        state=state, ended_at=ended, worker="a", plan_digest="f" * 64, blocks_done=b"\x07",
    )  # fmt: skip
    prefix = f"derived/pyramid/{uid}-ffffffffffff"
    (own / prefix / "em" / "1").mkdir(parents=True)
    (own / prefix / "em" / "1" / "zarr.json").write_text("{}")
    return job, prefix


def test_only_what_nobody_needs_is_removed(draft: DatasetVersion, data_root: Path) -> None:
    own = data_root.parent / "own"
    kept = [
        output_of(own, JobState.WAITING, draft)[1],
        output_of(own, JobState.RUNNING, draft)[1],
        output_of(own, JobState.FAILED, draft, days=2)[1],
    ]
    _, mounted = output_of(own, JobState.DONE, draft)
    Mount.objects.create(version=draft, path="em/1", root=OWN_ROOT, key=f"{mounted}/em/1")
    left = [
        output_of(own, JobState.DONE, draft)[1],
        output_of(own, JobState.CANCELLED, draft)[1],
        output_of(own, JobState.FAILED, draft, days=30)[1],
    ]
    unknown = "derived/pyramid/0123456789abcdef-000000000000"
    (own / unknown).mkdir(parents=True)
    given = sorted(path for path in data_root.rglob("*"))

    told = said()
    assert all(prefix in told for prefix in (*left, unknown))
    assert not any(prefix in told for prefix in (*kept, mounted))
    assert set(list_revisions(get_root(OWN_ROOT))) == {*kept, *left, mounted, unknown}, "nothing is removed unasked"

    said("--remove")
    assert set(list_revisions(get_root(OWN_ROOT))) == {*kept, mounted}
    assert sorted(path for path in data_root.rglob("*")) == given
    assert said() == "Nothing is left over\n"


def test_what_is_tried_again_does_not_take_for_done_what_is_gone(draft: DatasetVersion, data_root: Path) -> None:
    job, _ = output_of(data_root.parent / "own", JobState.CANCELLED, draft)
    said("--remove")
    again = retry(uid=job.uid, by=None)
    assert (again.plan_digest, bytes(again.blocks_done)) == ("", b"")
