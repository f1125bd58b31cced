"""What other sites show of a page: a title, a sentence and a picture, of public pages alone."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from datasets.catalogue.models import Dataset, DatasetVersion, Visibility

PAGES = (
    "/datasets/small-cell/",
    "/datasets/small-cell@1/volumes/em/",
    "/datasets/small-cell@1/segmentations/labels/cells/",
)


def said(client: Client, page: str) -> dict[str, str]:
    html = client.get(page).content.decode()
    return dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[\w:]+)" content="([^"]*)">', html))


@pytest.mark.parametrize("page", PAGES)
def test_a_public_page_has_a_picture_that_anyone_can_fetch(
    client: Client, small_cell: DatasetVersion, page: str
) -> None:
    preview = said(client, page)
    assert preview["og:title"]
    assert preview["og:url"].startswith("http://testserver/datasets/small-cell@1/")
    assert preview["twitter:card"] == "summary_large_image"
    assert preview["og:image:alt"]
    picture = client.get(preview["og:image"].removeprefix("http://testserver"))
    assert picture["Content-Type"] == preview["og:image:type"] == "image/webp"


def test_what_is_not_public_says_nothing_of_itself(client: Client, small_cell: DatasetVersion) -> None:
    Dataset.objects.update(visibility=Visibility.PRIVATE)
    client.force_login(get_user_model().objects.create_superuser("operator", password="x"))
    for page in PAGES:
        assert said(client, page) == {}


def test_a_public_address_that_is_configured_is_the_one_named(
    client: Client, small_cell: DatasetVersion, settings: Any
) -> None:
    settings.CONFIG = replace(settings.CONFIG, public_url="https://cells.example.org")
    preview = said(client, PAGES[0])
    assert preview["og:url"].startswith("https://cells.example.org/datasets/")
    assert preview["og:image"].startswith("https://cells.example.org/datasets/")
