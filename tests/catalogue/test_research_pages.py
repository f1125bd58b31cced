"""Ground truth, publications, models, tasks, collections and people: their pages."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import CharField, SlugField, TextField
from django.test import Client
from django.test.utils import CaptureQueriesContext

from datasets.catalogue.actions.versions import CONTENT, freeze
from datasets.catalogue.models import (
    Acquisition,
    Collection,
    CollectionMember,
    Crop,
    CropCoverage,
    Dataset,
    DatasetVersion,
    Model,
    ModelRun,
    ModelVersion,
    OrganelleClass,
    Organization,
    Person,
    Publication,
    Specimen,
    SpecimenTerm,
    Task,
)
from tests.catalogue.test_pages import text_of
from tests.catalogue.test_versions import a_box, everything

pytestmark = pytest.mark.django_db


def cell(*, visibility: str = "public") -> DatasetVersion:
    """The dataset ``cell``, which says something in every table, as version 1."""
    draft = everything()
    Dataset.objects.filter(pk=draft.dataset_id).update(visibility=visibility)
    return freeze(draft=DatasetVersion.objects.get(pk=draft.pk), by=None)


def cropped(name: str, *crops: str, organelle: str = "mito", use: str = "train") -> DatasetVersion:
    """A public dataset that holds crops alone."""
    dataset = Dataset.objects.create(name=name, visibility="public")
    draft = DatasetVersion.objects.create(dataset=dataset, title=f"Cell {name}")
    Specimen.objects.create(version=draft, organism="Homo sapiens")
    Acquisition.objects.create(version=draft, method="FIB-SEM")
    for each in crops:
        crop = Crop.objects.create(version=draft, name=each, use=use, kept={"Imaging": each}, **a_box())
        if organelle:
            CropCoverage.objects.create(crop=crop, organelle=OrganelleClass.objects.get(short_name=organelle))
    Publication.objects.create(version=draft, kind="paper", doi="10.1000/One", title="The paper of cells")
    return freeze(draft=draft, by=None)


def test_crops_are_listed_and_narrowed(client: Client) -> None:
    cropped("one", "234", "235")
    cropped("two", "7", organelle="er_mem", use="test")
    page = text_of(client, "/crops/")
    for words in (
        "3\u00a0crops</h2>",
        "Cell one",
        "800\u00a0nm",
        "2\u00a0nm",
        "3159, 3159, 3159\u00a0nm",
        "Imaging",
    ):
        assert words in page, words
    assert '<option value="two">Cell two</option>' in page
    assert 'aria-label="Show crop 234 in the viewer"' in page
    assert "not told" not in page
    for query, shown in (
        ("organelle=mito", {"one"}),
        ("organelle=er", {"two"}),  # its part
        ("dataset=two", {"two"}),
        ("use=test", {"two"}),
        ("crop=7", {"two"}),
        ("crop=7&dataset=one", set()),
        ("use=train&organelle=er", set()),
        ("dataset=&organelle=&use=", {"one", "two"}),  # as the form sends it
    ):
        page = text_of(client, f"/crops/?{query}")
        assert {name for name in ("one", "two") if f">Cell {name}</a>" in page} == shown, query
    assert "No crop is like that" in text_of(client, "/crops/?dataset=none")
    assert client.get("/crops/?utm_source=letter").status_code == 200  # what others add to an address
    for wrong in (
        "organelle=flagellum",
        "use=fun",
        "after=x",
        "before=9.9.9",
        "after=99999999999999999999.a",
    ):
        assert client.get(f"/crops/?{wrong}").status_code == 400, wrong


def test_a_dataset_of_crops_alone_leads_to_them_and_to_nothing_else(client: Client) -> None:
    cropped("one", "234", "235")
    page = text_of(client, "/datasets/one/")
    assert 'ground truth: <a class="link" href="/crops/?dataset=one">2\u00a0crops</a>' in page
    assert "Explore in 3D" in page
    for empty in ("/slices/", "with your own tools", "Open elsewhere"):
        assert empty not in page, empty
    for address in ("/datasets/one/view/", "/datasets/one@1/view/?position=3159,3159,3159"):
        assert '"name": "ground-truth-crops"' in text_of(client, address)
    cropped("bare", "7", organelle="")
    assert "not told" in text_of(client, "/crops/?dataset=bare")
    assert 'href="/datasets/one@1/view/?position=3159,3159,3159"' in text_of(client, "/crops/")


def test_crops_are_paged_there_and_back(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("datasets.catalogue.queries.ground_truth.CROPS_PER_PAGE", 2)
    cropped("one", "1", "2", "3")
    cropped("two", "4", "5")
    seen = []
    query: str | None = ""
    pages = [query]
    while query is not None:
        context = client.get(query or "/crops/").context["page"].table
        seen += [row.name for row in context.rows]
        query = context.after_url or None
        pages.append(query)
    assert seen == ["1", "2", "3", "4", "5"]
    back = client.get(client.get(pages[2] or "/crops/").context["page"].table.before_url)
    assert [row.name for row in back.context["page"].table.rows] == ["3", "4"]
    first = client.get(back.context["page"].table.before_url).context["page"].table
    assert ([row.name for row in first.rows], first.before_url) == (["1", "2"], "")


def test_a_publication_is_listed_once_with_its_datasets(client: Client) -> None:
    cropped("one", "1")
    cropped("two", "1")
    page = text_of(client, "/publications/")
    assert page.partition("<main")[2].count("The paper of cells") == 1
    assert 'href="https://doi.org/10.1000/One"' in page
    assert 'href="/datasets/one/"' in page
    assert 'href="/datasets/two/"' in page
    assert 'href="/publications/" aria-current="true">All</a>' in page
    data = text_of(client, "/publications/?kind=data")
    assert "The paper of cells" not in data
    assert 'href="/publications/">All</a>' in data
    assert "names one of this kind" in data
    assert 'href="/account/sign-in/?next=/publications/%3Fkind%3Ddata">Sign in</a> to see' in data
    assert client.get("/publications/?kind=poem").status_code == 400


HAS_A_FORM = {"doi", "curie", "orcid", "ror", "external_url", "root", "revision", "path", "dtype", "ngff_version"}
"""Text that the database holds to a form, or that nobody writes."""


def research(version: DatasetVersion) -> list[str]:
    """A task and a collection of ``version``, whose crops its model was trained on; and the addresses of all pages."""
    task, _ = Task.objects.get_or_create(name="find-mito", defaults={"title": "Find mitochondria"})
    task.organelles.add(OrganelleClass.objects.get(short_name="mito"))
    task.crops.add(*version.crops.all())
    collection, _ = Collection.objects.get_or_create(name="paper", defaults={"title": "A paper's"})
    CollectionMember.objects.create(collection=collection, dataset=version.dataset)
    ModelVersion.objects.get().training_crops.add(*version.crops.all())
    return [
        "/crops/",
        "/publications/",
        "/models/",
        "/models/unet/",
        "/tasks/",
        "/tasks/find-mito/",
        "/collections/",
        "/collections/paper/",
        f"/people/{Person.objects.get().pk}/",
        "/organelles/mito/",
    ]


def test_what_belongs_to_a_dataset_leads_to_it_and_back(client: Client) -> None:
    said = {path: text_of(client, path) for path in research(cell())}
    person = f"/people/{Person.objects.get().pk}/"
    for path, url in (
        ("/crops/", "/datasets/cell@1/"),  # a crop is one of its version
        ("/publications/", "/datasets/cell/"),
        ("/models/", "/models/unet/"),
        ("/models/unet/", "/datasets/cell/"),
        ("/models/unet/", "/datasets/cell@1/segmentations/mito/"),
        ("/tasks/", "/tasks/find-mito/"),
        ("/tasks/find-mito/", "/datasets/cell@1/"),
        ("/collections/", "/collections/paper/"),
        ("/collections/paper/", "/datasets/cell/"),
        (person, "/datasets/cell/"),
    ):
        assert f'href="{url}"' in said[path], (path, url)
    assert '1\u00a0crop of <a class="link" href="/crops/?dataset=cell">A cell</a>' in said["/models/unet/"]
    assert '<a class="link" href="https://orcid.org/0000-0001-5109-3700"' in said[person]
    assert "Data curation" in said[person]
    for path, page in said.items():
        assert 'content=""' not in page, path
    page = text_of(client, "/datasets/cell/")
    for url in ("/collections/paper/", "/crops/?dataset=cell", person):
        assert f'<a class="link" href="{url}">' in page, url
    for path in ("/models/none/", "/tasks/none/", "/collections/none/", "/people/999999/"):
        text_of(client, path, status=404)


def test_what_is_not_annotated_is_told_where_all_crops_are_counted(client: Client, monkeypatch: Any) -> None:
    research(cell())
    assert '<td class="num">0</td></tr>' in text_of(client, "/tasks/find-mito/")
    for module in ("queries.ground_truth", "pages.crops", "pages.tasks"):
        monkeypatch.setattr(f"datasets.catalogue.{module}.MOST_COUNTED", 0)
    assert '<td class="num">–</td></tr>' in text_of(client, "/tasks/find-mito/")


def test_nothing_of_a_hidden_dataset_is_listed_or_counted(client: Client, admin_client: Client) -> None:
    version = cell(visibility="private")
    secrets = (
        "A cell",
        "cell@",
        ">234<",
        "janelia.13469964",
        ">first<",
        "1\u00a0crop",
        "1\u00a0layer",
        "1\u00a0dataset",
    )
    shown = {}
    for path in research(version):
        if path.startswith("/people/"):
            text_of(client, path, status=404)
            continue
        page = text_of(client, path)
        assert {it for it in secrets if it in page} == set(), path
        opened = text_of(admin_client, path)
        shown[path] = {it for it in secrets if it in opened}
    assert shown == {
        "/crops/": {"A cell", "cell@", ">234<", "1\u00a0crop"},
        "/publications/": {"A cell", "janelia.13469964"},
        "/models/": {"1\u00a0layer"},
        "/models/unet/": {"A cell", "cell@", ">first<", "1\u00a0crop", "1\u00a0layer"},
        "/tasks/": set(),  # the same for everybody
        "/tasks/find-mito/": {"A cell", "cell@", ">234<", "1\u00a0crop"},
        "/collections/": {"1\u00a0dataset"},
        "/collections/paper/": {"A cell", "1\u00a0dataset", "1\u00a0layer", "1\u00a0crop"},
        "/organelles/mito/": {"A cell", "cell@"},
    }


def everywhere(attack: str) -> DatasetVersion:
    """A public dataset with this text in whatever anybody can write."""
    draft = everything()
    Dataset.objects.update(visibility="public")
    SpecimenTerm.objects.first().delete()  # two that say the same would be refused
    tables = [table for table, _ in CONTENT] + [Organization, Person, Model, ModelVersion, ModelRun]
    for table in tables:
        for field in table._meta.concrete_fields:
            is_text = isinstance(field, CharField | TextField) and not isinstance(field, SlugField)
            is_free = not field.choices and not field.unique and (field.max_length or 1000) >= len(attack)
            if is_text and is_free and field.name not in HAS_A_FORM:
                table._default_manager.update(**{field.name: attack})
    DatasetVersion.objects.update(title=attack, description=attack, kept={attack: attack}, retired_reason="")
    Crop.objects.update(kept={attack: [attack, {"url": "javascript:alert(1)"}]})
    Publication.objects.update(doi="", url="javascript:alert(1)")
    Model.objects.update(code_url="javascript:alert(1)")
    return freeze(draft=DatasetVersion.objects.get(pk=draft.pk), by=None)


def test_scripts_in_what_is_said_are_text(client: Client) -> None:
    attack = "<script>alert(1)</script>"
    version = everywhere(attack)
    for path in [*research(version), "/datasets/cell/", "/datasets/cell/segmentations/mito/", "/datasets/"]:
        page = text_of(client, path)
        assert attack not in page, path
        assert 'href="javascript:' not in page, path


def test_the_number_of_questions_does_not_grow(client: Client) -> None:
    pages = research(cell())
    counted = []
    for more in ((), ("one", "two", "three")):
        for name in more:
            version = cropped(name, *(str(number) for number in range(8)))
            research(version)
        with_queries = {}
        for path in pages:
            with CaptureQueriesContext(connection) as asked:
                assert client.get(path).status_code == 200
            with_queries[path] = len(asked)
        counted.append(with_queries)
    assert counted[1] == counted[0]
    assert max(counted[1].values()) <= 15


def test_a_dataset_of_crops_alone_says_so_in_the_gallery(client: Client) -> None:
    cropped("one", "234", "235")
    page = text_of(client, "/datasets/")
    assert "2\u00a0crops" in page
    assert "Its data are kept elsewhere" in page
    assert "layer" not in page.partition('<ul class="cards">')[2].partition("</ul>")[0]
