"""Lists as files, and in their orders: exactly what they show."""

import csv
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from datasets.catalogue.models import (
    Collection,
    Contribution,
    Crop,
    DatasetVersion,
    Model,
    ModelRun,
    Person,
    Segmentation,
    Task,
)
from datasets.catalogue.pages.collections import MEMBER_ORDERS
from datasets.catalogue.pages.entries import EntriesPage
from datasets.catalogue.queries.entry_rows import (
    COLLECTION_ORDERS,
    CONTRIBUTION_ORDERS,
    MODEL_ORDERS,
    ORGANELLE_ORDERS,
    PERSON_ORDERS,
    TASK_ORDERS,
)
from datasets.catalogue.queries.orders import Orders
from datasets.catalogue.queries.publications import PUBLICATION_ORDERS
from datasets.catalogue.queries.research_rows import CROP_ORDERS, MADE_ORDERS, SEGMENTATION_ORDERS
from tests.catalogue.test_organelle_pages import cell as segmented
from tests.catalogue.test_organelle_pages import segment
from tests.catalogue.test_pages import make_dataset
from tests.catalogue.test_research_pages import cell, cropped, research
from tests.catalogue.test_versions import a_box

pytestmark = pytest.mark.django_db

LISTS = (
    "/crops/",
    "/publications/",
    "/models/",
    "/organelles/",
    "/organelles/mito/",
    "/collections/",
    "/tasks/",
    "/people/",
)


def lists_on_pages() -> dict[str, Orders]:
    """The lists on the pages of what :func:`research` makes."""
    person = Person.objects.exclude(contributions=None).get()
    return {
        "/models/unet/": MADE_ORDERS,
        "/collections/paper/": MEMBER_ORDERS,
        f"/people/{person.pk}/": CONTRIBUTION_ORDERS,
    }


def rows_of(client: Client, path: str, **chosen: str) -> list[dict[str, Any]]:
    """A list as JSON; what its CSV says is the same, in text."""
    said: dict[str, bytes] = {}
    for kind in ("json", "csv"):
        response: Any = client.get(path, chosen | {"format": kind})
        assert response.status_code == 200
        said[kind] = b"".join(response.streaming_content)
    found: list[dict[str, Any]] = json.loads(said["json"])
    table = list(csv.DictReader(io.StringIO(said["csv"].decode())))
    assert [row["url"] for row in table] == [row["url"] for row in found]
    assert all(list(row) == list(table[0]) for row in found)
    return found


def test_crops_are_those_of_the_list_and_lead_back_to_it(client: Client) -> None:
    cropped("one", "234", "235")
    cropped("two", "7", organelle="er_mem", use="test")
    below = a_box() | {"translation_x_nm": -101}
    make_dataset("low", before_freezing=lambda draft: Crop.objects.create(version=draft, name="9", **below))
    assert [(row["dataset"], row["crop"]) for row in rows_of(client, "/crops/")] == [
        ("one", "234"),
        ("one", "235"),
        ("two", "7"),
        ("low", "9"),
    ]
    (row,) = rows_of(client, "/crops/", organelle="er", use="test")
    assert (row["dataset_title"], row["present"], row["absent"]) == ("Cell two", ["er_mem"], [])
    assert row["url"] == "http://testserver/crops/?dataset=two&crop=7"
    assert (row["voxel_nm"], row["shape"]) == ([2, 2, 2], [400, 400, 400])
    assert rows_of(client, "/crops/", dataset="two", crop="7") == [row]
    assert rows_of(client, "/crops/", dataset="none") == []
    text = b"".join(client.get("/crops/?dataset=low&format=csv").streaming_content)  # type: ignore[attr-defined]
    assert b",-102.0; 2759.0; 2759.0," in text  # numbers below zero are no formula
    page = client.get("/crops/?use=test").content.decode()
    assert 'href="/crops/?use=test&amp;format=csv" rel="nofollow" download' in page


def test_publications_models_and_segmentations_are_those_of_their_lists(client: Client) -> None:
    research(cell())
    cropped("one", "1")
    cropped("two", "1")
    segmented("three", "labels/mito", "labels/er")
    papers = rows_of(client, "/publications/", kind="paper")
    assert [row["datasets"] for row in papers if row["doi"] == "10.1000/One"] == [["one", "two"]]
    assert {row["kind"] for row in papers} == {"paper"}
    assert {row["kind"] for row in rows_of(client, "/publications/")} > {"paper"}
    (model,) = rows_of(client, "/models/")
    assert (model["name"], model["layers"], model["url"]) == ("unet", 1, "http://testserver/models/unet/")
    made, other = sorted(rows_of(client, "/organelles/mito/"), key=lambda row: row["dataset"])
    assert (made["dataset"], made["path"]) == ("cell", "mito")
    assert other["url"] == "http://testserver/datasets/three@1/segmentations/labels/mito/"
    assert (other["organelles"], other["voxel_nm"], other["kept_at"]) == (["mito"], [4, 4, 5.24], "")
    (layer,) = rows_of(client, "/models/unet/")
    assert (layer["url"], layer["organelles"], layer["run"]) == (made["url"], ["mito"], "first")
    (member,) = rows_of(client, "/collections/paper/")
    assert (member["name"], member["crops"], member["url"]) == ("cell", 1, "http://testserver/datasets/cell@1/")
    *_, person = lists_on_pages()
    (part,) = rows_of(client, person)
    assert (part["dataset"], part["version"], part["roles"]) == ("cell", 1, ["Data curation"])
    for path in (*LISTS, *lists_on_pages()):
        assert f'href="{path}?format=json"' in client.get(path).content.decode(), path
        assert client.get(path, {"format": "xml"}).status_code == 400, path


def test_nothing_that_is_hidden_is_in_a_file(client: Client, admin_client: Client) -> None:
    research(cell(visibility="private"))
    segmented("secret", "mito", visibility="private")
    Model.objects.update(public=False)
    for path in LISTS:
        opened = rows_of(admin_client, path)
        if path in ("/collections/", "/tasks/", "/organelles/"):  # known to everybody, their datasets are not
            shown = rows_of(client, path)
            assert max(row.pop(name, 1) for row in opened for name in ("datasets", "segmentations")) in {1, 2}, path
            assert {row.pop(name, 0) for row in shown for name in ("datasets", "segmentations")} == {0}, path
            assert shown == opened != [], path
        else:
            assert rows_of(client, path) == [] != opened, path
    *_, person = lists_on_pages()
    for path in ("/models/unet/", person):
        assert client.get(path, {"format": "csv"}).status_code == 404
    Model.objects.update(public=True)
    for path in ("/models/unet/", "/collections/paper/"):
        assert rows_of(client, path) == [] != rows_of(admin_client, path), path
    assert [row["layers"] for row in rows_of(client, "/models/")] == [0]
    assert [row["layers"] for row in rows_of(admin_client, "/models/")] == [1]


ORDERS: dict[str, Orders] = {
    "/crops/": CROP_ORDERS,
    "/publications/": PUBLICATION_ORDERS,
    "/models/": MODEL_ORDERS,
    "/collections/": COLLECTION_ORDERS,
    "/tasks/": TASK_ORDERS,
    "/people/": PERSON_ORDERS,
    "/organelles/": ORGANELLE_ORDERS,
    "/organelles/mito/": SEGMENTATION_ORDERS,
    "/tasks/find-mito/": CROP_ORDERS,
}


def table_in(page: Any) -> Any:
    """The table of a list, or that of the list on a page of something."""
    listed = next((it for it in vars(page).values() if isinstance(it, EntriesPage)), page)
    return getattr(listed, "table", None) or page


def shown_in(page: Any) -> list[str]:
    """The addresses of its rows."""
    rows = table_in(page).rows
    return [it.row.url if hasattr(it, "row") else it[0][0].url for it in rows]


def test_a_table_has_the_order_of_its_file_whichever_is_asked_for(client: Client, monkeypatch: Any) -> None:
    version = cell()
    research(version)
    person, run = version.contributions.get().person, ModelRun.objects.get()

    def fill(draft: DatasetVersion) -> None:
        segment(draft, "labels/mito", "mito")
        Segmentation.objects.filter(volume__version=draft).update(run=run)
        Contribution.objects.create(version=draft, person=person, organization=f"The {draft}")

    for name, *crops in (("one", "1", "2"), ("two", "2")):
        research(cropped(name, *crops))
        make_dataset(f"{name}-more", before_freezing=fill)
    Collection.objects.create(name="another", title="Another's")
    Task.objects.create(name="easy", title="An easy one")
    Model.objects.create(name="net", title="Net", architecture="A transformer")
    Person.objects.create(name="A. Nobody")
    for path, orders in (ORDERS | lists_on_pages()).items():
        everything = sorted(row["url"] for row in rows_of(client, path))
        for word in orders.words():
            files = [[row["url"] for row in rows_of(client, path, sort=sort)] for sort in (word, f"-{word}")]
            assert files[1] == files[0][::-1], (path, word)
            assert sorted(files[0]) == everything, (path, word)
            response = client.get(path, {"sort": word, "view": "table"})
            page: Any = response.context["page"]
            sorted_by = [it for it in table_in(page).headings if it.direction]
            assert [it.word for it in sorted_by] in ([word], []), (path, word)
            if path not in ("/crops/", "/tasks/find-mito/"):
                shown = shown_in(page)
                assert [f"http://testserver{it}" if it.startswith("/") else it for it in shown] == files[0], (
                    path,
                    word,
                )
        assert client.get(path, {"sort": "colour"}).status_code == 400, path
    page = client.get("/crops/?sort=size&dataset=one").content.decode()
    assert 'href="/crops/?dataset=one&amp;sort=-size"' in page
    assert 'aria-sort="descending"><a class="sorts" id="sort-size"' in page
    assert 'href="/crops/?dataset=one&amp;sort=size&amp;format=csv"' in page
    for module in ("pages.crops", "pages.research_views"):
        monkeypatch.setattr(f"datasets.catalogue.{module}.MOST_COUNTED", 0)
    page = client.get("/crops/?sort=size").content.decode()
    assert "crops are not sorted so: narrow the list first." in page
    assert "aria-sort" not in page
    assert [row["crop"] for row in rows_of(client, "/crops/", sort="size")] == [
        row["crop"] for row in rows_of(client, "/crops/")
    ]


def test_the_number_of_questions_does_not_grow(client: Client) -> None:
    research(cell())
    research(cropped("zero", "1"))
    segmented("first", "mito")
    counted = []
    for more in ((), ("one", "two", "three")):
        for name in more:
            research(cropped(name, "1", "2", "3"))
            segmented(f"{name}-more", "mito")
        questions = []
        for path in (*LISTS, *lists_on_pages()):
            with CaptureQueriesContext(connection) as asked:
                b"".join(client.get(path, {"format": "csv"}).streaming_content)  # type: ignore[attr-defined]
            questions.append(len(asked))
        counted.append(questions)
    assert counted[1] == counted[0]
    assert max(counted[1]) <= 15  # the first list of datasets in a new state of the catalogue looks at all of them
