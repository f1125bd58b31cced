"""``manage.py check_sources``: what comes of external sources is written down, beside the versions."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from datasets.catalogue.actions.versions import freeze
from datasets.catalogue.models import Crop, Dataset, ExternalMesh, SourceCheck, Volume
from datasets.catalogue.records import build_record
from tests.catalogue.test_versions import everything
from tests.external_data import served, write_n5, write_ome_zarr, write_precomputed

pytestmark = pytest.mark.django_db


def checked(*names: str) -> dict[str, str]:
    out = StringIO()
    call_command("check_sources", *names, json=True, stdout=out, stderr=StringIO())
    return {source["url"]: source["state"] for source in json.loads(out.getvalue())["sources"]}


def test_every_source_is_asked_for_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    array = np.zeros((4, 4, 4), np.uint8)
    write_n5(tmp_path / "cell.n5" / "em", array)
    write_precomputed(tmp_path / "mesh", array, offset=(0, 0, 0))
    write_ome_zarr(tmp_path / "cell.zarr", array, scale=[1, 1, 1], first=[0, 0, 0])
    draft = everything()
    volume = draft.volumes.get()
    with served(tmp_path) as origin:
        allowed = replace(settings.CONFIG, external_origins=(origin,))
        monkeypatch.setattr(settings, "CONFIG", allowed)
        Volume.objects.update(external_url=f"{origin}/cell.n5/em")
        ExternalMesh.objects.update(url=f"precomputed://{origin}/mesh")
        Crop.objects.update(labels_url=f"{origin}/cell.zarr", image_url=f"{origin}/gone.zarr/em")
        Volume.objects.create(
            version=draft, path="far", kind="em", axes=["x"], external_url="s3://far/em", external_format="n5"
        )
        said = build_record(draft)
        expected = {
            f"{origin}/cell.n5/em": "reachable",
            f"precomputed://{origin}/mesh": "reachable",
            f"{origin}/cell.zarr": "reachable",
            f"{origin}/gone.zarr/em": "absent",
            "s3://far/em": "not_allowed",
        }
        assert checked() == checked("cell") == expected
        assert build_record(draft) == said, "what can be reached is no part of a version"
    reached_at = SourceCheck.objects.get(url=f"{origin}/cell.n5/em").reached_at

    later = checked()
    assert later[f"{origin}/cell.n5/em"] == later[f"{origin}/gone.zarr/em"] == "unreachable", "nobody answers any more"
    row = SourceCheck.objects.get(url=f"{origin}/cell.n5/em")
    assert row.reached_at == reached_at is not None
    assert row.checked_at > reached_at

    freeze(draft=draft, by=None)
    Dataset.objects.update(visibility="public")
    assert "no answer" in client.get(f"/datasets/cell/segmentations/{volume.path}/").text
    for path in ("datasets/cell/volumes/mito/", "segmentations/", "datasets/cell@1/volumes/?kind=segmentation"):
        answer = client.get(f"/api/v1/{path}").json()
        told = (answer["results"][0] if "results" in answer else answer)["source_check"]
        assert told["state"] == "unreachable"
        assert told["reached_at"] < told["checked_at"]


def test_rows_of_addresses_that_nobody_says_any_more_go_with_a_whole_run() -> None:
    everything()
    checked()
    SourceCheck.objects.filter(url="s3://bucket/mesh").update(url="s3://left/mesh")
    assert len(checked("cell")) == SourceCheck.objects.count() - 1 == 2
    checked()
    assert not SourceCheck.objects.filter(url="s3://left/mesh").exists()


def test_it_says_what_it_did_and_what_it_does_not_know() -> None:
    out = StringIO()
    call_command("check_sources", stdout=out)
    assert out.getvalue() == "No external sources.\n"
    everything()
    out = StringIO()
    call_command("check_sources", "cell", stdout=out)
    assert "2/2 not allowed: s3://bucket/" in out.getvalue()
    assert "2 sources: 2 not allowed" in out.getvalue()
    with pytest.raises(CommandError, match="not-found: nowhere"):
        call_command("check_sources", "nowhere")
