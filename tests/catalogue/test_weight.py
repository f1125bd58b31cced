"""A first page is light: what a browser must have before its first screen is there, compressed as it comes."""

import gzip
import html
import re
from pathlib import Path

from django.contrib.staticfiles import finders
from django.test import Client

from datasets.catalogue.models import DatasetVersion
from datasets.publishing.kept_pictures import MOST_BYTES

MOST_PAGE_BYTES = 150_000


def test_a_first_page_is_light(client: Client, small_cell: DatasetVersion) -> None:
    for path in (
        "/",
        "/datasets/",
        "/search/?q=cell",
        "/datasets/small-cell/",
        "/datasets/small-cell/volumes/em/",
        "/organelles/",
        "/organelles/mito/",
    ):
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer["Content-Encoding"] == "gzip"
        page = html.unescape(gzip.decompress(answer.content).decode())
        files = re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js))"', page)
        pictures = [it for it in re.findall(r"<img [^>]*>", page) if 'loading="lazy"' not in it]
        weight = len(answer.content) + sum(map(_compressed, files)) + sum(map(_at_most, pictures))
        assert weight <= MOST_PAGE_BYTES, f"{path}: {len(files)} files, {len(pictures)} pictures"


def _compressed(file: str) -> int:
    found = finders.find(file)
    assert isinstance(found, str), file
    return len(gzip.compress(Path(found).read_bytes()))


def _at_most(picture: str) -> int:
    """The bytes of the widest that a page shows on a plain screen of 1280 pixels."""
    widths = [int(it) for it in re.findall(r" (\d+)w", picture)]
    assert widths, f"It comes in one size: {picture}"
    return MOST_BYTES[960 if 960 in widths else 320]
