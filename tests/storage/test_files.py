"""Files beneath a root: what is inside opens, nothing outside does, and absent differs from unreadable."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.storage import files, linux
from datasets.storage.errors import ObjectAbsent, StorageForbidden, StorageUnavailable
from datasets.storage.files import LocalFolder, OpenFile, stat_etag
from datasets.storage.keys import InvalidKey, canonical_key

CONTENT = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("files")
    root = top / "root"
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/object").write_bytes(CONTENT)
    (root / "a.b").write_bytes(b"")
    (top / "outside").write_bytes(b"outside")
    (top / "root-of-another").mkdir()
    (top / "root-of-another/object").write_bytes(b"outside")
    links = {
        "inside": "a/b/object",
        "inside-folder": "a/b",
        "absolute": root / "a/b/object",
        "absolute-folder": root / "a",
        "up-and-back": f"../{root.name}/a/b/object",
        "out": "../outside",
        "out-folder": "..",
        "out-absolute": top / "outside",
        "out-sibling": "../root-of-another",
        "circle": "circle",
        "dangling": "nowhere",
        "process": "/proc/self/environ",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "fifo")
    return root


@pytest.fixture(params=["in the kernel", "step by step"])
def folder(request: pytest.FixtureRequest, tree: Path) -> LocalFolder:
    """Both ways to walk. The second is what other systems have; here it is the class that a subclass turns to it."""
    return LocalFolder(tree) if request.param == "in the kernel" else SteppingFolder(tree)


class SteppingFolder(LocalFolder):
    """A folder on a system without ``openat2``."""

    def _open_below(self, directory: files._Directory, key: str, flags: int, may_block: bool) -> int:
        if not may_block:
            raise BlockingIOError
        return files._open_resolved(directory.fd, self.path, key, flags)


def content(file: OpenFile) -> bytes:
    try:
        return file.read(0, file.size_bytes)
    finally:
        file.close()


@pytest.mark.parametrize(
    "key", ["a/b/object", "inside", "inside-folder/object", "absolute", "absolute-folder/b/object", "up-and-back"]
)
def test_what_is_inside_opens(folder: LocalFolder, key: str) -> None:
    assert content(folder.open_file(key)) == CONTENT


@pytest.mark.parametrize(
    "key",
    [
        "out",
        "out-folder/outside",
        "out-absolute",
        "out-sibling/object",
        "circle",
        "circle/x",
        "process",
        "out-folder/x",
    ],
)
def test_no_link_leads_out(folder: LocalFolder, key: str) -> None:
    # A missing object behind a link that leads out may be called absent: nothing of the outside is told but that.
    with pytest.raises((InvalidKey, ObjectAbsent) if key.endswith("/x") else InvalidKey):
        folder.open_file(key)


@pytest.mark.parametrize("key", ["absent", "a", "a/b", "a/b/object/below", "dangling", "fifo", "x" * 300, "absent/x"])
def test_what_is_no_object_is_absent(folder: LocalFolder, key: str) -> None:
    with pytest.raises(ObjectAbsent):
        folder.open_file(key)


def test_absence_counts_only_within_what_exists(folder: LocalFolder) -> None:
    with pytest.raises(ObjectAbsent):
        folder.open_file("a/absent", within="a")
    for key in ("missing/absent", "missing"):
        with pytest.raises(StorageUnavailable):
            folder.open_file(key, within="missing")
        with pytest.raises(StorageUnavailable):
            folder.list_names(key, within="missing", limit=1)


def test_a_missing_root_is_unavailable(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path / "root")
    with pytest.raises(StorageUnavailable):
        folder.open_file("object")
    folder.path.write_text("not a folder")
    with pytest.raises(StorageUnavailable):
        folder.open_file("object")


def test_a_root_may_be_replaced_while_it_is_open(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path / "root")
    folder.path.mkdir()
    with pytest.raises(ObjectAbsent):
        folder.open_file("object")
    folder.path.rename(tmp_path / "before")
    with pytest.raises(StorageUnavailable):
        folder.open_file("object")
    folder.path.mkdir()
    (folder.path / "object").write_bytes(b"new")
    assert content(folder.open_file("object")) == b"new"


@pytest.mark.parametrize("key", ["out", "out-sibling/object", "inside", "inside-folder/object"])
def test_walking_a_resolved_path_follows_no_link(tree: Path, key: str) -> None:
    """As if a folder had been swapped for a link after its path was resolved."""
    root_fd = os.open(tree, os.O_RDONLY)
    try:
        with pytest.raises(OSError, match=r"symbolic link|Not a directory"):
            files._walk(root_fd, os.fsencode(key), os.O_RDONLY)
    finally:
        os.close(root_fd)


def test_what_may_not_be_read_is_forbidden_and_not_absent(tmp_path: Path) -> None:
    """In a process without root's rights, for which permissions count."""
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed/object").touch()
    (tmp_path / "unreadable").touch()
    (tmp_path / "unreadable").chmod(0)
    (tmp_path / "closed").chmod(0)
    script = f"""
import os, sys
from pathlib import Path
from datasets.storage.files import LocalFolder
folder = LocalFolder(Path({str(tmp_path)!r}))
folder.open_file.__self__._root()
if os.geteuid() == 0:
    os.seteuid(65534)
for key in ("unreadable", "closed/object", "closed/absent"):
    try:
        folder.open_file(key)
    except Exception as error:
        print(type(error).__name__)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    (tmp_path / "closed").chmod(0o700)
    assert ran.stdout.split() == ["StorageForbidden"] * 3, ran.stderr
    assert StorageForbidden.status == 503


class TestReading:
    @given(st.integers(0, len(CONTENT)), st.integers(0, len(CONTENT)))
    def test_a_part_is_that_slice(self, tree: Path, start: int, length: int) -> None:
        length = min(length, len(CONTENT) - start)
        file = LocalFolder(tree).open_file("a/b/object")
        try:
            assert file.read(start, length) == CONTENT[start : start + length]
            # Allowed wherever the system cannot tell; the next test shows that it is not the rule.
            with contextlib.suppress(BlockingIOError):
                assert file.read_cached(start, length) == CONTENT[start : start + length]
        finally:
            file.close()

    @pytest.mark.skipif(sys.platform != "linux", reason="RWF_NOWAIT is Linux's")
    def test_a_cached_file_is_read_without_waiting(self, tree: Path) -> None:
        folder = LocalFolder(tree)
        content(folder.open_file("a/b/object"))
        file = folder.open_file("a/b/object", may_block=False)
        assert file.read_cached(0, file.size_bytes) == CONTENT
        file.close()

    def test_a_file_that_shrank_is_trouble(self, tmp_path: Path) -> None:
        (tmp_path / "object").write_bytes(CONTENT)
        file = LocalFolder(tmp_path).open_file("object")
        os.truncate(tmp_path / "object", 100)
        with pytest.raises(BlockingIOError):
            file.read_cached(0, len(CONTENT))
        with pytest.raises(StorageUnavailable):
            file.read(0, len(CONTENT))
        file.close()

    def test_the_tag_is_that_of_nginx(self, tmp_path: Path) -> None:
        (tmp_path / "object").write_bytes(b"x" * 0x27100)
        os.utime(tmp_path / "object", ns=(0, 0x6B05946D * 10**9 + 999_999_999))
        file = LocalFolder(tmp_path).open_file("object")
        file.close()
        assert file.etag == stat_etag(0x6B05946D, 160_000) == b'"6b05946d-27100"'


class TestListing:
    def test_names_sort_as_keys_do_and_folders_end_in_a_slash(self, folder: LocalFolder) -> None:
        names = ["a.b", "a/", "absolute", "absolute-folder/", "inside", "inside-folder/", "up-and-back"]
        assert folder.list_names("", limit=100) == names
        assert folder.list_names("a", limit=100) == ["b/"]
        assert folder.list_names("inside-folder", limit=100) == ["object"]

    @pytest.mark.parametrize("key", ["absent", "a/b/object", "dangling", "fifo"])
    def test_no_folder_is_absent(self, folder: LocalFolder, key: str) -> None:
        with pytest.raises(ObjectAbsent):
            folder.list_names(key, limit=1)

    def test_no_link_leads_out(self, folder: LocalFolder) -> None:
        with pytest.raises(InvalidKey):
            folder.list_names("out-folder", limit=1)

    @given(
        st.sets(st.text("ab./é", min_size=1, max_size=4).map(lambda t: t.replace("/", "c").strip(".") or "d")),
        st.integers(1, 5),
    )
    def test_pages_joined_are_the_whole(
        self, tmp_path_factory: pytest.TempPathFactory, names: set[str], limit: int
    ) -> None:
        root = tmp_path_factory.mktemp("listing")
        for number, name in enumerate(sorted(names)):
            (root / name).mkdir() if number % 2 else (root / name).touch()
        folder = LocalFolder(root)
        pages: list[str] = []
        while page := folder.list_names("", after=pages[-1] if pages else "", limit=limit):
            assert len(page) <= limit
            pages += page
        expected = [name + "/" * (number % 2) for number, name in enumerate(sorted(names))]
        assert pages == sorted(expected, key=str.encode)

    def test_names_that_no_key_can_have_are_left_out(self, tmp_path: Path) -> None:
        for name in (b"fine", b"back\\slash", b"line\nfeed", b"\xff"):
            Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).touch()  # noqa: PTH118
        assert LocalFolder(tmp_path).list_names("", limit=10) == ["fine"]


@given(
    st.lists(
        st.sampled_from(
            ["..", ".", "a", "b", "object", "out-folder", "out-sibling", "absolute-folder", "%2e%2e", "outside", "root"]
        ),
        min_size=1,
        max_size=6,
    ).map("/".join)
)
def test_no_path_reads_what_lies_outside(tree: Path, path: str) -> None:
    try:
        file = LocalFolder(tree).open_file(canonical_key(path.encode()))
    except (InvalidKey, ObjectAbsent):
        return
    assert content(file) == CONTENT


def test_links_upwards_open_while_anything_is_renamed(tmp_path: Path) -> None:
    """The kernel then does not say where ``..`` leads: neither the root nor its objects are to blame for that."""
    (tmp_path / "root/shown").mkdir(parents=True)
    (tmp_path / "root/object").write_bytes(b"here")
    (tmp_path / "root/shown/link").symlink_to("../object")
    renaming = subprocess.Popen([sys.executable, "-c", RENAME_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE)
    try:
        assert renaming.stdout is not None
        renaming.stdout.readline()
        root = LocalFolder(tmp_path / "root")
        for _ in range(20_000):
            root.open_file("shown/link").close()
    finally:
        renaming.kill()
        renaming.communicate()


RENAME_FOR_EVER = """
import os, sys
os.chdir(sys.argv[1])
os.mkdir("a")
print(flush=True)
while True:
    os.rename("a", "b")
    os.rename("b", "a")
"""


@pytest.mark.skipif(not linux.HAS_CACHED, reason="this system does not say what is in memory")
def test_in_memory_is_what_has_been_read(tmp_path: Path) -> None:
    (tmp_path / "object").write_bytes(CONTENT * 30)
    with contextlib.closing(LocalFolder(tmp_path).open_file("object")) as file:
        size = file.size_bytes
        os.fsync(file.descriptor)
        os.posix_fadvise(file.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        assert not file.is_cached(0, size)
        file.read(0, size)
        if not file.is_cached(0, size):
            pytest.skip("a kernel before 6.5")
        for start, length in ((0, size), (1, size - 1), (size - 1, 1), (4095, 2), (4096, 4096), (5000, 70_000)):
            assert file.is_cached(start, length)
        assert not file.is_cached(0, size + 4096)
