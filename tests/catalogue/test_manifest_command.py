"""``manage.py manifest``: made once, the same the second time, checked; and what it refuses."""

import io
import os
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from datasets.catalogue.management.commands.manifest import ProgressLine, describe
from datasets.catalogue.models import AuditEvent, Dataset, DatasetVersion
from datasets.catalogue.queries.datasets import find_version
from datasets.catalogue.queries.inventories import find_inventory
from datasets.storage.inventory import Extent
from datasets.storage.inventory_drafts import Progress

pytestmark = pytest.mark.django_db


def manifest(*arguments: str) -> str:
    out = io.StringIO()
    call_command("manifest", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def current(version: DatasetVersion) -> DatasetVersion:
    return DatasetVersion.objects.get(pk=version.pk)


def digest_of_files(folder: Path) -> str:
    lines = [
        f"{sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix().encode())
        if path.is_file()
    ]
    return sha256("".join(lines).encode()).hexdigest()


def test_it_is_made_once(small_cell: DatasetVersion, data_root: Path) -> None:
    said = manifest("small-cell")
    digest = digest_of_files(data_root / "small.zarr")
    assert f"small-cell@1: {find_inventory(current(small_cell)).measure().objects} objects" in said
    assert f"root digest {digest}" in said
    assert current(small_cell).manifest_digest == digest
    assert AuditEvent.objects.filter(action="version.manifest", subject="small-cell@1").count() == 1
    assert "unchanged" in manifest("small-cell@1")
    assert AuditEvent.objects.filter(action="version.manifest").count() == 1
    assert not list((settings.CONFIG.home / "inventories").glob("*"))


def test_it_is_beside_the_data_and_below_no_address_of_theirs(small_cell: DatasetVersion, data_root: Path) -> None:
    manifest("small-cell")
    version = find_version("small-cell", "1", None)
    path = data_root.parent / "own" / "inventories" / "small-cell" / "1" / f"{version.manifest_digest}.parquet"
    assert path.is_file()
    assert not any(mount.root == "own" and mount.key.startswith("inventories") for mount in version.mounts.all())


def test_a_lost_one_is_made_anew_and_must_be_the_same(small_cell: DatasetVersion, data_root: Path) -> None:
    manifest("small-cell")
    digest = current(small_cell).manifest_digest
    shutil.rmtree(data_root.parent / "own" / "inventories")
    assert "unchanged" not in manifest("small-cell")
    assert find_inventory(current(small_cell)).root_digest == digest
    shutil.rmtree(data_root.parent / "own" / "inventories")
    (data_root / "small.zarr" / "em" / "zarr.json").write_bytes(b"{ }")
    with pytest.raises(CommandError, match=r"manifest-differs: small-cell@1: .*retire the version"):
        manifest("small-cell")
    assert current(small_cell).manifest_digest == digest


def test_a_check_names_what_differs(small_cell: DatasetVersion, data_root: Path) -> None:
    with pytest.raises(CommandError, match=r"digests-absent: .*manage\.py manifest small-cell@1 first"):
        manifest("small-cell", "--check")
    manifest("small-cell")
    assert "every object is as the manifest says" in manifest("small-cell", "--check")
    chunk = data_root / "small.zarr" / "em" / "0" / "c" / "0" / "0" / "0"
    status = chunk.stat()
    chunk.write_bytes(bytes(status.st_size))
    os.utime(chunk, ns=(status.st_atime_ns, status.st_mtime_ns))
    out = io.StringIO()
    with pytest.raises(CommandError, match="objects that differ from the manifest: 1"):
        call_command("manifest", "small-cell", "--check", stdout=out, stderr=io.StringIO())
    assert out.getvalue() == "changed: em/0/c/0/0/0\n"


def test_what_has_no_manifest_is_refused_by_name(small_cell: DatasetVersion) -> None:
    DatasetVersion.objects.create(
        dataset=Dataset.objects.create(name="elsewhere", visibility="public"), number=1, state="published",
        title="Elsewhere", licence="CC0-1.0", frozen_at=small_cell.frozen_at, record="{}", record_digest="0" * 64,
    )  # fmt: skip
    for reference, refusal in {
        "no-cell": "name-unknown: .*There is: elsewhere, small-cell",
        "small-cell@2": "name-unknown: .*There is: small-cell@1",
        "small-cell@draft": "name-unknown: .*There is: small-cell@1",
        "elsewhere": "external",
    }.items():
        with pytest.raises(CommandError, match=refusal):
            manifest(reference)


def test_progress_tells_rate_and_time_left() -> None:
    before, done, total = Extent(100, 1_000_000_000), Extent(300, 3_000_000_000), Extent(1_000, 10_000_000_000)
    said = describe(Progress(before, done, total), 20)
    assert said == "300 of 1000 objects, 3\u00a0GB of 10\u00a0GB, 100\u00a0MB/s, 1 min 10 s left"
    assert describe(Progress(before, before, total), 0) == "100 of 1000 objects, 1\u00a0GB of 10\u00a0GB"
    assert describe(Progress(Extent(0, 0), done, None), 5) == "Listing: 300 objects, 3\u00a0GB"


def test_progress_is_shown_on_a_terminal_in_one_line() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    line = ProgressLine(out, each_s=0)
    for count in (1, 2):
        line.show(Progress(Extent(0, 0), Extent(count, count), Extent(2, 2)))
    line.end()
    assert out.getvalue().count("\r") == 2
    assert out.getvalue().count("\n") == 1
    assert "2 of 2 objects" in out.getvalue()
