"""What is published is read again, a part at a time, and an alarm raised when it is not what it was."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from datasets.catalogue.models import AuditEvent, DatasetVersion
from datasets.processing.actions.alarms import enqueue_due_audit
from datasets.processing.actions.jobs import enqueue
from datasets.processing.models import Alarm, Job
from datasets.processing.recipes.audit import PARTS
from datasets.storage.errors import StorageUnavailable
from tests.processing.running import run_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def hashed(small_cell: DatasetVersion, tmp_path: Path) -> DatasetVersion:
    """small-cell@1 with its digests."""
    run_job(enqueue(recipe="manifest", reference="small-cell", by=None)[0], tmp_path / "scratch")
    return small_cell


def audit_all(folder: Path) -> list[Job]:
    """As many audits as it takes to read everything once."""
    return [run_job(enqueue(recipe="audit", reference="small-cell", by=None)[0], folder) for _ in range(PARTS)]


@pytest.mark.any_database
def test_everything_is_read_once_in_twenty_audits(hashed: DatasetVersion, tmp_path: Path) -> None:
    done = audit_all(tmp_path / "scratch")
    manifest = Job.objects.get(recipe="manifest").outcome
    assert sum(job.outcome["objects"] for job in done) == manifest["objects"]
    assert sum(job.outcome["size_bytes"] for job in done) == manifest["size_bytes"]
    assert not Alarm.objects.exists()


@pytest.mark.any_database
def test_a_flipped_bit_and_a_lost_object_are_told_until_they_are_back(
    hashed: DatasetVersion, data_root: Path, tmp_path: Path
) -> None:
    changed, lost = data_root / "small.zarr/em/0/zarr.json", data_root / "small.zarr/em/1/c/0/0/0"
    contents = {file: file.read_bytes() for file in (changed, lost)}
    changed.write_bytes(bytes([contents[changed][0] ^ 1]) + contents[changed][1:])
    lost.unlink()
    audit_all(tmp_path / "scratch")
    found = {(alarm.key, alarm.kind) for alarm in Alarm.objects.filter(settled_at=None)}
    assert found == {("em/0/zarr.json", "changed"), ("em/1/c/0/0/0", "missing")}
    assert AuditEvent.objects.filter(action="alarm.raise").count() == 2

    checks = Client().get("/health/ready").json()["checks"]
    assert checks["audits"].startswith("objects of published versions are not what they were")
    operator, account = (
        get_user_model().objects.create_user(name, is_superuser=name == "operator") for name in ("operator", "account")
    )
    client = Client()
    client.force_login(operator)
    shown = client.get("/jobs/").content.decode()
    assert "em/1/c/0/0/0" in shown
    assert "free" in shown
    told, every = shown.count("Are the objects"), client.get("/jobs/?all=1").content.decode().count("Are the objects")
    assert 1 <= told <= 2, "those that found something"
    assert every == PARTS
    client.force_login(account)
    assert "em/1/c/0/0/0" not in client.get("/jobs/").content.decode()

    for file, content in contents.items():
        file.write_bytes(content)
    audit_all(tmp_path / "scratch")
    assert not Alarm.objects.filter(settled_at=None).exists()
    assert Client().get("/health/ready").json()["checks"]["audits"] == "ok"


@pytest.mark.any_database
def test_what_cannot_be_read_is_no_alarm(hashed: DatasetVersion, data_root: Path, tmp_path: Path) -> None:
    (data_root / "small.zarr").rename(tmp_path / "unmounted")
    with pytest.raises(StorageUnavailable, match="mounts here is missing"):
        audit_all(tmp_path / "scratch")
    assert not Alarm.objects.exists()


def test_each_version_is_due_again_after_a_while(hashed: DatasetVersion) -> None:
    day = timedelta(days=1)
    job = enqueue_due_audit(each=day)
    assert job is not None
    assert (job.recipe, job.subject) == ("audit", "small-cell@1")
    assert enqueue_due_audit(each=day) is None
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - 2 * day, state="done", ended_at=timezone.now())
    again = enqueue_due_audit(each=day)
    assert again is not None
    assert again != job


def test_without_digests_there_is_nothing_to_compare_with(small_cell: DatasetVersion) -> None:
    assert enqueue_due_audit(each=timedelta(0)) is None
