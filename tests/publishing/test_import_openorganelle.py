"""OpenOrganelle's own metadata: every field of every dataset comes in, and can be said again."""

import json
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from datasets.catalogue.models import AuditEvent, DatasetVersion, Publication, Transform, View, Visibility, Volume
from datasets.publishing.imports.openorganelle.export import export
from datasets.publishing.imports.openorganelle.importing import import_openorganelle

pytestmark = pytest.mark.django_db
FORMS = ("legacy_metadata.json", "manifests", "metadata")


@pytest.fixture
def source(shared_data: Path) -> Path:
    return shared_data / "catalogue" / "openorganelle"


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every value of a JSON text by its path."""
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)  # type: ignore[assignment]
    else:
        return {path: value}
    return {at: leaf for key, part in inner for at, leaf in leaves(part, f"{path}.{key}").items()} or {path: value}


def test_no_field_of_any_dataset_is_lost_and_a_second_import_changes_nothing(source: Path) -> None:
    reports = import_openorganelle(source, visibility=Visibility.PUBLIC, by=None)
    assert len(reports) == 21
    said = {each["name"]: each for each in json.loads((source / FORMS[0]).read_text())["body"]}
    versions = DatasetVersion.objects.select_related("dataset", "specimen", "acquisition")
    assert {version.dataset.name for version in versions} == set(said)
    compared = 0
    for version in versions:
        expected, found = leaves(said[version.dataset.name]), leaves(export(version))
        for path, value in expected.items():
            assert found.pop(path, "lost") == value, f"{version}: {path}"
            compared += 1
        assert found == {}, f"{version} says more than its source"
    assert compared > 7500
    assert Volume.objects.count() == Transform.objects.count() == 224
    assert View.objects.count() == 53
    assert Publication.objects.count() == sum(
        len(each["metadata"][kind]) for each in said.values() for kind in ("DOI", "publications")
    )
    assert AuditEvent.objects.filter(action="version.publish").count() == 21
    for form in FORMS:
        again = import_openorganelle(source / form, visibility=Visibility.PUBLIC, by=None)
        assert {report.outcome for report in again} == {"unchanged"}
        assert DatasetVersion.objects.count() == 21


def a_dataset(**changes: Any) -> dict[str, Any]:
    """A made-up dataset in the form of a manifest."""
    transform = {"axes": ["z", "y", "x"], "units": ["nm"] * 3, "translate": [0, 6400, 0], "scale": [40, -8, 8]}
    source = {
        "name": "er-mem_pred",
        "description": "ER membrane",
        "url": "s3://bucket/fish.zarr/er-mem",
        "format": "zarr",
        "transform": transform,
        "sampleType": "scalar",
        "contentType": "prediction",
        "displaySettings": {
            "contrastLimits": {"start": 0, "end": 255, "min": 0, "max": 255}, "color": "teal", "invertLUT": False
        },
        "subsources": [],
    }  # fmt: skip
    contacts = source | {
        "name": "golgi_ld_contacts", "url": "s3://bucket/fish.zarr/c", "sampleType": "label",
        "contentType": "analysis",
    }  # fmt: skip
    image = source | {
        "name": "tem-uint8", "description": "TEM", "url": "https://example.org/fish", "format": "precomputed",
        "contentType": "em",
    }  # fmt: skip
    return {
        "name": "fish",
        "metadata": {
            "title": "A fish",
            "id": "fish",
            "thumbnailURL": "",
            "imaging": {
                "id": "F1",
                "institution": "Somewhere",
                "gridSpacing": {"unit": "µm", "values": {"x": 0.008, "y": 0.008, "z": 0.04}},
                "dimensions": {"unit": "mm", "values": {"x": 0.1, "y": 0.1, "z": 0.2}},
                "startDate": "2025-01-31",
                "duration": 3,
                "biasVoltage": 0,
                "scanRate": 0,
                "current": 0,
                "primaryEnergy": 120000,
            },
            "sample": {
                "description": "A fish, <b>whole</b>",
                "protocol": "",
                "contributions": "",
                "organism": ["Zebrafish"],
                "type": ["Whole organism"],
                "subtype": ["Larva"],
                "treatment": [],
            },
            "institution": ["Somewhere", "Elsewhere"],
            "softwareAvailability": "closed",
            "DOI": [],
            "publications": [{"href": "https://example.org/paper", "title": "Doe, 2025"}],
        },
        "sources": {each["name"]: each for each in (source, contacts, image)},
        "views": [
            {"name": "Default view", "description": "", "sources": ["tem-uint8"], "position": None, "scale": None},
        ],
    } | changes  # fmt: skip


def write(folder: Path, dataset: Any) -> Path:
    path = folder / "fish" / "manifest.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(dataset if isinstance(dataset, str) else json.dumps(dataset, indent=1))
    return folder


def test_a_dataset_nobody_has_seen_is_mapped_by_the_same_rules(tmp_path: Path, client: Client) -> None:
    out = StringIO()
    call_command("import_openorganelle", str(write(tmp_path, a_dataset())), stdout=out)
    version = DatasetVersion.objects.get()
    assert export(version) == a_dataset()
    assert (version.specimen.organism, version.specimen.ncbi_taxon) == ("Danio rerio", 7955)
    assert (version.acquisition.method, version.acquisition.voltage_kv) == ("ssTEM", 120)
    assert version.acquisition.voxel_z_nm == pytest.approx(40)
    membrane, contacts = (version.volumes.get(path=path) for path in ("er-mem_pred", "golgi_ld_contacts"))
    assert membrane.transforms.get().matrix == [[8, 0, 0, 0], [0, -8, 0, 6400], [0, 0, 40, 0]]
    assert [each.short_name for each in membrane.segmentation.organelles.all()] == ["er_mem"]
    assert (contacts.segmentation.type, contacts.kind) == ("contact", "analysis")
    assert {each.short_name for each in contacts.segmentation.organelles.all()} == {"golgi", "ld"}
    assert [str(each) for each in version.affiliations.all()] == ["somewhere", "elsewhere"]
    assert "fish@1: imported: 3 layers, 0 meshes, 1 views, 1 publications" in out.getvalue()


def test_what_changed_at_the_source_is_the_next_version(tmp_path: Path) -> None:
    folder = write(tmp_path, a_dataset())
    import_openorganelle(folder, visibility=Visibility.PRIVATE, by=None)
    changed = a_dataset()
    changed["metadata"]["title"] = "A larger fish"
    (report,) = import_openorganelle(write(tmp_path, changed), visibility=Visibility.PUBLIC, by=None)
    assert (report.version, report.outcome) == ("fish@2", "imported")
    newest = DatasetVersion.objects.get(number=2)
    assert newest.title == "A larger fish"
    assert newest.change_note == "Imported anew from OpenOrganelle's metadata"
    assert newest.dataset.visibility == "private", "who may see it stays"
    (report,) = import_openorganelle(folder, visibility=Visibility.PUBLIC, by=None, dry_run=True)
    assert report.outcome == "unchanged"


def test_pages_say_what_was_imported_and_what_is_kept_as_it_stands(
    tmp_path: Path, client: Client, data_root: Path
) -> None:
    import_openorganelle(write(tmp_path, a_dataset()), visibility=Visibility.PUBLIC, by=None)
    page = unescape(client.get("/datasets/fish/").content.decode()).replace("\u00a0", " ")
    for words in ("A fish, <b>whole</b>", "Danio rerio", "8 × 8 × 40 nm", "120 kV", "Somewhere, Elsewhere", "Larva",
                  "Doe, 2025", "none is stated", "3 layers, kept elsewhere", "s3://bucket/fish.zarr/er-mem", "closed",
                  "probability map", "contact sites"):  # fmt: skip
        assert words in page, words
    assert "<b>whole</b>" not in client.get("/datasets/fish/").content.decode()
    layer = unescape(client.get("/datasets/fish/volumes/er-mem_pred/").content.decode()).replace("\u00a0", " ")
    for words in ("Mirrored", "along y", "y 6400 nm", "teal", "By a model", "s3://bucket/fish.zarr/er-mem"):
        assert words in layer, words
