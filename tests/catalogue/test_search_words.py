"""Words, questions, spelling and passages: pure, and true of any text."""

import re
import string
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.search.classes import load_classes, read_classes
from datasets.catalogue.search.documents import Said, words_by_field
from datasets.catalogue.search.full_text import NAMES, TERMS, TEXT, tier_of
from datasets.catalogue.search.passages import LONGEST, mark, reasons_for
from datasets.catalogue.search.questions import MOST_WORDS, QuestionInvalid, read_question
from datasets.catalogue.search.spelling import Spelling, distance, far_enough
from datasets.catalogue.search.vocabulary import describe, find_term, load_terms
from datasets.catalogue.search.words import compose, fold, singular, words_of

NAME = st.text(max_size=60)
LETTERS = st.text(string.ascii_lowercase, min_size=1, max_size=14)


@given(NAME)
def test_folding_again_changes_nothing(text: str) -> None:
    word = fold(text)
    assert fold(word) == word
    assert singular(singular(word)) == singular(word)
    assert all(word.isalnum() for word in words_of(text))


@given(NAME, NAME)
def test_what_has_a_name_is_found_by_it(name: str, other: str) -> None:
    question = read_question(name)
    words = words_by_field([Said(NAMES, "title", name), Said(TEXT, "description", other)])
    assert not question.terms or tier_of(words, question) == 0
    assert read_question(name.upper()).wholes == read_question(name.upper().lower()).wholes


@given(NAME, st.sampled_from(["{}", "a {} b", "({})", "{}s"]))
def test_a_passage_says_what_the_text_does(text: str, around: str) -> None:
    passage = mark(around.format(text), read_question(text))
    said = "".join(part for part, _ in passage)
    if len(around.format(text)) <= LONGEST:
        assert said == compose(around.format(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("U-Net", {"u", "net", "unet"}),
        ("jrc_hela-2", {"jrc", "hela", "2", "jrchela2"}),
        ("GO:0005739", {"go", "0005739", "go0005739"}),
        ("Mitochondria, nuclei & bodies", {"mitochondrion", "nucleus", "body"}),
        ("José Núñez", {"jose", "nunez"}),
        ("virus axis class", {"virus", "axis", "class"}),
        ("%_*", set()),
    ],
)
def test_words_of_texts(text: str, words: set[str]) -> None:
    assert set(words_of(text)) == words


def test_small_words_are_not_asked_for_where_there_are_others() -> None:
    assert [term.said for term in read_question("the mitochondria in a liver").terms] == [("mitochondria",), ("liver",)]
    assert [term.said for term in read_question("in the").terms] == [("in",), ("the",)]
    with pytest.raises(QuestionInvalid, match=f"more than {MOST_WORDS} words"):
        read_question("word " * (MOST_WORDS + 1))


def test_only_what_is_being_typed_and_longer_words_may_be_beginnings() -> None:
    begins = [term.ways[0][0].begins for term in read_question("er mit 12 go").terms]
    assert begins == ["", "mit", "", "go"]


@given(LETTERS, LETTERS)
def test_distances_are_distances(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))


@given(LETTERS, st.data())
def test_one_wrong_letter_is_one(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word)))
    wrongs = [word[:at] + "é" + word[at:], word[:at] + word[at + 1 :]]
    if at + 1 < len(word):
        wrongs.append(word[:at] + word[at + 1] + word[at] + word[at + 2 :])
    for wrong in wrongs:
        assert distance(word, wrong) <= 1


@hypothesis.settings(max_examples=50)
@given(st.sets(LETTERS, max_size=60), LETTERS)
def test_the_nearest_are_those_of_all(words: set[str], word: str) -> None:
    words.discard(word)
    most, found = Spelling(words).nearest(word)
    near = {other: distance(word, other) for other in words}
    least = min(near.values(), default=99)
    if least > far_enough(word):
        assert found == []
        return
    nearest = {other for other in near if near[other] == least}
    assert most == least
    assert set(found) == ({other for other in nearest if other[0] == word[0]} or nearest)


def test_reasons_are_the_fewest_texts_names_first() -> None:
    said = [
        Said(NAMES, "title", "Interphase cell"),
        Said(TERMS, "cell line", "HeLa: human cervical cancer, cell line"),
        Said(TEXT, "description", "A HeLa cell of which nothing else is said."),
    ]
    (reason,) = reasons_for(said, read_question("hela cell"))
    assert reason.what == "cell line"
    assert [part for part, is_match in reason.passage if is_match] == ["HeLa", "cell"]
    both = reasons_for(said, read_question("interphase human"))
    assert [each.what for each in both] == ["title", "cell line"]


def test_a_long_text_is_cut_around_what_was_asked_for() -> None:
    passage = mark("word " * 100 + "mitochondria " + "word " * 100, read_question("mitochondrion"))
    text = "".join(part for part, _ in passage)
    assert ("mitochondria", True) in passage
    assert text.startswith("…")
    assert text.endswith("…")
    assert len(text) < LONGEST + 10


def test_terms_are_written_out_with_what_they_are_a_kind_of() -> None:
    assert describe("HeLa").startswith("HeLa: ")
    assert "cancer cell line" in describe("HeLa")
    assert "immune cell" in describe("T-Cell")
    assert "brefeldin A" in describe("BFA")
    assert describe("Drosophila melanogaster", 7227).endswith("taxon 7227, NCBITaxon:7227")
    assert "insect" in describe("whatever it is called", 7227)
    assert describe("nothing known") == "nothing known"


def test_the_table_of_terms_holds_together() -> None:
    terms = load_terms()
    labels = [term.label for term in terms]
    assert len(set(labels)) == len(labels)
    curies = [term.curie for term in terms if term.curie]
    assert len(set(curies)) == len(curies)
    for term in terms:
        assert find_term(term.label) is term
        assert all(find_term(parent) for parent in term.parents), term


def test_a_question_is_read_as_the_classes_that_most_of_it_names() -> None:
    reading = read_classes(read_question("macrophage golgi membrane"))
    assert [each.fact.short_name for each in reading.classes] == ["golgi_mem"]
    assert [term.said for term in reading.rest.terms] == [("macrophage",)]
    whole = read_classes(read_question("mito"))
    assert {each.fact.short_name for each in whole.classes} == {"mito", "mito_mem", "mito_lum", "mito_ribo"}
    assert whole.rest.terms == ()
    assert len(load_classes()) == 77


def test_a_word_that_is_there_whole_is_not_marked_as_a_beginning() -> None:
    passage = mark("HeLa cell, cellosaurus:CVCL_0030", read_question("cell"))
    assert [part for part, is_match in passage if is_match] == ["cell"]
    passage = mark("cellosaurus:CVCL_0030", read_question("cell"))
    assert any(is_match for _, is_match in passage)


def test_identifiers_have_their_forms_and_name_one_thing_each() -> None:
    curies = [term.curie for term in load_terms() if term.curie]
    forms = r"NCBITaxon:[1-9]\d*|CL:\d{7}|UBERON:\d{7}|CHEBI:[1-9]\d*|cellosaurus:CVCL_[0-9A-Z]{4}"
    assert [it for it in curies if not re.fullmatch(forms, it)] == []
    assert len(curies) == len(set(curies))


@pytest.mark.shared_data
def test_organisms_have_the_taxa_that_recorded_catalogues_give_them(shared_data: Path) -> None:
    said: dict[str, str] = {}
    for file in sorted((shared_data / "catalogue" / "cryoet").glob("*.yaml")):
        said |= dict(re.findall(r"organism:\n +name: (.+)\n +taxonomy_id: (\d+)", file.read_text()))
    for file in sorted((shared_data / "catalogue" / "dandi").glob("*.json")):
        found = re.findall(r'obo/NCBITaxon_(\d+)",\s*"name": "([^"]+)"', file.read_text())
        said |= {name: taxon for taxon, name in found}
    known = {name: term.curie for name in said if (term := find_term(name)) is not None and term.curie}
    assert {"Homo sapiens", "House mouse"} <= set(known)
    assert known == {name: f"NCBITaxon:{said[name]}" for name in known}
