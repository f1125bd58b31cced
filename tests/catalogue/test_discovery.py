"""What the site says to machines: sitemaps, the feed, robots.txt, as their readers read them."""

import re
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from datasets.catalogue.actions.versions import freeze, revise
from datasets.catalogue.discovery import sitemaps
from datasets.catalogue.models import Contribution, Dataset, DatasetVersion, Person
from tests.catalogue.test_research_pages import cell, cropped

pytestmark = pytest.mark.django_db

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
ATOM = "{http://www.w3.org/2005/Atom}"
SITE = "http://testserver"
UGLY = "</script><script>alert(1)</script>]]> & \"'<!-- \x0b\ufffe 細胞"


def read(client: Client, path: str) -> ElementTree.Element:
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert answer["Cache-Control"] == "no-cache"
    return ElementTree.fromstring(answer.content)


def addresses(client: Client, path: str) -> dict[str, datetime | None]:
    """Of a sitemap or an index, checked by their schema: each element, its address, when it changed last."""
    root = read(client, path)
    inner = {f"{SITEMAP}urlset": f"{SITEMAP}url", f"{SITEMAP}sitemapindex": f"{SITEMAP}sitemap"}[root.tag]
    found: dict[str, datetime | None] = {}
    for entry in root:
        assert entry.tag == inner
        assert [it.tag for it in entry] in ([f"{SITEMAP}loc"], [f"{SITEMAP}loc", f"{SITEMAP}lastmod"])
        address, changed = entry.findtext(f"{SITEMAP}loc") or "", entry.findtext(f"{SITEMAP}lastmod")
        assert re.fullmatch(r"http://testserver/[\x21-\x7e]*", address)
        assert address not in found
        found[address] = datetime.fromisoformat(changed) if changed else None
        assert changed is None or datetime.fromisoformat(changed).tzinfo
    return found


def whole_sitemap(client: Client) -> dict[str, datetime | None]:
    index = addresses(client, "/sitemap.xml")
    return {page: at for part in index for page, at in addresses(client, part.removeprefix(SITE)).items()}


def test_the_sitemap_leads_to_every_page_that_everyone_may_see(client: Client) -> None:
    version = cell()
    cropped("hidden", "1")
    Dataset.objects.filter(name="hidden").update(visibility="private")
    found = whole_sitemap(client)
    for page in found:
        assert client.get(page.removeprefix(SITE)).status_code == 200, page
    assert found[f"{SITE}/datasets/cell/"] == version.frozen_at.replace(microsecond=0)  # type: ignore[union-attr]
    layers = {it for it in found if "/segmentations/" in it}
    labels = version.volumes.filter(kind__in=("segmentation", "mask")).count()
    assert len(layers) == labels > 0
    assert f"{SITE}/organelles/mito/" in found
    assert f"{SITE}/people/{version.contributions.get().person_id}/" in found
    assert not [it for it in found if "hidden" in it]


def test_sitemaps_are_bounded_and_asked_for_in_a_constant_number_of_queries(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell()
    for name in ("a-1", "a-2", "a-3"):
        cropped(name, "1")
    monkeypatch.setattr(sitemaps, "MOST_ADDRESSES", 2)
    index = addresses(client, "/sitemap.xml")
    parts = [it.removeprefix(SITE) for it in index if "/datasets-" in it]
    pages = [addresses(client, it) for it in parts]
    assert len(parts) == 3
    assert all(len(it) <= 2 for it in pages)
    assert sum(1 for it in pages for page in it if re.search(r"/datasets/[^/]*/$", page)) == 4
    assert client.get("/sitemaps/datasets-4.xml").status_code == 404
    assert client.get("/sitemaps/datasets-0.xml").status_code == 404
    assert client.get("/sitemaps/people-0.xml").status_code == 404
    assert client.get(f"/sitemaps/people-{10**20}.xml").status_code == 404

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get("/sitemaps/datasets-1.xml")
        return len(asked)

    monkeypatch.undo()
    cost()
    before = cost()
    cropped("a-4", "1")
    cost()
    assert cost() == before


def test_who_has_a_sitemap_or_the_feed_is_told_so_until_the_catalogue_changes(client: Client) -> None:
    cell()
    for path in ("/sitemap.xml", "/sitemaps/datasets-1.xml", "/sitemaps/pages.xml", "/feeds/datasets.atom"):
        etag = client.get(path)["ETag"]
        again = client.get(path, headers={"If-None-Match": etag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
        assert client.head(path)["ETag"] == etag
    etags = {path: client.get(path)["ETag"] for path in ("/sitemaps/datasets-1.xml", "/feeds/datasets.atom")}
    cropped("another", "1")
    for path, etag in etags.items():
        answer = client.get(path, headers={"If-None-Match": etag})
        assert answer.status_code == 200
        assert b"another" in answer.content


def check_feed(root: ElementTree.Element) -> list[ElementTree.Element]:
    """By RFC 4287: what a feed and its entries must have, and how often they may."""
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
            assert element.findtext(f"{ATOM}{name}")
        for name in ("updated", "published"):
            for moment in element.findall(f"{ATOM}{name}"):
                assert datetime.fromisoformat(moment.text or "").tzinfo
        assert all((it.findtext(f"{ATOM}name") or "").strip() for it in element.findall(f"{ATOM}author"))
        links = [(it.get("rel"), it.get("type")) for it in element.findall(f"{ATOM}link")]
        assert len(links) == len(set(links))
        assert all(re.match("http://testserver/", it.get("href") or "") for it in element.findall(f"{ATOM}link"))
    assert root.findall(f"{ATOM}author") or all(it.findall(f"{ATOM}author") for it in root.findall(f"{ATOM}entry"))
    assert root.find(f"{ATOM}link[@rel='self']") is not None
    entries = root.findall(f"{ATOM}entry")
    assert len({it.findtext(f"{ATOM}id") for it in entries}) == len(entries)
    return entries


def test_the_feed_has_what_was_published_last(client: Client) -> None:
    assert check_feed(read(client, "/feeds/datasets.atom")) == []  # and is one before anything is
    first = cell()
    draft = revise(dataset=first.dataset, by=None)
    DatasetVersion.objects.filter(pk=draft.pk).update(title=UGLY, description=f"{UGLY}\n\nmore", change_note=UGLY)
    person = Person.objects.create(name=UGLY, orcid="0000-0002-1825-0097")
    Contribution.objects.create(version=draft, person=person, rank=9)
    second = freeze(draft=DatasetVersion.objects.get(pk=draft.pk), by=None)
    cropped("hidden", "1")
    Dataset.objects.filter(name="hidden").update(visibility="embargoed")
    root = read(client, "/feeds/datasets.atom")
    newer, older = check_feed(root)
    assert newer.findtext(f"{ATOM}id") == f"{SITE}/datasets/cell@2/"
    assert older.findtext(f"{ATOM}id") == f"{SITE}/datasets/cell@1/"
    cleaned = UGLY.replace("\x0b", "\N{REPLACEMENT CHARACTER}").replace("\ufffe", "\N{REPLACEMENT CHARACTER}")
    assert newer.findtext(f"{ATOM}title") == cleaned
    assert [it.findtext(f"{ATOM}name") for it in newer.findall(f"{ATOM}author")][-1] == cleaned
    assert newer.findall(f"{ATOM}author")[-1].findtext(f"{ATOM}uri") == "https://orcid.org/0000-0002-1825-0097"
    summary = newer.find(f"{ATOM}summary")
    assert summary is not None
    assert summary.get("type") == "html"
    assert "<script" not in (summary.text or "")
    assert datetime.fromisoformat(newer.findtext(f"{ATOM}updated") or "") == second.frozen_at
    assert root.findtext(f"{ATOM}updated") == newer.findtext(f"{ATOM}updated")
    assert "Last-Modified" in client.get("/feeds/datasets.atom")
    assert '<link rel="alternate" type="application/atom+xml"' in client.get("/organelles/").content.decode()


def is_barred(robots: str, path: str) -> bool:
    """By RFC 9309: the longest rule that matches decides."""
    rules: list[tuple[int, bool]] = []
    for line in robots.splitlines():
        name, _, value = line.partition(": ")
        pattern = re.escape(value).replace(r"\*", ".*")
        if name in ("Disallow", "Allow") and re.match(pattern, path):
            rules.append((len(value), name == "Disallow"))
    return max(rules, default=(0, False))[1]


def test_robots_are_kept_from_data_and_led_to_pages(client: Client) -> None:
    robots = client.get("/robots.txt").content.decode()
    assert f"Sitemap: {SITE}/sitemap.xml" in robots.splitlines()
    volume = "/api/v1/datasets/cell@1/volumes/em"
    for path in (
        *("/data/cell@1/em/0/c/0/0/0", "/s3/cell/em/", f"{volume}/cutout?bbox=0,0,0,1,1,1", "/datasets/?a=1&b=2"),
        *("/api/v1/datasets/cell/manifest?format=jsonl", "/account/", "/r/secret/", "/datasets/cell/slices/?zoom=2"),
    ):
        assert is_barred(robots, path), path
    for path in (
        *("/", "/datasets/", "/datasets/?page=2", "/datasets/cell/", "/datasets/cell@1/segmentations/labels/mito/"),
        *("/feeds/datasets.atom", "/datasets/cell/pictures/em.webp", f"{volume}/slice?width=1200&height=630"),
        *("/datasets/cell/view/?layers=em&position=1,2,3", "/datasets/cell/metadata.jsonld", "/datasets/cell/slices/"),
    ):
        assert not is_barred(robots, path), path


def test_what_is_said_is_the_same_for_all(admin_client: Any, client: Client) -> None:
    cell(visibility="private")
    for path in ("/sitemaps/pages.xml", "/sitemap.xml", "/feeds/datasets.atom"):
        assert admin_client.get(path).content == client.get(path).content
        assert b"/datasets/cell" not in client.get(path).content
