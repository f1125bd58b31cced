"""What pages say in the words of schema.org and by typed links, as those who read them find it."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from datasets.catalogue.actions.versions import freeze, revise
from datasets.catalogue.discovery.signposts import LONGEST_HEADER
from datasets.catalogue.models import Dataset, DatasetVersion, Model, Visibility
from datasets.publishing.imports.openorganelle.importing import import_openorganelle
from tests.catalogue.test_research_pages import cell, everywhere, research

pytestmark = pytest.mark.django_db

SITE = "http://testserver"
LAYER = "/datasets/cell@1/segmentations/mito/"
ATTACK = "</script><!--<script>alert(1)</script>-->&amp;\u2028\"'<"
LINK = re.compile(r'<([^<>"\s]+)>; rel="([a-z-]+)"(?:; type="([^"]+)")?(?:, |$)')


class Scripts(HTMLParser):
    """The scripts of a page, by their type, as a browser's parser takes them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.inside: str | None = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.inside = dict(attributes).get("type") or ""
            self.found.append((self.inside, ""))

    def handle_data(self, data: str) -> None:
        if self.inside is not None:
            kind, text = self.found.pop()
            self.found.append((kind, text + data))

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self.inside = None


def said(client: Client, path: str) -> list[dict[str, Any]]:
    """The nodes that a page states; none where it has no statements."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    texts = [text for kind, text in Scripts(answer.content.decode()).found if kind == "application/ld+json"]
    assert len(texts) <= 1
    if not texts:
        return []
    document = json.loads(texts[0])
    assert document.pop("@context") == "https://schema.org/"
    nodes: list[dict[str, Any]] = document.get("@graph", [document])
    assert all(it["@type"] for it in nodes)
    return nodes


def of_type(nodes: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = [it for it in nodes if it["@type"] == kind]
    return found


def links(answer: Any) -> list[tuple[str, str, str]]:
    """The typed links of an answer (RFC 8288): address, relation, media type."""
    header = answer.headers.get("Link", "")
    found = LINK.findall(header)
    assert sum(len(it[0]) for it in LINK.finditer(header)) == len(header), header
    return [(url, relation, kind) for url, relation, kind in found]


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)
    elif isinstance(value, str):
        yield value


def test_a_dataset_says_what_it_is(client: Client) -> None:
    draft = revise(dataset=cell().dataset, by=None)
    DatasetVersion.objects.filter(pk=draft.pk).update(
        licence="CC-BY-4.0", description="A cell of a fish.\n\nWhole.", keywords=["fish"]
    )
    freeze(draft=DatasetVersion.objects.get(pk=draft.pk), by=None)
    page = f"{SITE}/datasets/cell@2/"
    dataset = of_type(said(client, "/datasets/cell/"), "Dataset")
    assert {name: dataset[name] for name in ("@id", "name", "url", "identifier", "version", "license", "keywords")} == {
        "@id": page,
        "name": "A cell",
        "url": page,
        "identifier": page,
        "version": "2",
        "license": "https://spdx.org/licenses/CC-BY-4.0.html",
        "keywords": ["fish"],
    }
    assert dataset["description"] == "A cell of a fish.\n\nWhole."
    assert dataset["creator"][0]["@id"] == "https://orcid.org/0000-0001-5109-3700"
    assert client.get(dataset["creator"][0]["url"].removeprefix(SITE)).status_code == 200
    assert dataset["measurementTechnique"] == "FIB-SEM"
    assert dataset["about"][0] == {
        "@type": "Taxon",
        "name": "Human",
        "sameAs": "http://purl.obolibrary.org/obo/NCBITaxon_9606",
    }
    assert [it["propertyID"] for it in dataset["variableMeasured"]] == ["GO:0005739"]
    assert dataset["isAccessibleForFree"] is True
    assert dataset["includedInDataCatalog"]["@id"] == of_type(said(client, "/"), "DataCatalog")["@id"]
    assert {it["encodingFormat"] for it in dataset["distribution"]} == {"application/jsonl", "application/xml", "N5"}
    whole = json.loads(client.get("/datasets/cell/metadata.jsonld").content)
    assert whole["@id"] == page
    assert "url" not in of_type(said(client, "/datasets/cell@1/"), "Dataset")["creator"][0], "who may have no page now"


def test_the_site_says_how_it_is_searched(client: Client) -> None:
    action = of_type(said(client, "/"), "WebSite")["potentialAction"]
    assert action["query-input"] == "required name=query"
    address = action["target"]["urlTemplate"].replace("{query}", "mito").removeprefix(SITE)
    assert "mitochondrion" in client.get(address).content.decode()


def test_what_stands_beside_datasets_says_what_it_is(client: Client) -> None:
    version = cell()
    pages = {path: said(client, path) for path in [*research(version), LAYER]}
    dataset = f"{SITE}/datasets/cell@1/"
    layer = of_type(pages[LAYER], "Dataset")
    assert layer["isPartOf"]["@id"] == dataset
    assert layer["isBasedOn"]["@id"] == f"{SITE}/models/unet/"
    assert layer["about"][0]["@id"] == f"{SITE}/organelles/mito/"
    term = of_type(pages["/organelles/mito/"], "DefinedTerm")
    assert term["termCode"] == "GO:0005739"
    assert "http://purl.obolibrary.org/obo/GO_0005739" in term["sameAs"]
    assert "mitochondria" in term["alternateName"]
    assert of_type(pages["/models/unet/"], "SoftwareSourceCode")["name"] == "U-Net"
    person_path = next(path for path in pages if path.startswith("/people/"))
    assert of_type(pages[person_path], "Person")["name"] == "Laurel Haak"
    assert of_type(pages["/collections/paper/"], "Collection")["hasPart"][0]["@id"] == dataset
    (publication,) = of_type(pages["/publications/"], "ItemList")["itemListElement"]
    assert publication["item"]["@id"] == "https://doi.org/10.25378/janelia.13469964"
    for path in (LAYER, "/datasets/cell/", "/organelles/mito/", "/models/unet/", "/tasks/find-mito/", person_path):
        crumbs = of_type(said(client, path), "BreadcrumbList")["itemListElement"]
        assert [it["position"] for it in crumbs] == list(range(1, len(crumbs) + 1))
        assert all(client.get(it["item"].removeprefix(SITE)).status_code == 200 for it in crumbs)


def test_links_in_headers_say_where_everything_is(client: Client) -> None:
    cell()
    page = f"{SITE}/datasets/cell@1/"
    answer = client.head("/datasets/cell/")
    assert answer.content == b""
    found = links(answer)
    assert found == links(client.get("/datasets/cell/"))
    by_relation: dict[str, list[tuple[str, str]]] = {}
    for url, relation, kind in found:
        by_relation.setdefault(relation, []).append((url, kind))
    assert by_relation["cite-as"] == [(page, "")]
    assert [url for url, _ in by_relation["type"]] == ["https://schema.org/AboutPage", "https://schema.org/Dataset"]
    assert by_relation["author"] == [("https://orcid.org/0000-0001-5109-3700", "")]
    for url, kind in by_relation["describedby"]:
        described = client.get(url.removeprefix(SITE))
        assert described.status_code == 200
        assert described["Content-Type"].partition(";")[0] == kind
        if "/api/" not in url:
            assert links(described) == [(page, "describes", "text/html")]
    assert all(url.startswith("http") for url, _ in by_relation["item"])
    ((link_set, kind),) = by_relation["linkset"]
    answer = client.get(link_set.removeprefix(SITE))
    assert answer["Content-Type"] == kind == "application/linkset+json"
    context = json.loads(answer.content)["linkset"]
    listed = {
        (it["href"], relation, it.get("type", ""))
        for relation, targets in context[0].items()
        if relation != "anchor"
        for it in targets
    }
    assert context[0]["anchor"] == page
    assert {it for it in found if it[1] != "linkset"} <= listed
    assert {it["anchor"] for it in context[1:]} >= {url for url, _ in by_relation["item"]}
    assert (page, "collection", "text/html") in links(client.get(LAYER))


def test_of_what_is_not_for_everyone_nothing_is_said(client: Client, admin_client: Client) -> None:
    version = cell()
    pages = [*research(version), LAYER, "/datasets/cell/"]
    revise(dataset=version.dataset, by=None)
    Model.objects.update(public=False)
    assert said(admin_client, "/datasets/cell@draft/") == []
    assert "isBasedOn" not in of_type(said(admin_client, LAYER), "Dataset")
    Dataset.objects.update(visibility="embargoed")
    for path in pages:
        answer = admin_client.get(path)
        assert not answer.has_header("Link"), path
        stated = json.dumps(said(admin_client, path))
        assert not re.search(r"A cell|cell@|Haak|janelia|U-Net", stated), path
    for form in ("jsonld", "csl.json", "bibtex", "linkset.json"):
        assert client.get(f"/datasets/cell/metadata.{form}").status_code == 404
        answer = admin_client.get(f"/datasets/cell/metadata.{form}")
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "private, no-store"
        assert not answer.has_header("Link")


def test_no_text_ends_the_script_it_stands_in(client: Client) -> None:
    version = everywhere(ATTACK)
    pages = [*research(version), LAYER, "/datasets/cell/", "/"]
    for path in pages:
        page = client.get(path).content.decode()
        assert all("alert(1)" not in text for kind, text in Scripts(page).found if kind != "application/ld+json"), path
        for _, text in (it for it in Scripts(page).found if it[0] == "application/ld+json"):
            assert not set(text) & set("<>&\u2028\u2029"), path
    dataset = of_type(said(client, "/datasets/cell/"), "Dataset")
    assert dataset["name"] == dataset["description"] == ATTACK
    assert dataset["creator"][0]["name"] == ATTACK
    assert ATTACK in of_type(said(client, LAYER), "Dataset")["name"]
    links(client.get(LAYER))
    (item,) = json.loads(client.get("/datasets/cell/metadata.csl.json").content)
    assert item["title"] == ATTACK


@pytest.fixture(scope="module")
def imported(shared_data: Path, rows_of_module: Callable[[], AbstractContextManager[None]]) -> list[str]:
    """The names of the datasets of a catalogue as it is published."""
    with rows_of_module():
        import_openorganelle(shared_data / "catalogue" / "openorganelle", visibility=Visibility.PUBLIC, by=None)
        return list(Dataset.objects.values_list("name", flat=True))


@pytest.mark.any_database
def test_all_of_a_real_catalogue_is_stated(imported: list[str], client: Client) -> None:
    assert imported
    for name in imported:
        answer = client.get(f"/datasets/{name}/")
        assert len(answer["Link"]) <= LONGEST_HEADER
        assert {relation for _, relation, _ in links(answer)} >= {"cite-as", "type", "describedby", "linkset"}
        (text,) = [text for kind, text in Scripts(answer.content.decode()).found if kind == "application/ld+json"]
        assert len(text) < 30_000
        dataset = of_type(json.loads(text)["@graph"], "Dataset")
        assert dataset["name"]
        assert dataset["distribution"]
        assert all(re.match(r"[a-z0-9]+://[\x21-\x7e]+$", it["contentUrl"]) for it in dataset["distribution"])
        assert "\N{REPLACEMENT CHARACTER}" not in "".join(texts_in(dataset))
