"""The list of datasets: found, narrowed, sorted, as pictures, as a table and as files."""

import csv
import datetime as dt
import io
import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from datasets.catalogue.actions.withdrawal import change_visibility
from datasets.catalogue.models import Crop, Dataset, DatasetVersion, Specimen
from datasets.catalogue.search.indexing import index_dataset
from tests.catalogue.test_pages import make_dataset, text_of
from tests.catalogue.test_versions import a_box

pytestmark = pytest.mark.django_db


@pytest.fixture
def cells(db: None) -> None:
    """Two of mice, one of a fly, one with a title that a spreadsheet would take for a formula."""
    for name, organism, title in (
        ("liver", "Mus musculus", "A mouse's liver"),
        ("kidney", "Mus musculus", "A mouse's kidney"),
        ("brain", "Drosophila melanogaster", "A fly's brain"),
        ("odd", "Danio rerio", '=1+1,"<b>'),
    ):
        make_dataset(name, title=title, volumes=1, before_freezing=lambda version, it=organism: said_of(version, it))


def said_of(version: DatasetVersion, organism: str) -> None:
    Specimen.objects.filter(version=version).update(organism=organism)


def titles(page: str) -> list[str]:
    return [unescape(it) for it in re.findall(r'<h3><a href="/datasets/[^"]+/">([^<]*)</a>', page)]


def test_what_is_chosen_narrows_the_list_and_can_be_taken_back(client: Client, cells: None) -> None:
    page = text_of(client, "/datasets/?organism=Mus+musculus")
    assert set(titles(page)) == {"A mouse's liver", "A mouse's kidney"}
    assert re.search(r'name="organism" value="Mus musculus" id="[^"]+" checked', page)
    assert 'aria-label="Organism: Mus musculus, take back"' in page
    either = text_of(client, "/datasets/?organism=Mus+musculus&organism=Danio+rerio")
    assert len(titles(either)) == 3
    assert 'href="/datasets/?organism=Danio+rerio" data-swap aria-label="Organism: Mus musculus' in either
    assert "No dataset is like that" in text_of(client, "/datasets/?organism=Homo+sapiens")


def test_each_value_is_counted_as_choosing_it_would_find(client: Client, cells: None) -> None:
    page = text_of(client, "/datasets/?organism=Mus+musculus")
    counts = dict(re.findall(r"<i>([^<]+)</i></span><span class=\"count\">(\d+)<", page))
    assert counts == {"Mus musculus": "2", "Drosophila melanogaster": "1", "Danio rerio": "1"}
    for organism, count in counts.items():
        assert len(titles(text_of(client, f"/datasets/?organism={organism}"))) == int(count)


def test_words_find_datasets_by_what_is_said_of_them(client: Client, cells: None) -> None:
    assert titles(text_of(client, "/datasets/?q=kidney")) == ["A mouse's kidney"]
    assert titles(text_of(client, "/datasets/?q=insect")) == ["A fly's brain"]
    corrected = text_of(client, "/datasets/?q=kindey")
    assert titles(corrected) == ["A mouse's kidney"]
    assert "<q>kindey</q>: these are found for <b>kidney</b>" in corrected
    assert 'href="/search/?q=kidney"' in text_of(client, "/datasets/?q=kidney")


def test_the_order_and_the_look_are_in_the_address(client: Client, cells: None) -> None:
    assert titles(text_of(client, "/datasets/"))[0] == '=1+1,"<b>'
    table = text_of(client, "/datasets/?organism=Mus+musculus&view=table&sort=size")
    assert titles(table) == []
    assert table.count('<th scope="row"') == 2
    assert re.search(r'value="size" selected', table)
    assert '<option value="" selected>Newest first' in text_of(client, "/datasets/?sort=")
    assert '<option value="" selected>Best match' in text_of(client, "/datasets/?q=mouse&sort=")
    assert '<option value="newest" selected>Newest first' in text_of(client, "/datasets/?q=mouse&sort=newest")
    assert 'href="/datasets/?organism=Mus+musculus&amp;sort=size" data-swap>Pictures' in table


def test_the_table_is_sorted_by_what_is_said_and_what_is_counted(
    client: Client, cells: None, django_assert_max_num_queries: Any
) -> None:
    a_crop = {"name": "1", **a_box()}
    make_dataset("none", title="Of nothing", volumes=3, before_freezing=lambda it: said_of(it, ""))
    make_dataset("truth", volumes=2, before_freezing=lambda it: Crop.objects.create(version=it, **a_crop))
    for sort, names in (
        ("organism", ["odd", "brain", "truth", "kidney", "liver", "none"]),
        ("layers", ["none", "truth", "odd", "brain", "kidney", "liver"]),
        ("crops", ["truth", "none", "odd", "brain", "kidney", "liver"]),
    ):
        for order, expected in ((sort, names), (f"-{sort}", names[::-1])):
            with django_assert_max_num_queries(18):
                rows = client.get("/datasets/", {"view": "table", "sort": order}).context["page"].rows
            assert [it.row.name for it in rows] == expected, order
    assert 'aria-sort="descending"><a class="sorts" id="sort-layers"' in text_of(
        client, "/datasets/?view=table&sort=layers"
    )


def test_the_files_hold_exactly_what_the_list_does(client: Client, cells: None) -> None:
    said: Any = client.get("/datasets/?organism=Mus+musculus&format=csv")
    assert said.headers["Content-Disposition"] == 'attachment; filename="datasets.csv"'
    rows = list(csv.DictReader(io.StringIO(b"".join(said.streaming_content).decode())))
    assert [row["name"] for row in rows] == ["kidney", "liver"]
    assert rows[0]["url"] == "http://testserver/datasets/kidney@1/"
    assert rows[0]["voxel_nm"] == "4.0; 4.0; 5.24"
    said = client.get("/datasets/?organism=Mus+musculus&format=json")
    listed = json.loads(b"".join(said.streaming_content))
    assert [row["name"] for row in listed] == ["kidney", "liver"]
    assert listed[0]["voxel_nm"] == [4, 4, 5.24]
    said = client.get("/datasets/?q=nothing+such&format=json")
    assert json.loads(b"".join(said.streaming_content)) == []


def test_no_title_is_a_formula_or_markup(client: Client, cells: None) -> None:
    said: Any = client.get("/datasets/?organism=Danio+rerio&format=csv")
    (row,) = csv.DictReader(io.StringIO(b"".join(said.streaming_content).decode()))
    assert row["title"] == "'=1+1,\"<b>"
    assert "<b>" not in text_of(client, "/datasets/?view=table&organism=Danio+rerio").partition("<main")[2]


def test_behind_the_last_page_is_the_last(client: Client, cells: None) -> None:
    assert len(titles(text_of(client, "/datasets/?organism=Mus+musculus&page=9"))) == 2
    assert "No datasets yet" not in text_of(client, "/datasets/?page=9")
    assert "kidney" in text_of(client, "/search/?q=kidney&kind=dataset&page=9").partition("<main")[2]


@pytest.mark.parametrize("query", ["sort=name", "view=list", "page=0", "page=x", "format=xml", "q=" + "a+" * 40])
def test_what_cannot_be_asked_is_refused(client: Client, cells: None, query: str) -> None:
    text_of(client, f"/datasets/?{query}", status=400)


def test_what_nobody_may_see_is_in_no_list_no_count_and_no_file(client: Client, cells: None) -> None:
    hidden = make_dataset("hidden", title="A mouse's secret").dataset
    hidden.visibility = "private"
    hidden.save()
    index_dataset(hidden)
    page = text_of(client, "/datasets/?organism=Mus+musculus")
    assert "secret" not in page
    assert len(titles(page)) == 2
    said: Any = client.get("/datasets/?format=csv")
    assert b"secret" not in b"".join(said.streaming_content)


def test_what_was_found_before_is_not_found_any_longer_when_it_changes(client: Client, cells: None) -> None:
    """The answers to strangers are kept, of one state of the catalogue."""
    pages = ("/", "/datasets/", "/datasets/?q=kidney", "/search/?q=kidney")
    assert all("/datasets/kidney/" in text_of(client, it) for it in pages)
    change_visibility(name="kidney", visibility="private", by=None)
    assert not any("/datasets/kidney/" in text_of(client, it) for it in pages)
    # An embargo ends, and nothing tells of it but time.
    ended = timezone.now() - dt.timedelta(seconds=1)
    Dataset.objects.filter(name="kidney").update(visibility="embargoed", embargo_until=ended)
    assert all("/datasets/kidney/" in text_of(client, it) for it in pages)
