"""``manage.py thumbnails`` of imported datasets: the picture that their source names, fetched from a real server."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from PIL import Image

from datasets.catalogue.actions.versions import freeze
from datasets.catalogue.models import Dataset, DatasetVersion, Mount
from datasets.catalogue.pictures import read_picture
from datasets.publishing.carried_thumbnails import MAX_BYTES
from tests.catalogue.test_versions import everything
from tests.external_data import served

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def said() -> str:
    """What the command says; that it ends well is part of it."""
    out = io.StringIO()
    call_command("thumbnails", stdout=out)
    return out.getvalue()


def test_it_is_fetched_where_that_is_allowed_and_what_does_not_come_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: Client, data_root: Path
) -> None:
    with served(tmp_path) as origin:
        version = imported(f"{origin}/thumbnail.jpg")
        assert "its origin is not in CISTERNA_EXTERNAL_ORIGINS" in said()
        monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, external_origins=(origin,)))
        file = tmp_path / "thumbnail.jpg"
        assert "is not there" in said()
        file.write_bytes(b"{}")
        assert "is no JPEG, PNG or WebP" in said()
        file.write_bytes(bytes(MAX_BYTES + 1))
        assert f"did not come (More than {MAX_BYTES} bytes)" in said()
        Image.new("1", (8_000, 5_000)).save(file, "PNG")
        assert "of at most 32 megapixels" in said(), "few bytes, and many pixels"
        grey = np.random.default_rng(1).integers(0, 255, (900, 900), dtype=np.uint8)
        Image.fromarray(grey).save(file, "JPEG")
        assert said() == "1/1 cell@1: 4 rendered\n"
    assert said() == "1/1 cell@1: 0 rendered\n", "it is kept, and nobody is asked again"

    with Image.open(io.BytesIO(read_picture(version, "carried.320"))) as small:
        assert (small.format, small.size) == ("WEBP", (320, 200))
    for page in ("/datasets/", "/datasets/cell/"):
        assert "/datasets/cell@1/pictures/carried.320.webp 320w" in client.get(page).text
    assert origin not in client.get("/datasets/").text
    Dataset.objects.update(visibility="private")
    assert client.get("/datasets/cell@1/pictures/carried.320.webp").status_code == 404


def imported(address: str) -> DatasetVersion:
    """A published version without data here, whose source names a picture."""
    draft = everything()
    Mount.objects.all().delete()
    draft.kept = {"metadata": {"thumbnailURL": address}}
    draft.save()
    Dataset.objects.update(visibility="public")
    return freeze(draft=draft, by=None)
