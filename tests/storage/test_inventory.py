"""Inventories: made beside ``sha256sum`` of the same files, over folders and buckets, through kills and changes."""

import json
import os
import subprocess
import sys
import threading
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from datasets.storage.buckets import bucket_of
from datasets.storage.errors import ObjectChanged, StorageError, StorageUnavailable
from datasets.storage.files import local_folder
from datasets.storage.inventory import (
    COLUMNS,
    ROW_GROUP,
    Extent,
    Inventory,
    InventoryUnreadable,
    Row,
    checksum_line,
    list_rows,
    write_inventory,
)
from datasets.storage.inventory_checks import compare
from datasets.storage.inventory_drafts import InventoryBusy, Made, Progress, make_inventory
from datasets.storage.mounts import Mount, Mounts
from datasets.storage.roots import OWN_ROOT, Root
from tests.s3_proxy import proxy_before
from tests.serving.kills import has_open
from tests.serving.test_streaming import eventually

CHECKOUT = Path(__file__).resolve().parents[2]
CONTENTS = {
    "em/zarr.json": b"{}",
    "em/s0/c/0": b"\0" * 70_000,
    "em/s0/c/1": b"x" * (3 << 20),  # a bucket's comes in two parts
    "em/s0.json": b"a.b comes before a/x",
    "empty": b"",
    "-dash": b"1",
    "a b": b"2",
    "quote'\"": b"3",
    "é/\ue000/𐀀": b"4",
    "%2F": b"5",
}
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "operating.md"
RECIPE = next(line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith("find "))
"""What whoever has the files computes."""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with ``CONTENTS``."""
    folder = tmp_path / "files"
    for key, content in CONTENTS.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(content)
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Root:
    (tmp_path / "own").mkdir()
    return Root(name=OWN_ROOT, url=(tmp_path / "own").as_uri())


@pytest.fixture
def mounts(files: Path) -> Mounts:
    return Mounts((Mount("", local_folder(files), ""),))


def place(root_digest: str) -> str:
    return f"inventories/{root_digest}.parquet"


def make(mounts: Mounts, folder: Path, own: Root, seen: list[Progress] | None = None) -> Made:
    show = (lambda progress: None) if seen is None else seen.append
    return make_inventory(mounts, folder, version="cells@1", root=own, place=place, show=show)


def by_shell(folder: Path) -> str:
    done = subprocess.run(RECIPE, shell=True, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.split()[0]


def expected_rows(mounts: Mounts) -> list[Row]:
    """Of ``CONTENTS``; the tags are the storage's."""
    tags = {row.key: row.etag for row in list_rows(mounts)}
    keys = sorted(CONTENTS, key=str.encode)
    return [Row(key, len(CONTENTS[key]), tags[key], sha256(CONTENTS[key]).hexdigest()) for key in keys]


@pytest.fixture(scope="module")
def bucket(s3: Any, s3_server: Any) -> Root:
    """The own root in a bucket, which has ``CONTENTS`` too."""
    s3.create_bucket(Bucket="inventory")
    for key, content in CONTENTS.items():
        s3.put_object(Bucket="inventory", Key=f"own/files/{key}", Body=content)
    return s3_server.root("s3://inventory/own", OWN_ROOT)  # type: ignore[no-any-return]


class TestMaking:
    def test_is_what_sha256sum_makes_of_the_files(self, files: Path, mounts: Mounts, own: Root, tmp_path: Path) -> None:
        seen: list[Progress] = []
        made = make(mounts, tmp_path / "draft", own, seen)
        extent = Extent(len(CONTENTS), sum(map(len, CONTENTS.values())))
        assert made == Made(by_shell(files), extent)
        inventory = Inventory(own, place(made.root_digest))
        assert list(inventory.rows()) == expected_rows(mounts)
        assert inventory.measure() == extent
        assert (seen[-1].before, seen[-1].done, seen[-1].total) == (Extent(0, 0), extent, extent)
        assert not (tmp_path / "draft").exists()

    def test_over_a_bucket_it_is_the_same(self, files: Path, bucket: Root, tmp_path: Path) -> None:
        mounts = Mounts((Mount("", bucket_of(bucket), "files"),))
        made = make(mounts, tmp_path / "draft", bucket)
        assert made.root_digest == by_shell(files)
        inventory = Inventory(bucket, place(made.root_digest))
        assert list(inventory.rows()) == expected_rows(mounts)
        assert list(compare(inventory, mounts, lambda progress: None)) == []
        assert inventory.measure("em/s0") == Extent(2, 70_000 + (3 << 20))

    def test_several_mounts_are_one_list(self, files: Path, own: Root, tmp_path: Path) -> None:
        source = local_folder(files)
        mounts = Mounts(
            (Mount("x", source, "em"), Mount("x/s0/c/1", source, "a b", single=True), Mount("x0", source, "é"))
        )
        made = make(mounts, tmp_path / "draft", own)
        rows = list(Inventory(own, place(made.root_digest)).rows())
        assert [row.key for row in rows] == ["x/s0.json", "x/s0/c/0", "x/s0/c/1", "x/zarr.json", "x0/\ue000/𐀀"]
        assert rows[2].sha256 == sha256(CONTENTS["a b"]).hexdigest()

    def test_the_file_says_what_is_in_it(self, mounts: Mounts, own: Root, tmp_path: Path) -> None:
        made = make(mounts, tmp_path / "draft", own)
        file = pyarrow.parquet.ParquetFile(tmp_path / "own" / place(made.root_digest))
        facts = json.loads(file.metadata.metadata[b"cisterna.inventory"])
        assert facts == {
            "schema": 1,
            "version": "cells@1",
            "objects": len(CONTENTS),
            "size_bytes": sum(map(len, CONTENTS.values())),
            "root_digest": made.root_digest,
            "columns": COLUMNS,
        }
        assert file.schema_arrow.names == list(COLUMNS)
        assert file.read().num_rows == len(CONTENTS)

    def test_two_do_not_make_it_at_once(self, mounts: Mounts, own: Root, tmp_path: Path) -> None:
        def show(progress: Progress) -> None:
            with pytest.raises(InventoryBusy):
                make(mounts, tmp_path / "draft", own)
            busy.append(True)

        busy: list[bool] = []
        make_inventory(mounts, tmp_path / "draft", version="cells@1", root=own, place=place, show=show)
        assert busy


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """Half a gigabyte that takes no room and some time to read."""
    folder = tmp_path / "slow"
    folder.mkdir()
    for number in range(32):
        with (folder / f"{number:02}").open("wb") as file:
            file.truncate(16 << 20)
            file.write(b"%d" % number)
    return folder


MAKE = """
import sys
from pathlib import Path
from tests.storage.test_inventory import Mount, Mounts, OWN_ROOT, Root, local_folder, make
slow, draft, own = map(Path, sys.argv[1:])
make(Mounts((Mount("", local_folder(slow), ""),)), draft, Root(name=OWN_ROOT, url=own.as_uri()))
"""


class TestGoingOn:
    def test_killed_it_goes_on_behind_what_is_hashed(self, slow: Path, own: Root, tmp_path: Path) -> None:
        draft, mounts = tmp_path / "draft", Mounts((Mount("", local_folder(slow), ""),))
        recorded = draft / "digests"
        command = [sys.executable, "-c", MAKE, str(slow), str(draft), str(own.path)]
        with subprocess.Popen(command, cwd=CHECKOUT) as making:
            assert eventually(lambda: recorded.exists() and recorded.stat().st_size >= 4 * 36, 60)
            making.kill()
        assert not list(own.path.rglob("*"))  # type: ignore[union-attr]
        with recorded.open("ab") as file:
            file.write(b"torn")  # as a falling machine leaves it
        seen: list[Progress] = []
        made = make(mounts, draft, own, seen)
        assert 4 <= seen[-1].before.objects < 32
        assert seen[-1].before.size_bytes == seen[-1].before.objects * (16 << 20)
        expected = [(f"{number:02}", sha256_of(slow / f"{number:02}")) for number in (0, 17, 31)]
        found = {row.key: row.sha256 for row in Inventory(own, place(made.root_digest)).rows()}
        assert len(found) == 32
        assert [(key, found[key]) for key, _ in expected] == expected

    def test_what_changes_meanwhile_is_named_and_hashed_again(
        self, files: Path, mounts: Mounts, own: Root, tmp_path: Path
    ) -> None:
        draft = tmp_path / "draft"

        def change(progress: Progress) -> None:
            if progress.total is not None and progress.done.objects == len(CONTENTS):
                (files / "a b").write_bytes(b"other")

        with pytest.raises(ObjectChanged) as caught:
            make_inventory(mounts, draft, version="cells@1", root=own, place=place, show=change)
        assert caught.value.where == "a b"
        assert "the next run goes on there" in caught.value.fix
        seen: list[Progress] = []
        assert make(mounts, draft, own, seen).root_digest == by_shell(files)
        assert seen[-1].before.objects == 2  # those that sort before it

    @pytest.mark.parametrize("change", ["add", "remove"])
    def test_what_comes_or_goes_meanwhile_is_named(
        self, files: Path, mounts: Mounts, own: Root, tmp_path: Path, change: str
    ) -> None:
        def show(progress: Progress) -> None:
            if progress.total is not None and progress.done.objects == len(CONTENTS):
                (files / "b").write_bytes(b"new") if change == "add" else (files / "a b").unlink()

        with pytest.raises(ObjectChanged) as caught:
            make_inventory(mounts, tmp_path / "draft", version="cells@1", root=own, place=place, show=show)
        assert caught.value.where == ("b" if change == "add" else "a b")
        assert make(mounts, tmp_path / "draft", own).root_digest == by_shell(files)

    def test_a_damaged_record_is_made_anew(self, files: Path, mounts: Mounts, own: Root, tmp_path: Path) -> None:
        draft = tmp_path / "draft"
        draft.mkdir()
        (files / "zz").mkdir()
        (files / "zz" / "gone").write_bytes(b"")

        def remove(progress: Progress) -> None:
            if progress.total is not None:
                (files / "zz" / "gone").unlink(missing_ok=True)

        with pytest.raises(ObjectChanged):
            make_inventory(mounts, draft, version="cells@1", root=own, place=place, show=remove)
        content = bytearray((draft / "digests").read_bytes())
        content[36 * 3 + 5] ^= 1
        (draft / "digests").write_bytes(content)
        seen: list[Progress] = []
        assert make(mounts, draft, own, seen).root_digest == by_shell(files)
        assert seen[-1].before.objects == 3

    def test_an_object_that_is_written_while_it_is_read_is_an_error(self, own: Root, tmp_path: Path) -> None:
        (tmp_path / "files").mkdir()
        large = tmp_path / "files" / "large"
        with large.open("wb") as file:
            file.truncate(512 << 20)

        def write() -> None:
            eventually(lambda: has_open(os.getpid(), "large"))
            with large.open("r+b") as file:
                file.write(b"x")

        writer = threading.Thread(target=write)
        writer.start()
        with pytest.raises(ObjectChanged) as caught:
            make(Mounts((Mount("", local_folder(tmp_path / "files"), ""),)), tmp_path / "draft", own)
        writer.join()
        assert caught.value.where == "large"
        assert "while it was read" in str(caught.value)

    def test_storage_in_trouble_stops_it_by_name_and_loses_nothing(
        self, bucket: Root, s3_server: Any, tmp_path: Path
    ) -> None:
        with proxy_before(s3_server.port) as proxy:
            behind = s3_server.root("s3://inventory/own", "lab", endpoint=proxy.endpoint)
            mounts = Mounts((Mount("", bucket_of(behind), "files"),))

            def cut(progress: Progress) -> None:
                if progress.total is None:
                    proxy.cut_after_bytes = 0

            with pytest.raises(StorageError) as caught:
                make_inventory(mounts, tmp_path / "draft", version="x@1", root=bucket, place=place, show=cut)
            assert caught.value.where in CONTENTS
            assert "the next run goes on there" in caught.value.fix
            proxy.cut_after_bytes = None
            seen: list[Progress] = []
            made = make(mounts, tmp_path / "draft", bucket, seen)
            assert all(progress.total for progress in seen), "it is listed already"
            assert made.extent.objects == len(CONTENTS)

    def test_an_object_of_a_bucket_that_is_another_in_the_middle_is_an_error(
        self, bucket: Root, s3_server: Any, s3: Any, tmp_path: Path
    ) -> None:
        s3.put_object(Bucket="inventory", Key="own/large/x", Body=b"a" * (3 << 20))
        with proxy_before(s3_server.port) as proxy:
            behind = s3_server.root("s3://inventory/own", "lab", endpoint=proxy.endpoint)
            mounts = Mounts((Mount("", bucket_of(behind), "large"),))

            def write() -> None:
                eventually(lambda: sum("large/x" in line for line in proxy.requests) == 1)
                s3.put_object(Bucket="inventory", Key="own/large/x", Body=b"b" * (3 << 20))

            def slow_down(progress: Progress) -> None:
                proxy.bytes_per_s = 4 << 20

            writer = threading.Thread(target=write)
            writer.start()
            with pytest.raises(ObjectChanged) as caught:
                make_inventory(mounts, tmp_path / "draft", version="x@1", root=bucket, place=place, show=slow_down)
            writer.join()
        assert caught.value.where == "x"


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Three row groups and a bit."""
    keys = [f"{top}/{n // 100}/{n % 100}" for top in ("a", "a-b", "a.b", "b") for n in range(ROW_GROUP * 4 // 5)]
    return [Row(key, n, f"{n:x}", sha256(key.encode()).hexdigest()) for n, key in enumerate(sorted([*keys, "a0"]))]


@pytest.fixture(scope="module")
def inventory(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    folder = tmp_path_factory.mktemp("own")
    digest = write_inventory(folder / "x.parquet", rows, version="cells@1")
    assert digest == sha256("".join(f"{row.sha256}  {row.key}\n" for row in rows).encode()).hexdigest()
    return Inventory(Root(name=OWN_ROOT, url=folder.as_uri()), "x.parquet")


class TestReading:
    @pytest.mark.parametrize("path", ["", "a", "a/7", "a/7/3", "a-b", "a.b", "b/50", "a0", "A", "c", "a/7/300"])
    def test_rows_below_a_path(self, inventory: Inventory, rows: list[Row], path: str) -> None:
        below = [row for row in rows if not path or row.key == path or row.key.startswith(f"{path}/")]
        assert list(inventory.rows(path)) == below
        assert inventory.measure(path) == Extent(len(below), sum(row.size_bytes for row in below))

    def test_a_path_reads_no_more_than_it_must(self, inventory: Inventory, s3: Any, s3_server: Any) -> None:
        s3.create_bucket(Bucket="inventory-read")
        content = (inventory.root.path / inventory.key).read_bytes()  # type: ignore[operator]
        s3.put_object(Bucket="inventory-read", Key="x.parquet", Body=content)
        with proxy_before(s3_server.port) as proxy:
            root = s3_server.root("s3://inventory-read", OWN_ROOT, endpoint=proxy.endpoint)
            assert len(list(Inventory(root, "x.parquet").rows("b/50"))) == 100
            assert len(proxy.requests) <= 4  # its size, its foot, one or two row groups

    def test_what_is_missing_or_damaged_is_named(self, tmp_path: Path) -> None:
        root = Root(name=OWN_ROOT, url=tmp_path.as_uri())
        (tmp_path / "damaged").write_bytes(b"PAR1 but then nothing")
        for key in ("missing", "damaged"):
            for ask in (lambda found: list(found.rows("x")), lambda found: found.measure()):
                with pytest.raises(InventoryUnreadable, match=r"manage\.py manifest"):
                    ask(Inventory(root, key))

    def test_a_root_that_is_away_is_trouble_and_no_damage(self, tmp_path: Path) -> None:
        inventory = Inventory(Root(name=OWN_ROOT, url=(tmp_path / "unmounted").as_uri()), "x.parquet")
        with pytest.raises(StorageUnavailable) as caught:
            inventory.measure()
        assert type(caught.value) is StorageUnavailable


class TestComparing:
    def test_differences_are_named(self, files: Path, mounts: Mounts, own: Root, tmp_path: Path) -> None:
        inventory = Inventory(own, place(make(mounts, tmp_path / "draft", own).root_digest))
        seen: list[Progress] = []
        assert list(compare(inventory, mounts, seen.append)) == []
        assert seen[-1].done == seen[-1].total == inventory.measure()
        status = (files / "em/s0/c/0").stat()
        (files / "em/s0/c/0").write_bytes(b"\1" * 70_000)  # neither size nor time tell
        os.utime(files / "em/s0/c/0", ns=(status.st_atime_ns, status.st_mtime_ns))
        (files / "-dash").unlink()
        (files / "zz").write_bytes(b"")
        found = [(each.kind, each.key) for each in compare(inventory, mounts, lambda progress: None)]
        assert found == [("missing", "-dash"), ("changed", "em/s0/c/0"), ("extra", "zz")]

    def test_what_is_gone_at_the_end_is_missing(self, files: Path, mounts: Mounts, own: Root, tmp_path: Path) -> None:
        inventory = Inventory(own, place(make(mounts, tmp_path / "draft", own).root_digest))
        (files / "é/\ue000/𐀀").unlink()
        assert [each.kind for each in compare(inventory, mounts, lambda progress: None)] == ["missing"]


HOSTILE = ["-", "-c", "back\\slash", "new\nline", "return\r", "a b", " lead", "trail ", "quote'\"", "é", "$(x)", "*"]


def test_lines_are_those_of_sha256sum(tmp_path: Path) -> None:
    for name in HOSTILE:
        (tmp_path / name).write_bytes(name.encode())
    lines = [checksum_line(sha256(name.encode()).hexdigest(), name) for name in HOSTILE]
    written = subprocess.run(
        ["sha256sum", "--", *("./-" if name == "-" else name for name in HOSTILE)],
        cwd=tmp_path, capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert written == "".join(lines).encode()
    done = subprocess.run(["sha256sum", "--check", "--quiet"], cwd=tmp_path, input=written, check=False)
    assert done.returncode == 0
