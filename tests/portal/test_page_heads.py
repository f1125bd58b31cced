"""Each page says what it is called, where it stands, and which of its addresses is its own."""

import re

import pytest
from django.test import Client

from datasets.catalogue.models import Collection, DatasetVersion, Model, Task
from tests.portal.routes import all_routes
from tests.portal.world import SHARED_BY_ALL, Words

BELOW_NOTHING = {"compare/", "v/<link:identifier>/", "selections/<link:identifier>/", "r/<str:token>/"}


@pytest.fixture
def words(small_cell: DatasetVersion) -> Words:
    """Something at each address."""
    for table in (Model, Task, Collection):
        table._default_manager.create(name=SHARED_BY_ALL, title=f"A {table._meta.verbose_name}")
    paths = {it.kind: it.path for it in small_cell.volumes.all()}
    return Words(small_cell.dataset.name, paths["em"], paths["segmentation"], "default", "2345678abc")


def test_each_page_has_a_title_its_address_and_the_way_to_it(
    client: Client, words: Words, small_cell: DatasetVersion
) -> None:
    person = small_cell.contributions.get().person_id
    titles: dict[str, str] = {}
    for route in all_routes():
        address = route.fill(words, None)
        if route.pattern == "people/<int:number>/":
            address = f"/people/{person}/"
        response = client.get(address)
        is_page = response.status_code == 200 and response["Content-Type"].startswith("text/html")
        if not is_page or response.streaming:
            continue
        page = response.content.decode()
        (titles[route.pattern],) = re.findall(r"<title>([^<]+)</title>", page)
        canonical = re.findall(r'<link rel="canonical" href="http://testserver(/[^"]*)">', page)
        assert len(canonical) == 1, address
        assert client.get(canonical[0]).status_code == 200
        if route.parameters and "view" not in route.pattern and route.pattern not in BELOW_NOTHING:
            assert 'class="crumbs"' in page, address
    assert len(set(titles.values())) > 25, titles


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("/datasets/small-cell@1/", "/datasets/small-cell/"),
        ("/datasets/small-cell/segmentations/labels/cells/", "/datasets/small-cell@1/segmentations/labels/cells/"),
        ("/datasets/small-cell/view/?position=1,2,3", "/datasets/small-cell@1/view/"),
        ("/datasets/?organism=Mus+musculus&page=2", "/datasets/"),
        ("/publications/?sort=title&view=table", "/publications/"),
        ("/people/?page=2", "/people/?page=2"),
    ],
)
def test_of_several_addresses_one_is_its_own(
    client: Client, small_cell: DatasetVersion, address: str, canonical: str
) -> None:
    page = client.get(address).content.decode()
    assert f'<link rel="canonical" href="http://testserver{canonical}">' in page


def test_what_is_not_there_has_no_address(client: Client, db: None) -> None:
    assert 'rel="canonical"' not in client.get("/datasets/none/").content.decode()
