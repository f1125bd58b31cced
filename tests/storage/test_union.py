"""The keys of a version as one list: against a plain set of keys, for any trees, mounts and pages."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.storage.errors import StorageUnavailable
from datasets.storage.files import LocalFolder
from datasets.storage.mounts import Mount, Mounts
from datasets.storage.union import list_keys

NAMES = ("a", "a.b", "a-", "a0", "b", "B", "é", "~", "a b", "%2F", "𐀀", "\ue000")
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
TREES = st.sets(PATHS, min_size=1, max_size=12)


def without_conflicts(keys: set[str]) -> set[str]:
    """Those that a file system holds together: no object where a folder is."""
    return {key for key in keys if not any(other.startswith(f"{key}/") for other in keys)}


@st.composite
def versions(draw: st.DrawFn) -> tuple[dict[str, set[str]], list[tuple[str, str, bool]]]:
    """Trees by name, and mounts as (path, storage key, whether it is a single object)."""
    trees = {f"tree{number}": without_conflicts(draw(TREES)) for number in range(draw(st.integers(1, 3)))}
    mounts: dict[str, tuple[str, str, bool]] = {}
    for path in draw(st.lists(st.just("") | PATHS, min_size=1, max_size=5)):
        tree = draw(st.sampled_from(sorted(trees)))
        if path and draw(st.booleans()):
            mounts[path] = (path, f"{tree}/{draw(st.sampled_from(sorted(trees[tree])))}", True)
        else:
            mounts[path] = (path, tree, False)
    return trees, list(mounts.values())


def expected_keys(trees: Mapping[str, set[str]], version: Mounts) -> set[str]:
    found = {mount.path for mount in version.mounts if mount.single}
    for mount in version.mounts:
        if not mount.single:
            keys = {f"{mount.path}/{key}" if mount.path else key for key in trees[mount.key]}
            found |= {key for key in keys if version.find_mount(key) is mount}
    return found


def rolled_up(keys: set[str], prefix: str, delimiter: str, after: str) -> list[str]:
    """What S3 lists, by its definition."""
    found = set()
    for key in keys:
        if key.startswith(prefix):
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            found.add(key if cut < 0 else key[: cut + len(delimiter)])
    return sorted((key for key in found if key.encode() > after.encode()), key=str.encode)


ODD = st.sampled_from(["", "/", "a//", "../", "a/../a", "\\", "a\0", "a/\0", "~~", "./a", "a/./"])


@st.composite
def parts_of(draw: st.DrawFn, keys: list[str]) -> str:
    """What keys begin with, and what none does."""
    if not keys or draw(st.integers(0, 3)) == 0:
        return draw(ODD | PATHS)
    key = draw(st.sampled_from(keys))
    return key[: draw(st.integers(0, len(key)))] + draw(st.sampled_from(["", "", "/", "0"]))


@given(versions(), st.data())
def test_pages_of_any_size_are_the_sorted_set(
    version_in: tuple[dict[str, set[str]], list[tuple[str, str, bool]]], data: st.DataObject
) -> None:
    trees, mounts = version_in
    with TemporaryDirectory() as folder:
        for tree, keys in trees.items():
            for key in keys:
                path = Path(folder, tree, key)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(key.encode())
            Path(folder, tree, "empty", "still").mkdir(parents=True)
        source = LocalFolder(Path(folder))
        version = Mounts(tuple(Mount(path, source, key, single=single) for path, key, single in mounts))
        existing = expected_keys(trees, version)
        assert list(pages(version, "", "", "", 3)) == rolled_up(existing, "", "", "")
        for _ in range(15):
            part = parts_of(sorted(existing))
            prefix, after, limit = data.draw(part), data.draw(part), data.draw(st.integers(1, 7))
            delimiter = data.draw(st.sampled_from(["", "/", "/", "/", ".", "a", "a/", "é", "//"]))
            expected = rolled_up(existing, prefix, delimiter, after)
            assert list(pages(version, prefix, delimiter, after, limit)) == expected, (prefix, delimiter, after, limit)


def pages(version: Mounts, prefix: str, delimiter: str, after: str, limit: int) -> Iterator[str]:
    is_truncated = True
    while is_truncated:
        page = list_keys(version, prefix=prefix, delimiter=delimiter, after=after, limit=limit)
        is_truncated = page.is_truncated
        assert len(page.entries) <= limit
        assert not is_truncated or len(page.entries) == limit
        for entry in page.entries:
            yield entry.key
            after = entry.key


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for key in ("a/b/c", "a/d", "e"):
        (tmp_path / "tree" / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / key).write_bytes(b"x")
    return tmp_path / "tree"


def listed(source: Path, delimiter: str = "", prefix: str = "") -> list[str]:
    version = Mounts((Mount("", LocalFolder(source), ""),))
    return list(pages(version, prefix, delimiter, "", 3))


def test_a_link_that_leads_up_is_not_followed(tree: Path) -> None:
    (tree / "a" / "up").symlink_to("..")
    (tree / "a" / "here").symlink_to(".")
    (tree / "beside").symlink_to("a/b")
    assert listed(tree) == ["a/b/c", "a/d", "beside/c", "e"]
    assert listed(tree, "/") == ["a/", "beside/", "e"]


def test_folders_without_objects_are_no_entries(tree: Path) -> None:
    (tree / "z" / "y").mkdir(parents=True)
    (tree / "z" / "loop").symlink_to(".")
    assert listed(tree, "/") == ["a/", "e"]
    assert listed(tree, "/", "z/") == []


def test_what_is_mounted_and_missing_is_trouble(tree: Path) -> None:
    for mount in (Mount("m", LocalFolder(tree), "gone"), Mount("m", LocalFolder(tree), "gone", single=True)):
        version = Mounts((Mount("", LocalFolder(tree), ""), mount))
        assert [entry.key for entry in list_keys(version, limit=2).entries] == ["a/b/c", "a/d"]
        with pytest.raises(StorageUnavailable):
            list_keys(version, limit=4)


def test_facts_are_those_of_the_file(tree: Path) -> None:
    (tree / "linked").symlink_to("e")
    version = Mounts((Mount("", LocalFolder(tree), ""),))
    by_key = {entry.key: entry for entry in list_keys(version, limit=9).entries}
    for key in ("e", "linked", "a/b/c"):
        file = LocalFolder(tree).open_file(key)
        assert (by_key[key].size_bytes, by_key[key].mtime_s, by_key[key].etag.encode()) == (
            file.size_bytes, file.mtime_s, file.etag,
        )  # fmt: skip
        file.close()
