"""Pages of long lists: the same rows whichever way a database is led to them."""

import pytest

from datasets.catalogue.models import OrganelleClass
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
    assert first_rows(rows, ORDER, 3) == whole[:3]
    pages = LongList(rows, ORDER, 3, count=len(whole))
    assert [crop for page in pages for crop in page] == whole
    assert [page.has_next() for page in pages] == [True, True, False]
