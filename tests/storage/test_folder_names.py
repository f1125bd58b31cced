"""Names of folders that are kept between the pages of a listing: pages are those of the folder as it is."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.storage import folder_names
from datasets.storage.files import LocalFolder
from datasets.storage.folder_names import FolderNames, SortedNames

QUIET_S = 0.03
NAMES = st.text(st.sampled_from("aab.0é𐀀"), min_size=1, max_size=3).filter(lambda name: set(name) != {"."})


def listed(folder: Path) -> list[str]:
    return sorted(entry.name + "/" * entry.is_dir() for entry in os.scandir(folder))


def pages(folder: LocalFolder, limit: int = 3) -> Iterator[list[str]]:
    after = ""
    while True:
        entries, after = folder.list_entries("", after=after, limit=limit)
        yield [entry.key for entry in entries]
        if not after:
            return


def known(path: Path) -> tuple[LocalFolder, FolderNames]:
    """A folder that has been quiet, and was read."""
    time.sleep(QUIET_S + 0.02)
    names = FolderNames(least=1, quiet_s=QUIET_S)
    folder = LocalFolder(path, names=names)
    folder.list_names("", limit=1)
    return folder, names


CHANGES = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "become a folder", "rename", "replace", "wait"]), NAMES, NAMES),
    max_size=8,
)


def change(folder: Path, what: str, name: str, other: str) -> None:
    path = folder / name
    match what:
        case "wait":
            time.sleep(QUIET_S + 0.02)
        case "add" if not path.exists():
            path.write_text(name)
        case "remove" if path.is_file():
            path.unlink()
        case "become a folder" if path.is_file():
            path.unlink()
            path.mkdir()
        case "rename" if path.is_file() and not (folder / other).exists():
            path.rename(folder / other)
        case "replace" if path.is_file():
            (folder / "new").write_text("another size")
            (folder / "new").rename(path)


@given(st.sets(NAMES, max_size=12), CHANGES, st.sampled_from(["", "a", "é"]))
@settings(max_examples=40)
def test_a_page_is_always_of_the_folder_as_it_is(
    first: set[str], changes: list[tuple[str, str, str]], prefix: str
) -> None:
    with TemporaryDirectory() as name:
        path = Path(name)
        for each in first:
            (path / each).touch()
        folder = LocalFolder(path, names=FolderNames(least=1, quiet_s=QUIET_S))
        for what, one, other in [("wait", "", ""), *changes]:
            change(path, what, one, other)
            assert [name for page in pages(folder) for name in page] == listed(path)
            found, _ = folder.list_entries("", prefix=prefix, after=one, limit=4)
            expected = [name for name in listed(path) if name.startswith(prefix) and name > one][:4]
            assert [entry.key for entry in found] == expected
            for entry in found:
                assert entry.is_folder or entry.size_bytes == (path / entry.key).stat().st_size


def test_a_folder_is_read_once_for_all_its_pages(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}").touch()
    folder, names = known(tmp_path)
    assert len(list(pages(folder))) == 11
    assert names.readings == 1
    (tmp_path / "30").touch()
    assert [name for page in pages(folder) for name in page] == listed(tmp_path)
    assert names.readings > 1


def test_what_is_written_to_is_read_each_time(tmp_path: Path) -> None:
    """Its time may be that of a change, and of the next one too."""
    (tmp_path / "a").touch()
    names = FolderNames(least=1, quiet_s=60)
    folder = LocalFolder(tmp_path, names=names)
    for _ in range(2):
        assert folder.list_names("", limit=9) == ["a"]
    assert names.readings == 2


def test_the_facts_are_those_of_now(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    folder, names = known(tmp_path)
    (tmp_path / "a").write_text("longer")  # the folder does not change by this
    (entry,), _ = folder.list_entries("", limit=2)
    assert (entry.size_bytes, names.readings) == (6, 1)


def test_what_a_link_leads_to_may_change_unseen(tmp_path: Path) -> None:
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "a").symlink_to("../target")
    (tmp_path / "target").touch()
    (tmp_path / "shown" / "b").touch()
    time.sleep(QUIET_S + 0.02)
    folder = LocalFolder(tmp_path, names=FolderNames(least=1, quiet_s=QUIET_S))
    assert folder.list_names("shown", limit=9) == ["a", "b"]
    (tmp_path / "target").unlink()
    assert folder.list_names("shown", limit=9) == ["b"]
    (tmp_path / "target").mkdir()
    assert folder.list_names("shown", limit=9) == ["a/", "b"]


def test_times_that_were_set_back_tell_nothing_wrong(tmp_path: Path) -> None:
    """As by a program that copies a folder with its times."""
    (tmp_path / "a").touch()
    before = tmp_path.stat()
    folder, _ = known(tmp_path)
    (tmp_path / "b").touch()
    os.utime(tmp_path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert folder.list_names("", limit=9) == ["a", "b"]


def test_nothing_is_trusted_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").touch()
    folder, names = known(tmp_path)
    monkeypatch.setattr(folder_names, "TRUSTED_S", 0.0)
    folder.list_names("", limit=1)
    assert names.readings == 2


def test_so_many_names_are_kept(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}").mkdir()
        for name in range(4):
            (tmp_path / f"{number}" / f"{name}").touch()
    (tmp_path / "large").mkdir()
    for name in range(12):
        (tmp_path / "large" / f"{name:02}").touch()
    time.sleep(QUIET_S + 0.02)
    names = FolderNames(least=4, most=10, quiet_s=QUIET_S)
    folder = LocalFolder(tmp_path, names=names)

    def is_read(key: str) -> bool:
        before = names.readings
        assert folder.list_names(key, limit=99) == listed(tmp_path / key)
        return names.readings > before

    assert [is_read(key) for key in ("0", "1", "0", "1")] == [True, True, False, False]
    assert [is_read(key) for key in ("2", "1", "0")] == [True, False, True], "the oldest had to go"
    assert [is_read("large"), is_read("large")] == [True, True], "more than may be kept"
    assert not is_read("0"), "and nothing had to go for it"


@given(st.sets(NAMES), st.sampled_from(["", "a", "aé", "𐀀"]), NAMES | st.just(""), st.integers(0, 5))
def test_names_in_one_piece_are_found(names: set[str], prefix: str, after: str, limit: int) -> None:
    found = SortedNames(names)
    assert len(found) == len(names)
    expected = [name for name in sorted(names) if name.startswith(prefix) and name > after][:limit]
    assert found.page(prefix, after, limit) == expected
