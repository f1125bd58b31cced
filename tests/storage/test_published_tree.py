"""The published tree shows what the mounts say, whole or not at all."""

import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.storage.errors import StorageUnavailable
from datasets.storage.published_tree import Entry, PublishedTree, TreeMount, leads_out

folders = st.lists(st.sampled_from(["a", "b", "c"]), max_size=3).map("/".join)
files = st.sets(st.tuples(folders, st.sampled_from(["x", "y", "z"])))


@pytest.fixture
def tree(tmp_path: Path) -> PublishedTree:
    return PublishedTree(tmp_path / "published")


@pytest.fixture
def cell(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "cell"
    (folder / "s0").mkdir(parents=True)
    (folder / "s0" / "chunk").write_text("chunk")
    (folder / "zarr.json").write_text("given")
    return folder


def _mounts(cell: Path) -> tuple[TreeMount, ...]:
    return (TreeMount("em", cell),)


def test_a_version_is_a_folder_of_links(tree: PublishedTree, cell: Path) -> None:
    tree.place("cell@1", Entry("open", _mounts(cell), cell))
    assert (tree.folder / "open/cell@1/em/s0/chunk").read_text() == "chunk"
    assert (tree.folder / "present/cell@1").resolve() == cell
    assert tree.versions() == {"cell@1": "open"}


def test_an_overlay_stands_in_the_place_of_what_was_given(tree: PublishedTree, cell: Path, tmp_path: Path) -> None:
    (tmp_path / "corrected").write_text("corrected")
    overlay = TreeMount("em/zarr.json", tmp_path / "corrected", single=True)
    tree.place("cell@1", Entry("open", (*_mounts(cell), overlay)))
    assert (tree.folder / "open/cell@1/em/zarr.json").read_text() == "corrected"
    assert (tree.folder / "open/cell@1/em/s0/chunk").read_text() == "chunk"
    assert (cell / "zarr.json").read_text() == "given"


@settings(max_examples=40)
@given(
    given_files=st.lists(files, min_size=1, max_size=3),
    paths=st.lists(folders, min_size=1, max_size=3, unique=True),
)
def test_every_file_is_that_of_the_longest_mount(given_files: list[set[tuple[str, str]]], paths: list[str]) -> None:
    """The oracle is the sentence itself, key by key, apart from how the tree is built."""
    top = Path(tempfile.mkdtemp())
    try:
        mounts = []
        contents: dict[str, dict[str, str]] = {}
        for number, path in enumerate(paths):
            names = given_files[number % len(given_files)]
            target = top / f"target{number}"
            target.mkdir()
            contents[path] = {}
            for folder, name in names:
                key = f"{folder}/{name}" if folder else name
                (target / folder).mkdir(parents=True, exist_ok=True)
                (target / key).write_text(f"{number}")
                contents[path][key] = f"{number}"
            mounts.append(TreeMount(path, target))
        expected = {}
        for path, inside in contents.items():
            for key, content in inside.items():
                whole = f"{path}/{key}" if path else key
                longest = max((p for p in paths if not p or PurePosixPath(whole).is_relative_to(p)), key=len)
                if longest == path:
                    expected[whole] = content
        tree = PublishedTree(top / "published")
        tree.place("cell@1", Entry("open", tuple(mounts)))
        place = tree.folder / "open/cell@1"
        found = {
            str(Path(parent, name).relative_to(place)): Path(parent, name).read_text()
            for parent, _, names in os.walk(place, followlinks=True)
            for name in names
        }
        assert found == expected
    finally:
        shutil.rmtree(top)


def test_access_changes_in_one_step_and_in_one_place(tree: PublishedTree, cell: Path) -> None:
    for access in ("open", "guarded", "immutable", "guarded"):
        tree.place("cell@1", Entry(access, _mounts(cell), cell))
        assert tree.versions() == {"cell@1": access}
        assert (tree.folder / access / "cell@1/em/zarr.json").read_text() == "given"


def test_the_address_without_a_version_leads_to_one_that_is_open(tree: PublishedTree, cell: Path) -> None:
    tree.place("cell@1", Entry("immutable", _mounts(cell), cell))
    tree.lead("cell", "cell@1")
    assert (tree.folder / "newest/cell/em/zarr.json").read_text() == "given"
    assert (tree.folder / "present/cell").resolve() == cell

    tree.place("cell@1", Entry("guarded", _mounts(cell), cell))
    tree.lead("cell", "cell@1")
    assert tree.names() == set()
    assert not os.path.lexists(tree.folder / "present/cell")


def test_what_lies_in_a_bucket_is_only_named(tree: PublishedTree) -> None:
    tree.place("cell@1", Entry("proxied"))
    tree.lead("cell", "cell@1")
    assert list((tree.folder / "proxied/cell").iterdir()) == []
    tree.remove("cell@1")
    tree.lead("cell", None)
    assert (tree.versions(), tree.names()) == ({}, set())


def test_removing_leaves_the_data_alone(tree: PublishedTree, cell: Path) -> None:
    tree.place("cell@1", Entry("open", _mounts(cell), cell))
    tree.remove("cell@1")
    assert tree.versions() == {}
    assert (cell / "s0/chunk").read_text() == "chunk"


def test_what_a_killed_process_left_half_done_goes_with_the_next_change(tree: PublishedTree, cell: Path) -> None:
    tree.place("cell@1", Entry("open", _mounts(cell), cell))
    half_done = tree.folder / ".cell@2.1234abcd"
    half_done.mkdir()
    (half_done / "em").symlink_to(cell)
    tree.remove("cell@3")
    assert not half_done.exists()
    assert (cell / "zarr.json").exists()


def test_a_refusing_file_system_is_named(tmp_path: Path, cell: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageUnavailable, match="run manage"):
        PublishedTree(tmp_path / "file" / "published").place("cell@1", Entry("open", _mounts(cell)))


def test_links_that_lead_out_are_found(tmp_path: Path, cell: Path) -> None:
    root = tmp_path / "data"
    (cell / "s0" / "inside").symlink_to("chunk")
    assert not leads_out(cell, root)
    (cell / "s0" / "out").symlink_to(tmp_path)
    assert leads_out(cell, root)
