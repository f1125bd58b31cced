"""In what two records differ: thing by thing, each under its name; and how that is said to people."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.change_texts import LONGEST_SUMMARY, compare_texts, say_place, say_value, say_where
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.record_changes import Kind, Place, mount_changes, record_changes
from datasets.catalogue.records import write_record
from tests.catalogue.test_versions import everything

MOUNT = {"path": "em", "single": False, "root": "data", "key": "a/em", "revision": ""}


@pytest.fixture
def record(db: None) -> dict[str, Any]:
    """One that says something in every table of the model."""
    return _read(everything())


def _read(version: DatasetVersion) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(write_record(version).text)
    return said


def changed(record: dict[str, Any], **said: Any) -> dict[str, Any]:
    return copy.deepcopy(record) | said


def told(before: Any, after: Any) -> list[tuple[str, str, Any, Any]]:
    return [(say_where(it), str(it.kind), it.before, it.after) for it in record_changes(before, after)]


def test_a_record_does_not_differ_from_itself_nor_by_what_goes_without_saying(record: dict[str, Any]) -> None:
    assert told(record, record) == []
    assert (
        told(record, changed(record, credit=None, keywords=[], kept={**record["kept"], "x": {"$absent": True}})) == []
    )
    assert told(record, changed(record, change_note="Why", format=2)) == []


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all that is no list nor object, in what has a name or is a field."""
    if isinstance(value, dict):
        for name, it in value.items():
            yield from leaves(it, (*path, name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for place, it in enumerate(value):
            yield from leaves(it, (*path, place))
    else:
        yield path


def test_whatever_changes_is_told_and_nothing_else(record: dict[str, Any]) -> None:
    aside = {"format", "dataset", "change_note", "mounts"}
    joined = {("specimen", kind) for kind in ("tissue", "cell_line", "treatment")}  # of the terms, which are told
    ways = [path for path in leaves(record) if path[0] not in aside and path not in joined]
    assert len(ways) > 60
    for path in ways:
        other = copy.deepcopy(record)
        place = other
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = "another" if place[path[-1]] != "another" else "else"
        found = record_changes(record, other)
        assert found, path
        assert {it.path[0] for it in found} == {path[0]}, path
        back = record_changes(other, record)
        flipped = [(it.path, it.after, it.before) for it in back]
        assert sorted(map(repr, flipped)) == sorted(repr((it.path, it.before, it.after)) for it in found), path


def test_things_go_by_their_names_not_by_their_places(record: dict[str, Any]) -> None:
    volume = record["volumes"][0]
    em = {**volume, "path": "em", "title": "EM", "segmentation": None}
    before, after = changed(record, volumes=[volume, em]), changed(record, volumes=[em, {**volume, "title": "M"}])
    assert told(before, after) == [
        ("Volumes › mito › title", "changed", "Mitochondria", "M"),
        ("Volumes", "reordered", ["mito", "em"], ["em", "mito"]),
    ]
    assert told(record, before) == [("Volumes › em", "added", None, em)]
    assert told(before, record) == [("Volumes › em", "removed", em, None)]
    levels = [{"path": "0", "shape": [8, 8, 8]}, {"path": "1", "shape": [4, 4, 4]}]
    coarser = [*levels[:1], {"path": "1", "shape": [5, 5, 5]}, {"path": "2", "shape": [2, 2, 2]}]
    one, other = (changed(record, volumes=[{**volume, "levels": it}]) for it in (levels, coarser))
    assert told(one, other) == [
        ("Volumes › mito › levels › 1 › shape", "changed", [4, 4, 4], [5, 5, 5]),
        ("Volumes › mito › levels › 2", "added", None, coarser[2]),
    ]


def test_each_list_of_what_has_a_name_goes_by_it(record: dict[str, Any]) -> None:
    crop, (paper,) = record["crops"][0], record["publications"]
    other = changed(
        record,
        crops=[{**crop, "coverage": [["er", "present"], ["mito", "present"]]}],
        publications=[{**paper, "doi": paper["doi"].upper()}, {**paper, "doi": "", "url": "", "title": "A talk"}],
        contributions=[*record["contributions"], *record["contributions"]],
    )
    assert [it[:2] for it in told(record, other)] == [
        ("Crops › 234 › coverage › mito", "changed"),
        ("Crops › 234 › coverage › er", "added"),
        (f"Publications › {paper['doi']} › DOI", "changed"),
        ("Publications › A talk", "added"),
        ("Contributions › Laurel Haak (2)", "added"),
    ]


def test_terms_are_one_whether_they_have_a_curie_or_not(record: dict[str, Any]) -> None:
    plain = changed(record, specimen={"organism": "Human", "treatment": "H89"})
    known = changed(
        record,
        specimen={
            "organism": "Human",
            "treatment": "H89",
            "terms": [{"kind": "treatment", "label": "H89", "curie": "CHEBI:44436"}],
        },
    )
    assert told(plain, known) == [("Specimen › treatment", "changed", ["H89"], ["H89 (CHEBI:44436)"])]
    unknown = [{"kind": "treatment", "label": "H89", "curie": ""}]
    assert told(plain, changed(record, specimen={"organism": "Human", "treatment": "H89", "terms": unknown})) == []


def test_what_was_kept_keeps_its_own_names(record: dict[str, Any]) -> None:
    one, other = (changed(record, kept={"voxel_nm": {"levels": it}}) for it in ([{"path": "0"}], [{"path": "1"}]))
    (change,) = told(one, other)
    assert change[0] == "Kept from the source › voxel_nm › levels", "a list of the source's is no list of levels"
    acquisition = {**record["acquisition"], "voltage_kv": 1.5}
    assert told(record, changed(record, acquisition=acquisition))[0][0] == "Acquisition › voltage (kV)"


def test_mounts_are_added_removed_moved_and_made_anew() -> None:
    before = {"mounts": [MOUNT, {**MOUNT, "path": "old"}, {**MOUNT, "path": "new"}]}
    after = {"mounts": [{**MOUNT, "key": "b/em"}, {**MOUNT, "path": "new", "revision": "2"}, {**MOUNT, "path": "x"}]}
    found = {it.path: it for it in mount_changes(before, after)}
    assert {path: it.kind for path, it in found.items()} == {
        "em": Kind.MOVED, "new": Kind.CHANGED, "old": Kind.REMOVED, "x": Kind.ADDED,
    }  # fmt: skip
    assert mount_changes(before, {"mounts": before["mounts"][::-1]}) == []
    assert say_place(found["em"].after, shows_places=True) == "data:b/em"
    assert say_place(found["em"].after, shows_places=False) == "mounted"
    assert say_place(found["old"].after, shows_places=True) == "–"
    assert say_place(Place(True, "7", "own", "k"), shows_places=False) == "revision 7, one object"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        (5.24, "5.24"),
        (4.0, "4"),
        (2**40, "1099511627776"),
        (["mito", "er"], "mito, er"),
        ([[4, 0], [0, 4.5]], "4 0; 0 4.5"),
        ({"title": "EM", "path": "em"}, "EM"),
        ({"name": "a", "voxel_nm": [1, 2], "url": ""}, "name a, voxel nm 1, 2"),
        ([{"label": "a"}, {"label": "b"}], "label a, label b"),
    ],
)
def test_values_in_a_line(value: Any, text: str) -> None:
    assert say_value(value) == text


def test_what_has_no_title_and_much_to_say_is_cut_short() -> None:
    assert len(say_value({"a": "x" * 999})) <= LONGEST_SUMMARY + 1


def test_of_two_texts_the_words_are_marked_that_are_in_one_alone() -> None:
    middle = " and so on" * 60
    left, right = compare_texts(f"A small cell{middle} end", f"A large cell{middle} end")
    assert [(it.text, it.is_changed) for it in left[:2]] == [("A", False), (" small", True)]
    assert [(it.text, it.is_changed) for it in right[:2]] == [("A", False), (" large", True)]
    assert len(right) == 3
    assert " … " not in right[0].text
    assert len(left[2].text) < 200, "what is the same is cut short"


@given(*[st.text(st.sampled_from("ab \n"), max_size=60)] * 2)
def test_pieces_are_the_whole_texts_where_these_are_short(before: str, after: str) -> None:
    left, right = compare_texts(before, after)
    assert ("".join(it.text for it in left), "".join(it.text for it in right)) == (before, after)
    if before == after:
        assert not any(it.is_changed for it in (*left, *right))
