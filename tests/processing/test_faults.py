"""The disk is full, the storage is not writable: the job waits, says why, and ends right."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.processing.portal_home import PortalHome

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes the superuser")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own that holds 64 kilobytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=True)
    (folder / "own").mkdir()
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def portal(prepared: PortalHome, tmp_path: Path, disk: Path) -> PortalHome:
    """The same with its own root on the small disk."""
    portal = prepared.copy(tmp_path / "home")
    portal.environment["CISTERNA_ROOT_OWN"] = (disk / "own").as_uri()
    return portal


def remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)


def make_room(disk: Path) -> None:
    remount(disk, "size=64m")


def make_read_only(disk: Path) -> None:
    remount(disk, "size=64m,ro")


def make_writable(disk: Path) -> None:
    remount(disk, "rw")


@pytest.mark.parametrize(
    ("before", "mend", "reason"),
    [(lambda disk: None, make_room, "No space left"), (make_read_only, make_writable, "Read-only file system")],
    ids=["full", "read-only"],
)
def test_a_job_waits_for_the_storage_and_ends_right(
    portal: PortalHome,
    disk: Path,
    undisturbed: Mapping[str, object],
    before: Callable[[Path], None],
    mend: Callable[[Path], None],
    reason: str,
) -> None:
    before(disk)
    given = portal.mounts_of_draft()
    worker = portal.start_worker()
    try:
        waiting = portal.await_state("waiting", failures=1)
        problem = json.loads(waiting["problem"])
        assert reason in problem["detail"]
        assert problem["fix"]
        assert portal.mounts_of_draft() == given, "nothing half-made is visible"
        mend(disk)
        portal.await_state("done")
    finally:
        worker.terminate()
        worker.wait(timeout=60)
    assert portal.outcome() == undisturbed
