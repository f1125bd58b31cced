"""What other sites show of a page: a title, a sentence and a picture, of public pages alone."""

import io
import re
from dataclasses import replace
from html import unescape
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client
from PIL import Image

from datasets.catalogue.models import Dataset, DatasetVersion, Visibility

PAGES = (
    "/datasets/small-cell/",
    "/datasets/small-cell@1/volumes/em/",
    "/datasets/small-cell@1/segmentations/labels/cells/",
)
VIEWER = "/datasets/small-cell@1/view/"


def said(client: Client, path: str) -> dict[str, str]:
    html = client.get(path).content.decode()
    found = re.findall(r'<meta (?:property|name)="((?:og|twitter):[\w:]+)" content="([^"]*)">', html)
    return {name: unescape(content) for name, content in found}


def test_a_public_page_has_a_picture_that_anyone_can_fetch(client: Client, small_cell: DatasetVersion) -> None:
    for path in PAGES:
        preview = said(client, path)
        assert preview["og:title"]
        assert preview["og:url"].startswith("http://testserver/datasets/small-cell@1/")
        assert preview["twitter:card"] == "summary_large_image"
        assert preview["og:image:alt"]
        picture = client.get(preview["og:image"].removeprefix("http://testserver"))
        assert picture["Content-Type"] == "image/webp"


def test_a_link_to_a_place_has_a_picture_of_that_place(client: Client, small_cell: DatasetVersion) -> None:
    shown = set()
    for place in ("100,100,100", "300,200,150"):
        preview = said(client, f"{VIEWER}?position={place}")
        assert preview["og:url"] == f"http://testserver{VIEWER}?position={place}"
        address = preview["og:image"].removeprefix("http://testserver")
        picture = client.get(address)
        assert picture["Content-Type"] == "image/jpeg"
        assert Image.open(io.BytesIO(picture.content)).size == (1200, 630)
        shown.add(picture.content)
    assert len(shown) == 2


def test_what_is_not_public_says_nothing_of_itself(client: Client, small_cell: DatasetVersion) -> None:
    Dataset.objects.update(visibility=Visibility.PRIVATE)
    client.force_login(get_user_model().objects.create_superuser("operator", password="x"))
    for path in (*PAGES, VIEWER):
        assert client.get(path).status_code == 200
        assert said(client, path) == {}


def test_a_public_address_that_is_configured_is_the_one_named(
    client: Client, small_cell: DatasetVersion, settings: Any
) -> None:
    settings.CONFIG = replace(settings.CONFIG, public_url="https://cells.example.org")
    preview = said(client, PAGES[0])
    assert preview["og:url"].startswith("https://cells.example.org/datasets/")
    assert preview["og:image"].startswith("https://cells.example.org/datasets/")
