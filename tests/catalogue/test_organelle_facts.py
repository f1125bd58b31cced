"""The table of organelle classes: complete, well formed, and no term in it that was not read in a named place."""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

from datasets.catalogue.organelles import OrganelleFact, load_facts

FACTS = load_facts()
BY_NAME = {fact.short_name: fact for fact in FACTS}
WITH_TERM = [fact for fact in FACTS if fact.go_id]
PACKAGED = re.compile(r"package (?P<name>\S+) (?P<version>\S+) (?P<file>\S+) sha256:(?P<sha256>[0-9a-f]{64})")
SHARED_TERM = re.compile(r"id: (GO:\d{7})\n\s+name: (.+)")

# They sum up parts that lie in several branches, so they can be no one's parent.
COLLECTIVES = {"er_mem_all", "ne_mem_all", "cent_all"}


def ancestors(fact: OrganelleFact) -> Iterator[str]:
    while fact.parent:
        yield fact.parent
        fact = BY_NAME[fact.parent]


def places(fact: OrganelleFact) -> list[str]:
    return fact.evidence.split(";") if fact.evidence else []


def repeated(names: list[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def test_each_class_and_each_term_stands_once() -> None:
    assert not repeated([fact.short_name for fact in FACTS])
    assert not repeated([fact.go_id for fact in WITH_TERM])
    assert not repeated([str(fact.cellmap_id) for fact in FACTS if fact.cellmap_id is not None])


def test_a_name_that_people_write_leads_to_one_class() -> None:
    assert not repeated(
        [
            name
            for fact in FACTS  # a set: the class er is also called ER
            for name in {name.casefold() for name in (fact.short_name, fact.long_name, *fact.synonyms)}
        ]
    )


def test_names_are_trimmed_words() -> None:
    for fact in FACTS:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", fact.short_name)
        for name in (fact.long_name, *fact.synonyms):
            assert name
            assert name == " ".join(name.split())


def test_a_parent_stands_before_its_children_so_there_are_no_cycles() -> None:
    seen: set[str] = set()
    for fact in FACTS:
        assert not fact.parent or fact.parent in seen, fact.short_name
        seen.add(fact.short_name)


def test_parts_hang_where_they_are_in_the_cell() -> None:
    assert list(ancestors(BY_NAME["np_in"])) == ["np", "ne", "nuc"]  # the envelope is part of the nucleus, not the ER
    assert list(ancestors(BY_NAME["eres_mem"])) == ["eres", "er"]
    assert list(ancestors(BY_NAME["mito_ribo"])) == ["mito"]
    assert not {fact.parent for fact in FACTS} & (COLLECTIVES | {"cell", "cyto"})


def test_a_term_comes_whole_or_not_at_all() -> None:
    for fact in FACTS:
        assert len({bool(fact.go_id), bool(fact.go_label), bool(fact.evidence)}) == 1, fact.short_name
    for fact in WITH_TERM:
        assert re.fullmatch(r"GO:\d{7}", fact.go_id), fact.short_name
        assert fact.long_name == fact.go_label
        for place in places(fact):
            assert PACKAGED.fullmatch(place) or re.fullmatch(r"catalogue/[\w./-]+", place), place


@pytest.mark.shared_data
def test_terms_are_in_the_recorded_catalogues(shared_data: Path) -> None:
    read = 0
    for fact in WITH_TERM:
        for place in places(fact):
            if not PACKAGED.fullmatch(place):
                assert (fact.go_id, fact.go_label) in SHARED_TERM.findall((shared_data / place).read_text()), place
                read += 1
    assert read


def test_terms_are_alive_in_the_packaged_ontology() -> None:
    claims: dict[tuple[str, ...], list[OrganelleFact]] = {}
    for fact in WITH_TERM:
        for place in places(fact):
            if found := PACKAGED.fullmatch(place):
                claims.setdefault(found.groups(), []).append(fact)
    assert claims
    for (name, version, file, sha256), facts in claims.items():
        package = distribution(name)  # from requirements-evidence.txt
        assert package.version == version
        content = Path(str(package.locate_file(file))).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        terms = {
            stanza.splitlines()[1].removeprefix("id: "): stanza.splitlines()
            for stanza in content.decode().split("\n\n")
            if stanza.startswith("[Term]")
        }
        for fact in facts:
            assert f"name: {fact.go_label}" in terms[fact.go_id]
            assert "namespace: cellular_component" in terms[fact.go_id]
            assert "is_obsolete: true" not in terms[fact.go_id]


@pytest.mark.shared_data
def test_every_class_of_the_cellmap_challenge_is_here(shared_data: Path) -> None:
    with (shared_data / "catalogue/cellmap-challenge/classes_long.csv").open(newline="") as table:
        challenge = {row["field_name"]: row for row in csv.DictReader(table)}
    ids = {fact.short_name: fact.cellmap_id for fact in FACTS if fact.cellmap_id is not None}
    assert ids == {name: int(row["class_id"]) for name, row in challenge.items()}

    parts = {int(row["class_id"]): row["ids included"].split("-") for row in challenge.values()}
    for fact in FACTS:
        # A leaf of ours under a composite of theirs is one they count in it, and the other way round, except that
        # they count the nuclear envelope in the ER as well.
        for ancestor in ancestors(fact):
            if fact.short_name in COLLECTIVES or ancestor == "cent" or parts[ids[fact.short_name]] != [""]:
                continue
            assert str(fact.cellmap_id) in parts[ids[ancestor]], (fact.short_name, ancestor)
