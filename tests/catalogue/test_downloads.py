"""What pages offer for download, and to whom; that the commands run is shown by tests/journeys/test_downloads.py."""

import io
import shlex
import shutil
from pathlib import Path

import pytest
from django.core.management import call_command

from datasets.catalogue.models import Dataset, DatasetVersion, Selection
from datasets.catalogue.pages.downloads import MANIFESTS, Downloads, selection_downloads, version_downloads
from datasets.serving.manifests.formats import FORMATS

pytestmark = pytest.mark.django_db
SITE = "https://cells.example.org"
OVER_S3 = ["download-aws", "download-rclone", "download-s5cmd"]
BY_LISTS = ["download-aria2", "download-curl"]


def offered(version: DatasetVersion, path: str = "") -> tuple[Downloads, dict[str, str]]:
    found = version_downloads(version, path, site_url=SITE)
    assert found is not None
    return found, {way.identifier: way.text for way in found.ways}


def test_pages_offer_every_format_there_is() -> None:
    assert list(MANIFESTS) == list(FORMATS)


def test_how_much_there_is_stands_where_somebody_counted(small_cell: DatasetVersion, data_root: Path) -> None:
    before, ways = offered(small_cell)
    assert (before.extent, before.root_digest) == ("", "")
    assert list(ways) == [*OVER_S3, *BY_LISTS]
    call_command("manifest", "small-cell", stdout=io.StringIO(), stderr=io.StringIO())
    version = DatasetVersion.objects.get()
    whole, ways = offered(version)
    files = [it for it in (data_root / "small.zarr").rglob("*") if it.is_file()]
    assert whole.extent.endswith(f" in {len(files)}\N{NO-BREAK SPACE}files")
    assert whole.root_digest == version.manifest_digest
    assert list(ways) == [*OVER_S3, *BY_LISTS, "download-check"]
    layer, _ = offered(version, "em")
    inside = [it for it in files if it.is_relative_to(data_root / "small.zarr" / "em")]
    assert layer.extent.endswith(f" in {len(inside)}\N{NO-BREAK SPACE}files")
    assert layer.root_digest == ""
    assert all("path=em" in manifest.url for manifest in layer.manifests)


def test_what_is_not_public_needs_a_token_which_no_address_holds(small_cell: DatasetVersion) -> None:
    Dataset.objects.update(visibility="private")
    found, ways = offered(DatasetVersion.objects.get())
    assert all("token" in way.note for way in found.ways)
    assert not any("--no-sign-request" in text for text in ways.values())
    for name in BY_LISTS:
        words = shlex.split(ways[name].replace("&&", ""))
        assert not any("TOKEN" in word for word in words if word.startswith(SITE))
        assert ways[name].count("Authorization: Bearer $TOKEN") == 2, "for the list, and for the files"


def test_a_draft_is_not_read_over_s3_and_what_is_elsewhere_not_at_all(small_cell: DatasetVersion) -> None:
    small_cell.number = None
    found, ways = offered(small_cell)
    assert list(ways) == BY_LISTS
    assert not any("format=s5cmd" in manifest.url for manifest in found.manifests)
    elsewhere = DatasetVersion(dataset=Dataset.objects.create(name="elsewhere"), title="Elsewhere")
    elsewhere.save()
    assert version_downloads(elsewhere, site_url=SITE) is None


def test_names_are_quoted_for_the_shell(small_cell: DatasetVersion) -> None:
    _, ways = offered(small_cell, "it's/odd one")
    place = "small-cell@1/it's/odd one"
    assert shlex.split(ways["download-aws"])[-2:] == ["s3://small-cell.v1/it's/odd one/", f"{place}/"]
    assert shlex.split(ways["download-rclone"])[2:4] == [":s3:small-cell.v1/it's/odd one", place]
    assert shlex.split(ways["download-s5cmd"])[-2:] == ["s3://small-cell.v1/it's/odd one/*", f"{place}/"]
    assert f"{SITE}/api/v1/datasets/small-cell@1/manifest?path=it%27s/odd+one&format=aria2" in shlex.split(
        ways["download-aria2"]
    )


def test_a_selection_that_is_not_whole_has_no_lists(small_cell: DatasetVersion) -> None:
    selection = Selection(id="2345678923")
    for is_whole, names in ((True, [*OVER_S3, *BY_LISTS]), (False, OVER_S3)):
        found = selection_downloads(selection, [(small_cell, "em")], site_url=SITE, is_whole=is_whole)
        assert [way.identifier for way in found.ways] == names
        assert bool(found.manifests) is is_whole


def test_a_page_is_whole_where_the_inventory_is_lost(small_cell: DatasetVersion, data_root: Path) -> None:
    call_command("manifest", "small-cell", stdout=io.StringIO(), stderr=io.StringIO())
    shutil.rmtree(data_root.parent / "own" / "inventories")
    found, ways = offered(DatasetVersion.objects.get(), "labels")
    assert found.extent == ""
    assert "download-check" in ways
