"""OpenOrganelle's own metadata: every field of every dataset comes in, and can be said again."""

import json
import re
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from datasets.catalogue.models import (
    AuditEvent,
    Dataset,
    DatasetVersion,
    Publication,
    Transform,
    View,
    Visibility,
    Volume,
)
from datasets.publishing.imports.documents import ImportInvalid
from datasets.publishing.imports.openorganelle.export import export
from datasets.publishing.imports.openorganelle.forms import read_forms
from datasets.publishing.imports.openorganelle.importing import import_openorganelle
from datasets.publishing.imports.report import Fate

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
    again = import_openorganelle(source / "metadata", visibility=Visibility.PUBLIC, by=None)
    assert {report.outcome for report in again} == {"unchanged"}
    assert DatasetVersion.objects.count() == 21
    for report in reports:
        kept = sum(line.words.count(" = ") for line in report.lines if line.fate == Fate.KEPT)
        whole = said[report.dataset]
        parts = (whole["metadata"], *whole["sources"].values(), *whole["views"])
        assert report.taken + kept == sum(map(count_values, parts)), "every value has its line"


def count_values(value: Any) -> int:
    return sum(map(count_values, value.values())) if isinstance(value, dict) else 1


def test_each_form_says_the_same(source: Path) -> None:
    whole, manifests, folders = (
        sorted((described.as_data() for described in read_forms(source / form)), key=lambda data: data["name"])
        for form in FORMS
    )
    assert len(whole) == 21
    assert whole == manifests == folders


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
    assert (version.acquisition.voxel_x_nm, version.acquisition.voxel_z_nm) == (8, 40)
    assert version.acquisition.bias_voltage_kv == 0
    membrane, contacts = (version.volumes.get(path=path) for path in ("er-mem_pred", "golgi_ld_contacts"))
    assert membrane.transforms.get().matrix == [[8, 0, 0, 0], [0, -8, 0, 6400], [0, 0, 40, 0]]
    assert [each.short_name for each in membrane.segmentation.organelles.all()] == ["er_mem"]
    assert (contacts.segmentation.type, contacts.kind) == ("contact", "analysis")
    assert {each.short_name for each in contacts.segmentation.organelles.all()} == {"golgi", "ld"}
    assert [str(each) for each in version.affiliations.all()] == ["somewhere", "elsewhere"]
    assert "fish@1: imported: 3 layers, 0 meshes, 1 views, 1 publications" in out.getvalue()


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
    for path, dot in (("golgi_ld_contacts", "many"), ("tem-uint8", "grey")):
        row = page[: page.index(f"<code>{path}</code>")].rpartition("<tr")[2]
        assert f'class="dot {dot}"' in row, "contact sites are labels"
    layer = unescape(client.get("/datasets/fish/volumes/er-mem_pred/").content.decode()).replace("\u00a0", " ")
    for words in ("Mirrored", "along y", "y 6400 nm", "teal", "By a model", "s3://bucket/fish.zarr/er-mem"):
        assert words in layer, words


def test_views_of_one_name_get_names_of_their_own(tmp_path: Path) -> None:
    views = [{"name": name, "description": "", "sources": []} for name in ("a", "a 3", "a", "A")]
    import_openorganelle(write(tmp_path, a_dataset(views=views)), visibility=Visibility.PUBLIC, by=None)
    assert [view.name for view in View.objects.all()] == ["a", "a-3", "a-4", "a-5"]


def test_what_is_nested_too_deep_is_refused(tmp_path: Path) -> None:
    for depth in (101, 300, 900, 100_000):
        text = json.dumps(a_dataset()).replace('"closed"', '"closed", "more": ' + "[" * depth + "]" * depth)
        with pytest.raises(ImportInvalid):
            import_openorganelle(write(tmp_path, text), visibility=Visibility.PUBLIC, by=None)


def test_two_forms_that_differ_are_refused(tmp_path: Path) -> None:
    (tmp_path / "all.json").write_text(json.dumps({"body": [a_dataset()]}))
    changed = a_dataset()
    changed["sources"]["er-mem_pred"]["transform"]["scale"][0] = 41
    (report,) = import_openorganelle(write(tmp_path, changed), visibility=Visibility.PUBLIC, by=None)
    assert report.outcome == "refused"
    assert re.search(r"differ, first in sources\..*\.transform\.scale", report.lines[0].words)


def test_every_way_that_the_schema_allows_comes_in(tmp_path: Path, client: Client, data_root: Path) -> None:
    said = a_dataset()
    metadata = said["metadata"]
    del metadata["thumbnailURL"]
    metadata["DOI"] = [{"id": "EM", "DOI": "10.5281/zenodo.1"}, {"href": "javascript:alert(1)", "title": "no link"}]
    metadata["publications"] = ["Doe, in press", {"href": "https://doi.org/10.5281/zenodo.1", "title": "again"}]
    metadata["sample"] |= {"organism": ["Human", "Mouse"], "treatment": ["A", "A"]}
    layer = said["sources"]["er-mem_pred"]
    layer["transform"] = {
        "axes": ["x", "z", "y"],
        "units": ["nm", "µm", "nm"],
        "translate": [1, 2, 3],
        "scale": [-4, 0.00336, 5],
    }
    layer["url"] = "s3://bucket/fish.zarr/recon-2/labels/er"
    layer["displaySettings"]["contrastLimits"] |= {"start": 9, "end": 9}
    del layer["displaySettings"]["color"]
    mesh = {"name": "m", "description": "d", "url": "s3://bucket/m", "format": "x", "ids": [1]}
    mesh["transform"] = layer["transform"]
    layer["subsources"] = [mesh, mesh | {"name": "again"}]
    layer["unheard_of"] = {"of": [1, None, {"a": 1.5}]}
    said["views"] = [
        {"name": "一", "description": "", "sources": ["gone"], "position": [1.5, 2, 3], "scale": 0},
        {"name": "一", "description": "", "sources": [], "orientation": [1, 0, 0, 0]},
    ]
    import_openorganelle(write(tmp_path, said), visibility=Visibility.PUBLIC, by=None)
    version = DatasetVersion.objects.get()
    assert export(version) == said
    volume = version.volumes.get(path="er-mem_pred")
    assert volume.transforms.get().matrix == [[-4, 0, 0, 1], [0, 5, 0, 3], [0, 0, 3.36, 2000]]
    assert volume.transforms.get().space.name == "recon-2"
    assert [space.name for space in version.spaces.filter(main=True)] == ["default"]
    assert not Publication.objects.filter(url__startswith="javascript").exists()
    assert "$absent" in str([volume.kept, *version.views.values_list("kept")])
    pages = ["/datasets/fish/", "/datasets/fish/volumes/er-mem_pred/", "/api/v1/datasets/fish/?expand=crops"]
    for page in (client.get(path).content.decode() for path in [*pages, "/api/v1/datasets/fish/volumes/er-mem_pred/"]):
        assert "$absent" not in page
        assert "{'" not in unescape(page), "no object is written as a program would"
    assert client.get(pages[2]).json()["volumes"][1]["kept"]["unheard_of"] == layer["unheard_of"]


def test_html_in_any_text_is_text(tmp_path: Path, client: Client) -> None:
    evil = "<script>alert(1)</script>"

    def spoilt(value: Any) -> Any:
        if isinstance(value, dict):
            names = ("title", "description", "protocol", "contributions", "id", "institution", "organism", "type",
                     "subtype", "treatment", "softwareAvailability", "name", "color")  # fmt: skip
            return {
                key: [evil] if key in names and isinstance(inner, list)
                else evil if key in names and isinstance(inner, str) and inner not in sources
                else spoilt(inner)
                for key, inner in value.items()
            }  # fmt: skip
        return [spoilt(inner) for inner in value] if isinstance(value, list) else value

    said = a_dataset()
    sources = (*said["sources"], "fish")
    said |= {"metadata": spoilt(said["metadata"]) | {"id": "fish"}}
    said |= {"sources": spoilt(said["sources"]), "views": spoilt(said["views"])}
    import_openorganelle(write(tmp_path, said), visibility=Visibility.PUBLIC, by=None)
    assert export(DatasetVersion.objects.get()) == said
    page = client.get("/datasets/fish/", follow=True)
    assert page.status_code == 200
    assert evil.encode() not in page.content
    assert b"&lt;script&gt;alert(1)" in page.content


BROKEN = {
    "syntax": ('"softwareAvailability": "closed",', '"softwareAvailability": "closed"', "The file is not JSON"),
    "a field is missing": ('"title": "A fish",', "", "metadata: The field 'title' is missing"),
    "a field of another type": ('"title": "A fish"', '"title": 7', "metadata.title: A text is expected here, not a n"),
    "a list of another type": ('"treatment": []', '"treatment": {}', "sample.treatment: A list is expected here, not"),
    "a list for an object": ('"imaging": {', '"imaging": [], "was": {', "imaging: An object is expected here, not"),
    "an unknown unit": ('"unit": "mm"', '"unit": "ell"', "metadata.imaging.dimensions.unit: 'ell' is not known here"),
    "a negative voxel": ('"z": 0.04', '"z": -0.04', "imaging.gridSpacing.values.z: A length is not negative"),
    "no number": ('"current": 0', '"current": NaN', "metadata.imaging.current: It is not a finite number"),
    "no finite number": ('"current": 0', '"current": 1e999', "metadata.imaging.current: It is not a finite number"),
    "no measure": ('"current": 0', '"current": 1e200', "metadata.imaging.current: The number is too large"),
    "no colour": ('"color": "teal"', '"color": {}', "displaySettings.color: A text is expected here, not an object"),
    "no date": ("2025-01-31", "31.1.2025", "metadata.imaging.startDate: A date looks like 2020-10-09"),
    "a name twice": ('"title": "A fish"', '"title": "A fish", "title": "B"', "metadata: The field 'title' is here twi"),
    "the character 0": ("A fish", "A\\u0000fish", "metadata.title: A text has no character 0"),
    "half a character": ("A fish", "A\\ud800fish", "metadata.title: A text has no half of a character"),
    "a scale of nothing": ("-8", "0", "sources.er-mem_pred.transform.scale[1]: A scale is not 0"),
    "no address": ("s3://bucket/fish.zarr/c", "javascript:c", "sources.golgi_ld_contacts.url: An address begins with"),
    "no orientation": ('"scale": null', '"orientation": [0, 0, 0.0, 0]', "orientation: An orientation is a quaternion"),
    "an unknown format": ('"format": "zarr"', '"format": "tiff"', "sources.er-mem_pred.format: 'tiff' is not known h"),
    "no name of a dataset": ('"name": "fish"', '"name": "../fish"', "'../fish' cannot be the name of a dataset"),
    "a field too many": ('"name": "fish"', '"name": "fish", "nets": 1', "nets: The field 'nets' has no place here"),
}


@pytest.mark.parametrize(("old", "new", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_names_file_line_and_field_and_nothing_comes_in(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = json.dumps(a_dataset(), indent=1)
    assert old in text
    broken = text.replace(old, new, 1)
    folder = write(tmp_path, broken)
    with pytest.raises(ImportInvalid) as caught:
        import_openorganelle(folder, visibility=Visibility.PUBLIC, by=None)
    told = str(caught.value)
    assert message in told
    assert (match := re.match(rf"{folder}/fish/manifest.json, line (\d+)", told))
    if old != '"name": "fish"':
        line = 1 + text[: text.index(old)].count("\n")
        assert line - int(match[1]) in (-1, 0, 1), "there, or where the object begins"
    assert not Dataset.objects.exists()


def test_two_sources_of_a_folder_have_two_names(tmp_path: Path) -> None:
    said = a_dataset()
    (tmp_path / "sources").mkdir()
    (tmp_path / "metadata.json").write_text(json.dumps(said["metadata"]))
    (tmp_path / "views.json").write_text(json.dumps({"views": said["views"]}))
    for file, source in enumerate(said["sources"].values()):
        (tmp_path / "sources" / f"{file}.json").write_text(json.dumps(source))
    (report,) = import_openorganelle(tmp_path, visibility=Visibility.PUBLIC, by=None)
    assert report.version == "fish@1"
    assert export(DatasetVersion.objects.get()) == said
    (tmp_path / "sources" / "3.json").write_text(json.dumps(said["sources"]["tem-uint8"]))
    with pytest.raises(ImportInvalid, match=r"json, line 1, name: Two sources are called 'tem-uint8'"):
        import_openorganelle(tmp_path, visibility=Visibility.PUBLIC, by=None)
