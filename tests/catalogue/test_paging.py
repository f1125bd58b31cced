"""Pages of long lists: the same rows whichever way a database is led to them."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from datasets.catalogue.models import Dataset, OrganelleClass
from datasets.catalogue.queries import paging
from datasets.catalogue.queries.crops import crops_with, visible_crops
from datasets.catalogue.queries.paging import LongList, first_rows
from tests.catalogue.test_research_pages import cropped

pytestmark = pytest.mark.django_db

ORDER = ("version_id", "name")


@pytest.mark.parametrize("few", [0, 1000])
def test_common_and_rare_are_found_alike(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "FEW", few)
    cropped("one", "1", "2", "3")
    cropped("two", "1")
    mito = OrganelleClass.objects.get(short_name="mito")
    found = crops_with(visible_crops(None), [mito.pk], "present")
    assert [str(crop.version) for crop in found.order_by(*ORDER)] == ["one@1", "one@1", "one@1", "two@1"]
    assert not crops_with(visible_crops(None), [OrganelleClass.objects.get(short_name="golgi").pk], "present")


def test_pages_are_those_of_the_whole_list() -> None:
    cropped("one", *(str(number) for number in range(7)))
    rows = visible_crops(None)
    whole = list(rows.order_by(*ORDER))
    first = first_rows(rows, ORDER, 3)
    assert (first.rows, first.is_more) == (whole[:3], True)
    assert first.places == [(crop.version_id, crop.name) for crop in whole[:3]]
    pages = LongList(rows, ORDER, 3, count=len(whole))
    assert [crop for page in pages for crop in page] == whole
    assert [page.has_next() for page in pages] == [True, True, False]


def test_a_list_goes_on_behind_what_went_while_it_was_asked(client: Client) -> None:
    cropped("one", "1", "2")
    cropped("two", "1")
    asked = []

    def withdraw(execute: Any, sql: str, *rest: Any) -> Any:
        """Before the second question for crops: that for the rows of the keys."""
        if 'FROM "catalogue_crop"' in sql:
            asked.append(sql)
            if len(asked) == 2:
                Dataset.objects.filter(name="one").update(visibility="private")
        return execute(sql, *rest)

    with connection.execute_wrapper(withdraw):
        page = client.get("/api/v1/crops/?limit=2").json()
    assert page["results"] == []
    assert [crop["dataset"] for crop in client.get(page["next"]).json()["results"]] == ["two@1"]
