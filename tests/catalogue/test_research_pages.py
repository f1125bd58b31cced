"""Ground truth, publications, models, tasks, collections and people: their pages."""

from typing import Any

import pytest
from django.test import Client

from datasets.catalogue.actions.versions import freeze
from datasets.catalogue.models import (
    Acquisition,
    Crop,
    CropCoverage,
    Dataset,
    DatasetVersion,
    OrganelleClass,
    Publication,
    Specimen,
)
from tests.catalogue.test_pages import text_of
from tests.catalogue.test_versions import a_box, everything

pytestmark = pytest.mark.django_db


def cell(*, visibility: str = "public") -> DatasetVersion:
    """The dataset ``cell``, which says something in every table, as version 1."""
    draft = everything()
    Dataset.objects.filter(pk=draft.dataset_id).update(visibility=visibility)
    return freeze(draft=draft, by=None)


def cropped(name: str, *crops: str, organelle: str = "mito", use: str = "train") -> DatasetVersion:
    """A public dataset that holds crops alone."""
    dataset = Dataset.objects.create(name=name, visibility="public")
    draft = DatasetVersion.objects.create(dataset=dataset, title=f"Cell {name}")
    Specimen.objects.create(version=draft, organism="Homo sapiens")
    Acquisition.objects.create(version=draft, method="FIB-SEM")
    for each in crops:
        crop = Crop.objects.create(version=draft, name=each, use=use, kept={"Imaging": each}, **a_box())
        CropCoverage.objects.create(crop=crop, organelle=OrganelleClass.objects.get(short_name=organelle))
    Publication.objects.create(version=draft, kind="paper", doi="10.1000/One", title="The paper of cells")
    return freeze(draft=draft, by=None)


def test_crops_are_listed_and_narrowed(client: Client) -> None:
    cropped("one", "234", "235")
    cropped("two", "7", organelle="er_mem", use="test")
    page = text_of(client, "/crops/")
    for words in ("3\u00a0crops</h2>", "Cell one", "800\u00a0nm", "2\u00a0nm", "3,159, 3,159, 3,159 nm", "Imaging"):
        assert words in page, words
    for query, shown in (
        ("organelle=mito", {"one"}),
        ("organelle=er", {"two"}),  # its part
        ("dataset=two", {"two"}),
        ("use=test", {"two"}),
        ("use=train&organelle=er", set()),
        ("dataset=&organelle=&use=", {"one", "two"}),  # as the form sends it
    ):
        page = text_of(client, f"/crops/?{query}")
        assert {name for name in ("one", "two") if f">Cell {name}<" in page} == shown, query
    assert "No crop is like that" in text_of(client, "/crops/?dataset=none")
    for wrong in (
        "organelle=flagellum",
        "use=fun",
        "colour=red",
        "after=x",
        "before=9.9.9",
        "after=99999999999999999999.a",
    ):
        assert client.get(f"/crops/?{wrong}").status_code == 400, wrong


def test_crops_are_paged_there_and_back(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("datasets.catalogue.queries.ground_truth.CROPS_PER_PAGE", 2)
    cropped("one", "1", "2", "3")
    cropped("two", "4", "5")
    seen = []
    query: str | None = ""
    pages = [query]
    while query is not None:
        context = client.get(f"/crops/{query}").context["page"].table
        seen += [row.name for row in context.rows]
        query = context.after_url or None
        pages.append(query)
    assert seen == ["1", "2", "3", "4", "5"]
    back = client.get(f"/crops/{client.get(f'/crops/{pages[2]}').context['page'].table.before_url}")
    assert [row.name for row in back.context["page"].table.rows] == ["3", "4"]
    first = client.get(f"/crops/{back.context['page'].table.before_url}").context["page"].table
    assert ([row.name for row in first.rows], first.before_url) == (["1", "2"], "")


def test_a_publication_is_listed_once_with_its_datasets(client: Client) -> None:
    cropped("one", "1")
    cropped("two", "1")
    page = text_of(client, "/publications/")
    assert page.count("The paper of cells") == 1
    assert 'href="https://doi.org/10.1000/One"' in page
    assert 'href="/datasets/one/"' in page
    assert 'href="/datasets/two/"' in page
    assert "The paper of cells" not in text_of(client, "/publications/?kind=data")
    assert client.get("/publications/?kind=poem").status_code == 400
