"""What the search and the facets are asked: true after every change, alike on both databases, nobody's secret."""

import datetime as dt
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from io import StringIO
from typing import Any

import hypothesis
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.actions.versions import freeze, revise
from datasets.catalogue.actions.withdrawal import retire_version, set_visibility
from datasets.catalogue.models import (
    Acquisition,
    Affiliation,
    Collection,
    Contribution,
    Coverage,
    Crop,
    CropCoverage,
    Dataset,
    DatasetFacet,
    DatasetVersion,
    Model,
    ModelVersion,
    OrganelleClass,
    Organization,
    Person,
    Publication,
    SearchEntry,
    SearchSaid,
    Segmentation,
    Specimen,
    SpecimenTerm,
    Task,
    Volume,
)
from datasets.catalogue.queries.catalogue_state import catalogue_state
from datasets.catalogue.queries.organelles import released_presence
from datasets.catalogue.search import full_text
from datasets.catalogue.search.documents import Said, words_by_field
from datasets.catalogue.search.finding import find
from datasets.catalogue.search.full_text import FIELDS, entry_id, newest, rank, tier_of
from datasets.catalogue.search.indexing import index_named
from datasets.catalogue.search.listing import ORDERS, list_datasets
from datasets.catalogue.search.questions import read_question

HIDDEN = "cryptozoa"
"""A word of what only members may see, one letter from the next."""
NEAR, ABSENT = "cryptozob", "cryptozuu"


def describe(name: str, title: str, **said: Any) -> Dataset:
    """Write and freeze a dataset."""
    dataset = Dataset.objects.create(name=name, visibility=said.get("visibility", "public"))
    draft = DatasetVersion.objects.create(dataset=dataset, title=title, licence=said.get("licence", "CC0-1.0"))
    specimen = Specimen.objects.create(version=draft, organism=said.get("organism", ""), ncbi_taxon=said.get("taxon"))
    SpecimenTerm.objects.create(specimen=specimen, kind="tissue", label=said.get("tissue", "Liver"))
    side = said.get("side", 4.0)
    Acquisition.objects.create(
        version=draft,
        method=said.get("method", "FIB-SEM"),
        **{f"voxel_{axis}_nm": side for axis in "xyz"},
        **{f"extent_{axis}_nm": said.get("extent", 1000.0) for axis in "xyz"},
    )
    for organization in Organization.objects.all():
        Affiliation.objects.create(version=draft, organization=organization)
    person, _ = Person.objects.get_or_create(name=said.get("person", "Ada Lovelace"))
    Contribution.objects.create(version=draft, person=person)
    Publication.objects.create(version=draft, title=f"On {title}", doi=said.get("doi", "10.1234/shared"))
    path = {"external_url": "s3://bucket/labels", "external_format": "n5", "axes": ["z", "y", "x"]}
    volume = Volume.objects.create(version=draft, path="labels", kind="segmentation", title="Labels", **path)
    segmentation = Segmentation.objects.create(volume=volume, type="instance", method="model")
    organelle = OrganelleClass.objects.get(short_name=said.get("organelle", "mito_mem"))
    Coverage.objects.create(segmentation=segmentation, organelle=organelle)
    box = {f"{each}_{axis}{unit}": 4 for each, unit in (("voxel", "_nm"), ("translation", "_nm"), ("shape", ""))
           for axis in "xyz"}  # fmt: skip
    CropCoverage.objects.create(
        crop=Crop.objects.create(version=draft, name="crop-1", **box),
        organelle=OrganelleClass.objects.get(short_name="ld"),
    )
    freeze(draft=draft, by=None)
    return dataset


@pytest.fixture(scope="module")
def written(rows_of_module: Callable[[], AbstractContextManager[None]]) -> None:
    """Some datasets, one of them hidden."""
    with rows_of_module():
        Organization.objects.create(name="lab", title="Laboratory of Things")
        index_named("model", [Model.objects.create(name="unet", title="A U-Net").pk])
        describe("one", "Mouse liver", organism="Mus musculus", taxon=10090, side=8.0, person="Grace Hopper")
        describe("two", "Fly brain", organism="Drosophila melanogaster", tissue="Brain", organelle="er", extent=9000.0)
        describe("three", "Another mouse", organism="Mus musculus", method="SBF-SEM", licence="CC-BY-4.0", side=2.0)
        describe("hidden", f"{HIDDEN} mouse", organism=HIDDEN, visibility="private", person=f"{HIDDEN} person")


def stand() -> dict[str, Any]:
    """All that is asked, in an order of its own."""
    columns = ", ".join(
        ["rowid", *FIELDS] if connection.vendor == "sqlite" else ["id", "names", "terms", "about", "words"]
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {full_text.TABLE} ORDER BY 1")
        text = cursor.fetchall()
    return {
        "entries": list(SearchEntry.objects.order_by("pk").values_list()),
        "said": list(SearchSaid.objects.order_by("pk").values_list("pk", "said")),
        "facets": sorted(DatasetFacet.objects.values_list("dataset", "facet", "value")),
        "text": text,
    }


def test_every_change_leaves_what_making_it_anew_makes(written: None, admin_client: Client) -> None:
    def changed(address: str, **fields: str) -> None:
        answer = admin_client.post(f"/admin/catalogue/{address}", fields)
        assert answer.status_code == 302, answer.content

    def row(table: Any, **fields: Any) -> int:
        return int(table.objects.get(**fields).pk)

    none = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    no_versions = {"versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"}
    no_members = {"members-TOTAL_FORMS": "0", "members-INITIAL_FORMS": "0"}
    two = Dataset.objects.get(name="two")
    draft = revise(dataset=two, by=None)
    draft.title = "Renamed brain"
    draft.save()
    draft.contributions.update(person=Person.objects.create(name="Mary Somerville"))
    freeze(draft=draft, by=None)
    assert find("Renamed brain", None).groups[0].hits[0].name == "two"
    steps = (
        lambda: retire_version(name="two", number=2, reason="Wrong", by=None),
        lambda: retire_version(name="three", number=1, reason="Wrong", by=None),
        lambda: set_visibility(dataset=Dataset.objects.get(name="one"), visibility="private", until=None, by=None),
        lambda: changed(f"person/{row(Person, name='Grace Hopper')}/change/", name="Grace Brewster", orcid=""),
        lambda: changed(
            f"organization/{row(Organization, name='lab')}/change/",
            name="lab",
            title="Laboratory of Else",
            ror="",
            **none,
        ),
        lambda: changed("model/add/", name="ffn", title="A flood", public="on", **no_versions),
        lambda: changed(f"model/{row(Model, name='unet')}/change/", name="unet", title="Another", **no_versions),
        lambda: changed("modelversion/add/", model=str(row(Model, name="ffn")), label="v1", rank="0"),
        lambda: changed(f"model/{row(Model, name='ffn')}/delete/", post="yes"),
        lambda: changed(f"person/{Person.objects.create(name='Nobody').pk}/delete/", post="yes"),
        lambda: changed(
            "task/add/", name="find", title="Find it", organelles=str(row(OrganelleClass, short_name="er"))
        ),
        lambda: changed("collection/add/", name="set", title="A set", **no_members),
        lambda: changed(f"collection/{row(Collection, name='set')}/change/", name="set", title="Two", **no_members),
        lambda: changed(f"task/{row(Task, name='find')}/delete/", post="yes"),
    )
    for step in steps:
        step()
        before = stand()
        kept = released_presence(*catalogue_state())
        released_presence.cache_clear()
        assert kept == released_presence(*catalogue_state())
        call_command("reindex", stdout=StringIO())
        after = stand()
        for what, rows in after.items():
            assert [it for it in before[what] if it not in rows] == [it for it in rows if it not in before[what]] == []
    assert ModelVersion.objects.count() == 0
    assert find("Grace Brewster", None).groups == ()  # whose dataset is private now


def test_what_is_hidden_is_not_found_counted_or_offered(written: None, db: None, admin_user: Any) -> None:
    assert {it.kind for it in find(HIDDEN, admin_user).groups} >= {"dataset", "person"}
    assert find(HIDDEN, None).groups == ()
    found = find("mouse", None)
    assert {it.name for it in found.groups[0].hits} == {"one", "three"}
    assert (found.groups[0].kind, found.groups[0].count) == ("dataset", 2)
    assert find(NEAR, None).corrected == find(NEAR, admin_user).corrected == {}
    listed = list_datasets(None)
    assert listed.count == 3
    assert HIDDEN not in {it.value for it in listed.facets["organism"]}
    seen = list_datasets(admin_user)
    assert seen.count == 4
    assert HIDDEN in {it.value for it in seen.facets["organism"]}

    def asked(text: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            find(text, None)
        return [query["sql"].partition(" WHERE ")[0] for query in queries]

    asked(ABSENT)  # what is kept of everyone's is made
    assert asked(HIDDEN) == asked(ABSENT)
    assert asked(f"{HIDDEN} mouse") == asked(f"{ABSENT} mouse")


def test_an_embargo_that_ends_shows_what_it_hid(written: None, db: None) -> None:
    Dataset.objects.filter(name="hidden").update(visibility="embargoed", embargo_until=timezone.now() + dt.timedelta(1))
    assert find(HIDDEN, None).groups == ()
    Dataset.objects.filter(name="hidden").update(embargo_until=timezone.now() - dt.timedelta(1))
    assert find(HIDDEN, None).groups[0].kind == "dataset"
    assert list_datasets(None).count == 4
    assert find("cryptozoo", None).corrected == {"cryptozoo": (HIDDEN,)}


WORDS = st.sampled_from(["mito", "mitos", "golgi", "er", "u-net", "jrc_1", "hela cell", "t-bar", "gol", "mi", "12"])
SAID = st.lists(WORDS, max_size=4).map(" ".join)


def test_the_database_finds_what_the_rules_say(db: None) -> None:
    """The same tiers for what is in a table as for what is in memory, on either database."""
    numbers = iter(range(1, 10_000))

    @hypothesis.settings(max_examples=60, database=None)
    @given(st.lists(st.tuples(SAID, SAID, SAID), min_size=1, max_size=6), st.lists(WORDS, min_size=1, max_size=3))
    def check(documents: list[tuple[str, str, str]], asked: list[str]) -> None:
        full_text.remove_all()
        question = read_question(" ".join(asked))
        entries = {
            entry_id("dataset", 5, next(numbers)): words_by_field(map(Said, FIELDS, FIELDS, texts))
            for texts in documents
        }
        full_text.write(list(entries.items()))
        tiers = {entry: tier for entry, words in entries.items() if (tier := tier_of(words, question)) is not None}
        expected = sorted(tiers, key=lambda entry: (tiers[entry], -entry))
        assert [(it.entry, it.tier) for it in rank("dataset", question, 100)] == [
            (entry, tiers[entry]) for entry in expected
        ]
        assert [it.entry for it in rank("dataset", question, 2)] == expected[:2]
        found = newest(["dataset", "model"], question, 100)
        assert found == {"dataset": sorted(tiers, reverse=True), "model": []}
        assert full_text.tiers(found, question) == tiers
        assert full_text.all_found("dataset", question) == sorted(tiers, reverse=True)

    check()


def test_facets_are_or_within_and_and_between(written: None, db: None) -> None:
    values = {name: set(DatasetFacet.objects.filter(dataset__name=name).values_list("facet", "value"))
              for name in ("one", "two", "three")}  # fmt: skip
    assert ("organelle", "mito") in values["one"], "with what it is part of"
    assert values["one"] >= {("voxel", "4 to 8 nm"), ("sample", "Liver"), ("ground_truth", "yes"), ("method", "model")}

    @hypothesis.settings(max_examples=40, database=None)
    @given(st.lists(st.sampled_from(sorted(set().union(*values.values()))), max_size=4), st.booleans())
    def check(choice: list[tuple[str, str]], asks: bool) -> None:
        chosen: dict[str, set[str]] = {}
        for facet, value in choice:
            chosen.setdefault(facet, set()).add(value)

        def matching(without: str = "") -> set[str]:
            return {
                name
                for name, have in values.items()
                if all(any((facet, it) in have for it in some) for facet, some in chosen.items() if facet != without)
                and (not asks or name != "two")
            }

        listed = list_datasets(None, text="mouse" if asks else "", chosen=chosen)
        assert listed.count == len(listed.versions) == len(matching())
        for facet, found in listed.facets.items():
            expected = {value for have in values.values() for each, value in have if each == facet}
            counts = {value: sum((facet, value) in values[name] for name in matching(facet)) for value in expected}
            told = {it.value: it.count for it in found}
            assert told == {value: n for value, n in counts.items() if n or value in chosen.get(facet, ())}
            assert {it.value for it in found if it.is_chosen} == chosen.get(facet, set())

    check()


def test_lists_have_their_orders(written: None, db: None) -> None:
    def names(**asked: Any) -> list[str]:
        keys = list_datasets(None, **asked).versions
        by_key = dict(DatasetVersion.objects.values_list("pk", "dataset__name"))
        return [by_key[key] for key in keys]

    assert names(order="size") == ["two", "three", "one"]
    assert names(order="resolution")[0] == "three"
    assert names(order="newest", start=1, most=1) == names(order="newest")[1:2]
    assert names(text="mouse liver", order="relevance")[0] == "one"
    assert names(text="%_*") == names(text="nothing of this") == []
    assert ORDERS == ("relevance", "newest", "size", "resolution", "title", "organism", "layers", "crops")
    for order in ORDERS[1:]:
        assert names(order=f"-{order}") == names(order=order)[::-1]


def test_over_the_api_datasets_are_those_of_the_page(written: None, db: None, client: Client) -> None:
    def ask(query: str) -> Any:
        return client.get(f"/api/v1/datasets/?fields=name&{query}").json()

    def names(query: str) -> list[str]:
        """Those of all pages, one a page."""
        answer, found = ask(f"{query}&limit=1"), []
        while True:
            found += [it["name"] for it in answer["results"]]
            if answer["next"] is None:
                return found
            answer = client.get(answer["next"]).json()

    by_key = dict(DatasetVersion.objects.values_list("pk", "dataset__name"))
    for order in ORDERS[1:]:
        expected = [by_key[key] for key in list_datasets(None, order=order).versions]
        assert names(f"sort={order}") == names(f"sort=-{order}")[::-1] == expected
    assert names("q=mouse+liver")[0] == "one"
    assert names("sample=Liver") == ["three", "one"]
    assert names("sample=Nothing") == []
    assert names("sort=title&taxon=10090") == names("taxon=10090") == ["one"]
    answer = ask("q=muose&sample=Liver&facets=true")
    listed = list_datasets(None, text="muose", chosen={"sample": ["Liver"]})
    assert (answer["count"], answer["corrected"]) == (listed.count, {"muose": ["mouse"]})
    assert answer["facets"] == {
        facet: [{"value": it.value, "count": it.count} for it in values] for facet, values in listed.facets.items()
    }


def test_over_the_api_a_kind_has_pages(written: None, db: None, client: Client) -> None:
    def ask(query: str) -> Any:
        return client.get(f"/api/v1/search?{query}")

    everything = ask("q=mouse").json()
    assert everything["groups"][0]["kind"] == "dataset"
    (reason, *_) = everything["results"][0]["why"]
    assert {"text": "mouse", "match": True} in [{**it, "text": it["text"].lower()} for it in reason["passage"]]
    first = ask("q=mouse&kind=dataset&limit=1").json()
    assert first["groups"] == [{"kind": "dataset", "count": 2, "more": False}]
    second = client.get(first["next"]).json()
    assert second["next"] is None
    assert {first["results"][0]["name"], second["results"][0]["name"]} == {"one", "three"}
    shared = ask("q=10.1234/shared").json()
    assert [it["count"] for it in shared["groups"] if it["kind"] == "publication"] == [1]
    assert json.loads(ask("q=livr").content)["corrected"] == {"livr": ["liver"]}
    for query in ("", "q=", "q=x&kind=cell", "q=x&cursor=5", "q=x&limit=0", "q=x&kind=crop&cursor=9999", "q=x&what=1"):
        assert ask(query).status_code == 400, query
    assert ask("q=" + "+".join(["word"] * 40)).json()["type"].endswith("/problems/question-invalid/")
