"""The search over the imported catalogue: the questions written before it was, on whichever database the tests run."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from datasets.catalogue.actions.people import recorded_person
from datasets.catalogue.actions.versions import freeze, revise
from datasets.catalogue.models import Collection, Contribution, Dataset, Model, Task, Visibility
from datasets.catalogue.search.finding import Found, find
from datasets.catalogue.search.indexing import index_named
from datasets.publishing.imports.crops.importing import import_crops
from datasets.publishing.imports.openorganelle.importing import import_openorganelle
from tests.catalogue.search_questions import BESIDE, QUESTIONS, Question

ENOUGH = 12


@pytest.fixture(scope="module")
def imported(shared_data: Path, rows_of_module: Callable[[], AbstractContextManager[None]]) -> None:
    """The catalogue that the questions are about."""
    with rows_of_module():
        import_openorganelle(shared_data / "catalogue" / "openorganelle", visibility=Visibility.PUBLIC, by=None)
        import_crops(shared_data / "catalogue" / "cellmap-challenge", visibility=Visibility.PUBLIC, by=None)
        draft = revise(dataset=Dataset.objects.get(name="jrc_zf-cardiac-1"), by=None)
        for name in BESIDE["people"]:
            Contribution.objects.create(version=draft, person=recorded_person(name, ""))
        freeze(draft=draft, by=None)
        for name, title in BESIDE["models"].items():
            Model.objects.create(name=name, title=title)
        for kind, table in (("collection", Collection), ("task", Task)):
            for name, title in BESIDE[f"{kind}s"].items():
                table.objects.create(name=name, title=title)
        for kind in ("model", "collection", "task"):
            index_named(kind)


def names(found: Found) -> dict[str, list[str]]:
    """What was found, by kind."""
    return {group.kind: [hit.name for hit in group.hits] for group in found.groups}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.text)
def test_each_question_is_answered(question: Question, imported: None, db: None) -> None:
    found = find(question.text, None, most=ENOUGH)
    shown = names(found)
    for kind, first in question.first.items():
        assert set(shown.get(kind, [])[: len(first)]) == set(first), kind
    if question.leads:
        assert found.groups[0].kind == question.leads
    assert {said: " or ".join(words) for said, words in found.corrected.items()}.items() >= question.corrected.items()
    assert not question.absent & {name for each in shown.values() for name in each}
    if question.sort == "nothing":
        assert shown == {}
    for group in found.groups:
        assert group.count >= len(group.hits) > 0
        for hit in group.hits:
            assert any(is_match for reason in hit.why for _, is_match in reason.passage), hit
