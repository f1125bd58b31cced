"""Two side by side: what the page says of them, what it offers, and which slices it shows where nothing draws in 3D."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.actions.versions import freeze, revise
from datasets.catalogue.addresses import Reference, compare_url
from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.pages.compare import read_named
from datasets.catalogue.state_requests import QueryInvalid
from tests.answers import content_of
from tests.catalogue.test_layer_pages import plain
from tests.catalogue.test_pages import text_of
from tests.catalogue.test_research_pages import cell

ROW = re.compile(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td></tr>')


def rows_of(page: str) -> dict[str, tuple[str, str]]:
    return {name: (strip(left), strip(right)) for name, left, right in ROW.findall(plain(page))}


def strip(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


@pytest.fixture
def two_versions(db: None) -> list[DatasetVersion]:
    first = cell()
    draft = revise(dataset=first.dataset, by=None)
    DatasetVersion.objects.filter(pk=draft.pk).update(change_note="Realigned", title="A cell, again")
    mito = draft.volumes.get(path="mito")
    Volume.objects.filter(pk=mito.pk).update(path="mito-2", title="Mitochondria, again")
    draft.views.all().delete()
    return [first, freeze(draft=DatasetVersion.objects.get(pk=draft.pk), by=None)]


def test_two_versions_differ_in_what_changed_and_say_what_is_the_same(
    client: Client, two_versions: list[DatasetVersion]
) -> None:
    page = text_of(client, "/compare/?left=cell@1&right=cell")
    assert "Two versions of A cell, in the same coordinates." in page
    rows = rows_of(page)
    assert rows["What changed"] == ("–", "Realigned")
    assert rows["Title"] == ("A cell", "A cell, again")
    assert rows["Layers in this one alone"] == ("Mitochondria", "Mitochondria, again")
    assert "Organism" not in rows
    assert "<span>Organism: Human</span>" in page
    assert '<meta name="robots" content="noindex">' in page
    assert 'value="cell@2"' in page, "the address that is kept is pinned"
    assert 'href="/compare/?left=cell@1&amp;right=cell@2"' in text_of(client, "/datasets/cell/")


def test_two_layers_differ_in_how_they_were_made(client: Client, small_cell: DatasetVersion) -> None:
    page = text_of(client, "/compare/?left=small-cell/em&right=small-cell@1/labels/cells")
    rows = rows_of(page)
    assert "Two layers of A small cell." in page
    assert rows["Made"] == ("–", "By hand")
    assert "Version" not in rows, "both are of one"
    found = re.search(r'<script id="compare-config" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    config = json.loads(found[1])
    assert config["sharesSpace"] is True
    assert config["address"] == "/compare/?left=small-cell@1/em&right=small-cell@1/labels/cells"
    views = [view["url"] for view in config["views"]]
    assert views == [f"/datasets/small-cell@1/view/?embedded=1&layers={it}" for it in ("em", "em,labels/cells")]
    assert all(client.get(view)["X-Frame-Options"] == "SAMEORIGIN" for view in views)
    assert "frame-src 'self'" in client.get("/compare/?left=small-cell&right=small-cell")["Content-Security-Policy"]


def test_both_slices_lie_in_one_plane_at_one_scale(client: Client, small_cell: DatasetVersion) -> None:
    page = text_of(client, "/compare/?left=small-cell/em&right=small-cell/labels/cells&plane=xz&position=100, 50, 60")
    pictures = [unescape(it) for it in re.findall(r'<img src="([^"]+)"', page[: page.index("<template")])]
    assert len(pictures) == 2
    assert pictures[1] == pictures[0] + "&overlay=labels/cells&opacity=0.35"
    assert "center=100,50,60&normal=0,-1,0" in pictures[0]
    for picture in pictures:
        assert content_of(client.get(picture))[:3] == b"\xff\xd8\xff"


def test_two_datasets_each_keep_their_place(
    client: Client, small_cell: DatasetVersion, two_versions: list[DatasetVersion]
) -> None:
    page = text_of(client, "/compare/?left=small-cell&right=cell")
    assert "Two datasets, at one scale." in page
    assert rows_of(page)["Dataset"] == ("small-cell", "cell")
    assert '"sharesSpace": false' in page
    assert "No slice of it can be drawn" in page


def test_what_can_be_chosen_begins_with_the_same_organelle(
    client: Client, small_cell: DatasetVersion, two_versions: list[DatasetVersion]
) -> None:
    page = text_of(client, "/compare/?left=small-cell@1/labels/cells")
    groups = re.findall(r'<optgroup label="(.*?)">(.*?)</optgroup>', page)
    assert [name for name, _ in groups] == ["Image", "Versions"]
    assert '<option value="small-cell@1/em">EM</option>' in groups[0][1]
    assert '<input type="hidden" name="left" value="small-cell@1/labels/cells">' in page
    assert '<select name="left">' in text_of(client, "/compare/?right=cell@2")
    page = text_of(client, "/compare/")
    assert {"cell", "small-cell"} <= set(re.findall(r'<option value="([^"]+)">', page))
    assert "noindex" not in page
    button = 'href="/compare/?left=small-cell@1/labels/cells"'
    assert button in text_of(client, "/datasets/small-cell/segmentations/labels/cells/")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("left=cell@9&right=cell", 404),
        ("left=cell&right=other", 404),
        ("left=cell/none", 404),
        ("left=CELL", 400),
        ("left=cell&right=cell&plane=zz", 400),
        ("left=cell&right=cell&position=1", 400),
    ],
)
def test_what_is_not_there_is_said(client: Client, two_versions: list[DatasetVersion], query: str, status: int) -> None:
    text_of(client, f"/compare/?{query}", status)


@given(text=st.text())
def test_any_text_names_something_or_is_refused(text: str) -> None:
    try:
        ref, path = read_named(text, "left")
    except QueryInvalid:
        return
    assert f"{ref}/{path}".strip("/").startswith(ref.name)


@given(path=st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1))
def test_a_layer_is_found_again_by_its_address(path: str) -> None:
    address: Any = compare_url(f"cell@2/{path}", "cell")
    query = QueryDict(address.partition("?")[2])
    assert query["right"] == "cell"
    if path == path.strip().strip("/"):
        assert read_named(query["left"], "left") == (Reference("cell", "2"), path)
