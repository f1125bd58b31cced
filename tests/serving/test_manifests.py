"""Manifests: every format read by something else than what wrote it; awkward names; what is refused, and cut off."""

import csv
import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from datasets.catalogue.models import DatasetVersion
from tests.portal.test_who_sees_what import content_of

pytestmark = pytest.mark.django_db
MANIFEST = "/api/v1/datasets/small-cell@1/manifest"


def text_of(path: str, **query: str) -> str:
    response: Any = Client().get(path, query)
    assert response.status_code == 200, response.content
    return content_of(response).decode()


def test_all_formats_name_the_same_objects(small_cell: DatasetVersion) -> None:
    call_command("manifest", "small-cell", stdout=io.StringIO(), stderr=io.StringIO())
    lines = [json.loads(line) for line in text_of(MANIFEST).splitlines()]
    rows = list(csv.DictReader(io.StringIO(text_of(MANIFEST, format="csv"))))
    assert [row["key"] for row in rows] == [line["key"] for line in lines]
    assert text_of(MANIFEST, format="urls").split() == [line["url"] for line in lines]
