"""The catalogue's pages, as a stranger and as the operator sees them."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from datasets.catalogue.models import (
    Acquisition,
    Dataset,
    DatasetVersion,
    Specimen,
    Volume,
)
from datasets.catalogue.pictures import picture_key
from datasets.catalogue.search.indexing import index_dataset
from datasets.storage.roots import OWN_ROOT, get_root

pytestmark = pytest.mark.django_db
HTML = {"Accept": "text/html"}
LEVEL = {
    "path": "0",
    "shape": [10, 20, 30],
    "chunk_shape": [10, 10, 10],
    "shard_shape": None,
    "scale_nm": {"z": 5.24, "y": 4.0, "x": 4.0},
    "translation_nm": {"z": 0.0, "y": 0.0, "x": 0.0},
    "codecs": [],
    "size_bytes": 6000,
}


def text_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path, headers=HTML)
    assert response.status_code == status, response.content[:500]
    return response.content.decode()


def config_of(page: str) -> Any:
    found = re.search(r'<script id="viewer-config" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def make_dataset(
    name: str,
    *,
    title: str = "A cell",
    volumes: int = 0,
    number: int = 1,
    before_freezing: Callable[[DatasetVersion], object] = lambda version: None,
    **changes: Any,
) -> DatasetVersion:
    """A public dataset frozen as version ``number``, its volumes without data."""
    dataset, _ = Dataset.objects.get_or_create(name=name, defaults={"visibility": "public"})
    version = DatasetVersion.objects.create(dataset=dataset, title=title, licence="CC0-1.0", **changes)
    Specimen.objects.create(version=version, organism="Mus musculus")
    Acquisition.objects.create(version=version, method="FIB-SEM")
    for index in range(volumes):
        Volume.objects.create(
            version=version,
            path=f"volume-{index}",
            rank=index,
            kind="em",
            title=f"Volume {index}",
            ngff_version="0.5",
            zarr_format=3,
            axes=["z", "y", "x"],
            dtype="uint8",
            levels=[LEVEL],
            metadata_digest="0" * 64,
        )
    before_freezing(version)
    DatasetVersion.objects.filter(pk=version.pk).update(
        number=number, state="published", frozen_at=timezone.now(), record="{}", record_digest="1" * 64
    )
    version.refresh_from_db()
    index_dataset(dataset)
    return version


@pytest.mark.parametrize("path", ["/", "/datasets/"])
def test_the_gallery_shows_each_dataset(client: Client, small_cell: DatasetVersion, path: str) -> None:
    page = text_of(client, path)
    assert '<a href="/datasets/small-cell/">A small cell</a>' in page
    assert "Drosophila melanogaster" in page
    assert "2\u00a0layers" in page
    assert "1\u00a0dataset<" in page
    assert "/datasets/small-cell@1/pictures/em.webp" in page
    assert "/datasets/small-cell@1/pictures/labels.webp" in page


def test_an_empty_gallery_tells_the_operator_how_to_fill_it(client: Client, admin_client: Client) -> None:
    page = text_of(admin_client, "/")
    assert "No datasets yet" in page
    assert "manage.py publish" in page
    page = text_of(client, "/")
    assert "No datasets yet" in page
    assert "manage.py publish" not in page, "nothing a visitor could do"


def test_every_page_says_whom_to_tell_of_a_problem(client: Client, settings: Any) -> None:
    assert "Report a problem" not in text_of(client, "/")
    settings.CONFIG = replace(settings.CONFIG, contact="mailto:help@example.org")
    assert '<a href="mailto:help@example.org">Report a problem</a>' in text_of(client, "/")


def test_the_home_page_shows_places_worth_seeing(client: Client, small_cell: DatasetVersion) -> None:
    for index in range(12):  # newer ones without a picture are no reason to show none
        make_dataset(f"newer-{index}")
    page = text_of(client, "/")
    assert "/datasets/small-cell@1/pictures/em.webp" not in page
    assert 'href="/datasets/small-cell@1/view/?view=corner"' in page
    assert "/datasets/small-cell@1/pictures/view-corner.webp" in page


def test_the_home_page_leads_to_the_organelles_that_can_be_seen(client: Client) -> None:
    from tests.catalogue.test_organelle_pages import segment

    make_dataset("cell", before_freezing=lambda version: segment(version, "a", "mito_mem"))
    home, gallery = text_of(client, "/"), text_of(client, "/datasets/")
    assert "By organelle" in home
    assert 'href="/organelles/mito/"' in home  # its part is there
    assert 'href="/organelles/er/"' not in home
    assert "By organelle" not in gallery


def test_an_embargo_that_has_ended_is_public(client: Client) -> None:
    make_dataset("cell")
    Dataset.objects.update(visibility="embargoed", embargo_until=timezone.now() - timedelta(days=1))
    for path in ("/", "/datasets/cell/"):
        assert "not public" not in text_of(client, path)


def test_a_long_gallery_has_pages(client: Client) -> None:
    for index in range(50):
        make_dataset(f"cell-{index:02}", title=f"Cell {index:02}")
    first, second = text_of(client, "/datasets/"), text_of(client, "/datasets/?page=2")
    assert len(re.findall(r'class="card"', first)) == 48
    assert len(re.findall(r'class="card"', second)) == 2
    assert 'href="/datasets/?page=2"' in first
    assert 'rel="prev" href="/datasets/"' in second
    text_of(client, "/datasets/?page=nonsense", status=400)
    assert len(re.findall(r'class="card"', text_of(client, "/"))) == 12


def test_the_gallery_asks_the_database_no_more_for_more_datasets(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    for index in range(12):
        make_dataset(f"cell-{index:02}", volumes=3)
    text_of(client, "/")  # the first after a change counts what everyone may see
    with django_assert_max_num_queries(14):
        text_of(client, "/")


@pytest.mark.parametrize("reference", ["small-cell", "small-cell@1"])
def test_a_dataset_page_says_what_the_dataset_is(client: Client, small_cell: DatasetVersion, reference: str) -> None:
    page = unescape(text_of(client, f"/datasets/{reference}/")).replace("\u00a0", " ")
    for words in (
        "<h1>A small cell</h1>",
        "<i>Drosophila melanogaster</i>",
        "FIB-SEM",
        "10 nm",
        "560 × 480 × 400 nm",
        "https://creativecommons.org/licenses/by/4.0/",
        "https://orcid.org/0000-0002-1825-0097",
        "labels/cells",
        "by hand",
        "uint16",
        f"Ada Example ({small_cell.frozen_at.year}): A small cell. Version 1. Cisterna. "
        "http://testserver/datasets/small-cell@1/",
        'zarr.open("http://testserver/data/small-cell@1/em/0", mode="r")',
        "http://testserver/data/small-cell@1/em/|zarr3:",
        'href="/datasets/small-cell@1/view/?view=corner"',
        "/datasets/small-cell@1/pictures/view-corner.webp",
        'href="/datasets/small-cell@1/view/?layers=em,labels/cells"',
    ):
        assert words in page, words


def test_what_a_curator_writes_is_shown_and_never_run(client: Client) -> None:
    title = ("<script>alert(1)</script> & " + "pseudo" * 30)[:180]
    make_dataset("ugly", title=title, volumes=1, description="One.\n\n<b>bold</b>", credit="<i>me</i>")
    for path in ("/", "/datasets/ugly/", "/datasets/ugly/view/"):
        page = text_of(client, path)
        assert "<script>alert" not in page
        assert "<b>bold" not in page
        assert "<i>me" not in page
    assert title in unescape(text_of(client, "/datasets/ugly/"))


def test_a_dataset_without_pictures_or_layers_has_a_page(client: Client) -> None:
    make_dataset("bare")
    page = text_of(client, "/datasets/bare/")
    assert "No picture yet" in page
    assert "This version has no layers" in page
    assert "No picture yet" in text_of(client, "/")


def test_a_draft_with_nothing_said_yet_has_a_page(client: Client, admin_client: Client) -> None:
    dataset = Dataset.objects.create(name="begun")
    DatasetVersion.objects.create(dataset=dataset, title="Begun", licence="CC0-1.0")
    page = text_of(admin_client, "/datasets/begun@draft/")
    assert ">draft</span>" in page
    assert "noindex" in page
    text_of(client, "/datasets/begun@draft/", status=404)


def test_pictures_that_cannot_be_listed_do_not_take_the_page_down(client: Client, small_cell: DatasetVersion) -> None:
    folder = get_root(OWN_ROOT).path
    assert folder
    pictures = folder / "pictures" / small_cell.record_digest
    for picture in pictures.iterdir():
        picture.unlink()
    pictures.rmdir()
    pictures.write_text("a file where a folder should be")
    assert "No picture yet" in text_of(client, "/")
    assert "No picture yet" in text_of(client, "/datasets/small-cell/")


def test_many_layers_stand_in_a_frame_of_their_own(client: Client) -> None:
    make_dataset("many", volumes=200)
    make_dataset("few", volumes=2)
    page = text_of(client, "/datasets/many/")
    assert page.count('<tr id="layer/volume-') == 200
    assert 'class="layers-frame" role="group"' in page
    assert 'class="layers-frame">' in text_of(client, "/datasets/few/")


def test_versions_are_listed_and_an_older_one_says_that_there_is_a_newer(client: Client) -> None:
    first = make_dataset("cell", change_note="The first")
    make_dataset("cell", number=2, change_note="Better labels")
    third = make_dataset("cell", number=3)
    DatasetVersion.objects.filter(pk=first.pk).update(
        state="retired", retired_reason="The voxel size was wrong", successor=third
    )
    newest, older = text_of(client, "/datasets/cell/"), text_of(client, "/datasets/cell@2/")
    assert "is newer" not in newest
    assert (
        'This is version 2, kept as it was. <a class="link" href="/datasets/cell@3/">Version 3</a> is newer.' in older
    )
    listed = re.search(r'<ol class="versions">(.*?)</ol>', newest, re.DOTALL)
    assert listed
    said = " ".join(re.sub(r"<[^>]+>", " ", listed[1]).split())
    assert re.fullmatch(
        r"Version 3 Published this page \S+ \w+ \d+ What changed "
        r"Version 2 Published \S+ \w+ \d+ Compare with this page's Better labels "
        r"Version 1 Retired \S+ \w+ \d+ The voxel size was wrong Use cell@3 instead\.",
        said,
    ), said


def test_a_draft_is_listed_for_those_who_may_see_it(client: Client, admin_client: Client) -> None:
    version = make_dataset("cell")
    DatasetVersion.objects.create(dataset=version.dataset, title="Next", licence="CC0-1.0")
    assert "@draft" not in text_of(client, "/datasets/cell/")
    assert '<a class="link" href="/datasets/cell@draft/">Draft</a>' in text_of(admin_client, "/datasets/cell/")


def test_a_letter_about_a_page_says_which_page(client: Client, small_cell: DatasetVersion) -> None:
    Dataset.objects.update(contact_name="Ada", contact_email="ada+cells@example.org")
    for path in ("/datasets/small-cell@1/", "/datasets/small-cell@1/segmentations/labels/cells/"):
        (letter,) = re.findall(r'href="(mailto:[^"]+)"', text_of(client, path))
        parts = urlsplit(unescape(letter))
        assert parts.path == "ada+cells@example.org"
        assert "+" not in parts.query  # mail programs take it for a plus, not for a space
        fields = parse_qs(parts.query)
        assert fields["subject"] == ["small-cell@1"]
        assert f"Page: http://testserver{path}\r\n" in fields["body"][0]
        assert "About: A small cell\r\nVersion: small-cell@1\r\n" in fields["body"][0]


def test_without_an_address_a_page_says_whom_to_ask(client: Client, small_cell: DatasetVersion) -> None:
    page = text_of(client, "/datasets/small-cell/")
    assert "mailto:" not in page
    assert "names no contact" in page
    assert 'Those who made it: <a class="link" href="https://orcid.org/0000-0002-1825-0097"' in page
    Dataset.objects.update(contact_name="The facility")
    assert "go to The facility, who gave no address here" in text_of(client, "/datasets/small-cell/")


def test_the_viewer_keeps_pictures_for_browsers_that_cannot_show_it(client: Client, small_cell: DatasetVersion) -> None:
    page = unescape(text_of(client, "/datasets/small-cell/view/")).replace("\u00a0", " ")
    for words in (
        '<img src="/datasets/small-cell@1/pictures/slice-xy.webp" alt="Middle slice in x and y of EM, Cells in colour"',
        'src="/datasets/small-cell@1/pictures/slice-yz-labels.webp" alt="" width="',
        "z = 195 nm · 560 × 480 nm",
        "z → y ↓",
        "100 nm",
    ):
        assert words in page, words
    make_dataset("bare")
    assert "no pictures of this dataset yet" in text_of(client, "/datasets/bare/view/")


@pytest.mark.parametrize("query", ["layers=nothing", "view=nothing", "position=here"])
def test_a_viewer_asked_for_what_is_not_there_says_so(client: Client, small_cell: DatasetVersion, query: str) -> None:
    response = client.get(f"/datasets/small-cell/view/?{query}", headers=HTML)
    assert response.status_code in (400, 404)
    assert b"What this means" in response.content


def test_the_viewers_policy_lets_it_decode_and_reach_nobody_else(client: Client, small_cell: DatasetVersion) -> None:
    policy = client.get("/datasets/small-cell/view/")["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "worker-src 'self'" in policy
    assert "img-src 'self' data: blob:" in policy
    assert "connect-src 'self';" in policy + ";"
    assert "'unsafe-eval'" not in policy
    assert "script-src 'self';" in client.get("/")["Content-Security-Policy"]


def test_a_private_dataset_is_absent_for_strangers(
    client: Client, admin_client: Client, small_cell: DatasetVersion
) -> None:
    Dataset.objects.update(visibility="private")
    for path in (
        "/datasets/small-cell/",
        "/datasets/small-cell@1/",
        "/datasets/small-cell@draft/",
        "/datasets/small-cell/view/",
        "/datasets/small-cell/slices/",
        "/datasets/small-cell/metadata.bibtex",
        "/datasets/small-cell/segmentations/labels/cells/",
        "/datasets/small-cell/volumes/em/",
        "/datasets/small-cell@1/pictures/em.webp",
        "/datasets/small-cell@1/thumbnail.webp",
    ):
        private = client.get(path, headers=HTML)
        absent = client.get(path.replace("small", "other"), headers=HTML)
        assert private.status_code == absent.status_code == 404
        hide = re.compile(r"(small|other)-cell|which request it was: <code>\w+</code>")
        assert hide.sub("…", private.content.decode()) == hide.sub("…", absent.content.decode())
    assert "small" not in text_of(client, "/")
    page = text_of(admin_client, "/datasets/small-cell/")
    assert "not public" in page
    assert "noindex" in page


def test_pictures_are_served_and_cached_by_what_they_are(
    client: Client, admin_client: Client, small_cell: DatasetVersion
) -> None:
    pinned = client.get("/datasets/small-cell@1/pictures/em.webp")
    root = get_root(OWN_ROOT)
    assert root.path
    assert pinned.content == (root.path / picture_key(small_cell, "em")).read_bytes()
    assert pinned["Content-Type"] == "image/webp"
    assert pinned["Cache-Control"] == "public, max-age=3600"
    again = client.get("/datasets/small-cell@1/pictures/em.webp", headers={"If-None-Match": pinned["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/datasets/small-cell/pictures/em.webp")["Cache-Control"] == "no-cache"
    Dataset.objects.update(visibility="private")
    private = admin_client.get("/datasets/small-cell@1/pictures/em.webp")
    assert private["Cache-Control"] == "private, no-store"
    ends = timezone.now() + timedelta(days=1)
    Dataset.objects.update(visibility="embargoed", embargo_until=ends)
    embargoed = admin_client.get("/datasets/small-cell@1/pictures/em.webp")
    assert embargoed["Cache-Control"] == "private, no-store"
    Dataset.objects.update(embargo_until=ends - timedelta(days=2))
    ended = client.get("/datasets/small-cell@1/pictures/em.webp")
    assert ended["Cache-Control"] == "public, max-age=3600"


def test_a_picture_that_is_not_there_is_not_found(client: Client, small_cell: DatasetVersion) -> None:
    assert client.get("/datasets/small-cell@1/pictures/nothing.webp").status_code == 404
    assert client.get("/datasets/small-cell@1/pictures/../em.webp").status_code == 404


@pytest.mark.parametrize("path", ["/", "/datasets/", "/datasets/small-cell/", "/datasets/small-cell/view/"])
def test_pages_can_only_be_read(client: Client, small_cell: DatasetVersion, path: str) -> None:
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200


def test_pages_stand_without_the_frontend_and_the_viewer_says_what_is_missing(
    client: Client, small_cell: DatasetVersion, tmp_path: Any
) -> None:
    with override_settings(FRONTEND_DIST=tmp_path):
        assert "A small cell" in text_of(client, "/datasets/small-cell/")
        assert "make install" in text_of(client, "/datasets/small-cell/view/", status=503)


def test_names_that_no_dataset_can_have_are_no_addresses(client: Client) -> None:
    for name in ("Upper", "a", "with.dot", "cell@0", "cell@01", "cell@newest", "x" * 58):
        assert client.get(f"/datasets/{name}/", headers=HTML).status_code == 404
