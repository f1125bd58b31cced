"""The search's page: what was found, why, what was read instead, and nothing."""

import re

import pytest
from django.test import Client

from datasets.catalogue.actions.organelles import load_organelle_classes
from datasets.catalogue.models import DatasetVersion

pytestmark = pytest.mark.django_db


def page_of(client: Client, query: str, status: int = 200) -> str:
    answer = client.get(f"/search/?{query}")
    assert answer.status_code == status
    return answer.content.decode()


def headings(page: str) -> list[str]:
    return re.findall(r'<h2 id="found-\w+">([^<]+)</h2>', page)


def test_what_was_found_stands_by_kind_with_the_words_marked(client: Client, small_cell: DatasetVersion) -> None:
    page = page_of(client, "q=small+cell")
    assert headings(page)[0] == "1\N{NO-BREAK SPACE}dataset"
    assert re.search(r'<a href="/datasets/small-cell/">A <mark>small</mark> <mark>cell</mark></a>', page)


def test_a_class_is_found_by_its_term_with_its_parts(client: Client, db: None) -> None:
    load_organelle_classes()
    page = page_of(client, "q=GO:0005739")
    assert headings(page)[0].endswith("organelle classes")
    assert '<a href="/organelles/mito/">' in page
    assert "<mark>GO:0005739</mark>" in page


def test_a_misspelt_word_is_corrected_and_said(client: Client, db: None) -> None:
    page = page_of(client, "q=mitocondria")
    assert re.search(r"<q>mitocondria</q>: this is what was found for <b>mitochondria</b>", page)
    assert '<a href="/organelles/mito/">' in page


def test_of_one_kind_all_is_paged_through(client: Client, db: None) -> None:
    first = page_of(client, "q=membrane")
    assert "/search/?q=membrane&amp;kind=organelle" in first
    whole = page_of(client, "q=membrane&kind=organelle")
    assert whole.count('<li class="hit') > 5
    assert 'href="/search/?q=membrane">All kinds of results' in whole


def test_nothing_found_says_what_helps(client: Client, db: None) -> None:
    page = page_of(client, "q=%3Cscript%3Exylophone")
    assert "Nothing was found for “&lt;script&gt;xylophone”" in page
    assert "What are you looking for?" in page_of(client, "")


@pytest.mark.parametrize("query", ["q=a&kind=cells", "q=a&kind=dataset&page=0", f"q={'a+' * 40}"])
def test_what_cannot_be_asked_is_refused(client: Client, db: None, query: str) -> None:
    page_of(client, query, 400)
