"""Lists and details of the whole catalogue over the API: filters, pages, projection, expansion, and who sees what."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from datasets.catalogue.actions.versions import freeze, revise
from datasets.catalogue.models import (
    Acquisition,
    Collection,
    CollectionMember,
    Crop,
    CropCoverage,
    Dataset,
    DatasetVersion,
    Membership,
    Model,
    OrganelleClass,
    Organization,
    Publication,
    Specimen,
    Task,
)
from tests.catalogue.test_versions import a_box, everything

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def written(rows_of_module: Any) -> DatasetVersion:
    with rows_of_module():
        return write_cell()


@pytest.fixture
def cell(db: None, written: DatasetVersion) -> DatasetVersion:
    """A public dataset that says something in every table."""
    return DatasetVersion.objects.select_related("dataset").get(pk=written.pk)


def write_cell() -> DatasetVersion:
    draft = everything()
    mito = OrganelleClass.objects.get(short_name="mito")
    for number in range(3):
        crop = Crop.objects.create(version=draft, name=f"mito-{number}", method="manual", use="test", **a_box())
        CropCoverage.objects.create(crop=crop, organelle=mito)
    Dataset.objects.update(visibility="public")
    version = freeze(draft=draft, by=None)
    task = Task.objects.create(name="find-mito", title="Find mitochondria")
    task.organelles.add(mito)
    task.crops.set(version.crops.all())
    Model.objects.get().versions.get().training_crops.set(version.crops.all())
    collection = Collection.objects.create(name="papers", title="Of papers")
    CollectionMember.objects.create(collection=collection, dataset=version.dataset)
    return version


def ask(client: Client, path: str, status: int = 200, **headers: str) -> Any:
    response = client.get(f"/api/v1/{path}", headers=headers)
    assert response.status_code == status, response.content
    return response.json()


def found(client: Client, path: str) -> list[Any]:
    """The names, paths or whatever comes first of the results."""
    return [next(row[key] for key in ("path", "name", "title") if key in row) for row in ask(client, path)["results"]]


def test_a_version_says_what_its_record_says(client: Client, cell: DatasetVersion) -> None:
    said = ask(client, "datasets/cell/?expand=crops")
    assert said["specimen"]["terms"][0] == {"kind": "treatment", "label": "H89", "curie": "CHEBI:44436"}
    assert said["acquisition"]["voxel_nm"] == said["voxel_nm"] == [4, 4, 4]
    (volume,) = said["volumes"]
    assert (volume["data_url"], volume["extent_nm"]) == (None, None)
    assert volume["external_url"] == "s3://bucket/cell.n5/labels/mito"
    assert volume["transforms"] == [{"space": "recon-1", "matrix": [[4, 0, 0, 0], [0, -4, 0, 6400], [0, 0, 5.24, 0]]}]
    assert volume["meshes"][0]["url"] == "s3://bucket/mesh"
    assert volume["segmentation"]["run"] == {"model": "unet", "version": "1", "name": "first"}
    assert said["spaces"][0] == {"name": "recon-1", "title": "", "description": "", "main": True}
    assert said["affiliations"] == [{"name": "institute", "title": "The institute", "ror": "013sk6x84"}]
    assert (said["collections"], said["kept"]) == (["papers"], {"softwareAvailability": "open"})
    assert [crop["name"] for crop in said["crops"]] == ["234", "mito-0", "mito-1", "mito-2"]
    assert "crops" not in ask(client, "datasets/cell/")
    assert ask(client, "datasets/cell/?fields=name,kept") == {"name": "cell", "kept": said["kept"]}
    assert found(client, "datasets/cell/views/") == ["default"]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("datasets/?organism=Human&taxon=9606&modality=FIB-SEM&kind=segmentation&organelle=cell", []),
        ("datasets/?organism=Human&taxon=9606&modality=FIB-SEM&kind=segmentation&organelle=mito", ["cell"]),
        ("datasets/?collection=papers&orcid=0000-0001-5109-3700&doi=10.25378/JANELIA.13469964", ["cell"]),
        ("datasets/?voxel_nm__lte=3.9", []),
        ("datasets/?voxel_nm__lte=4&voxel_nm__gte=4", ["cell"]),
        ("crops/?organelle=mito&dataset=cell", ["mito-0", "mito-1", "mito-2"]),
        ("crops/?absent=mito", ["234"]),
        ("crops/?use=train&use=test&voxel_nm__lte=2&limit=2&fields=name", ["234", "mito-0"]),
        ("datasets/cell/crops/?use=train", ["234"]),
        ("segmentations/?model=unet&method=model&type=instance&organelle=mito", ["mito"]),
        ("segmentations/?model=another", []),
        ("datasets/cell/volumes/?kind=em", []),
        ("datasets/cell/segmentations/?organelle=mito", ["mito"]),
        ("models/?organelle=mito", ["unet"]),
        ("models/?organelle=er", []),
        ("tasks/?organelle=mito", ["find-mito"]),
        ("collections/", ["papers"]),
        ("people/?orcid=0000-0001-5109-3700", ["Laurel Haak"]),
        ("publications/?doi=10.25378/janelia.13469964&kind=data&dataset=cell", ["EM"]),
        ("publications/?kind=paper", []),
    ],
)
def test_lists_are_narrowed(client: Client, cell: DatasetVersion, path: str, names: list[str]) -> None:
    assert found(client, path) == names


def test_a_publication_of_two_kinds_is_shown_as_what_is_asked_for(client: Client, cell: DatasetVersion) -> None:
    other = Dataset.objects.create(name="another", visibility="public")
    draft = DatasetVersion.objects.create(dataset=other, title="Another")
    Specimen.objects.create(version=draft, organism="Human")
    Acquisition.objects.create(version=draft, method="FIB-SEM")
    doi = cell.publications.get().doi
    Publication.objects.create(version=draft, kind="software", doi=doi.upper(), title="Code")
    freeze(draft=draft, by=None)
    for kind, title in (("data", "EM"), ("software", "Code")):
        assert found(client, f"publications/?kind={kind}") == [title]
    assert found(client, "publications/") == ["Code"], "as the first of its datasets says it"


def test_a_dataset_in_two_collections_is_one_result(client: Client, cell: DatasetVersion) -> None:
    second = Collection.objects.create(name="more", title="More")
    CollectionMember.objects.create(collection=second, dataset=cell.dataset)
    assert found(client, "datasets/?collection=papers&collection=more") == ["cell"]


@pytest.mark.parametrize(
    ("path", "where", "known"),
    [
        ("crops/?colour=red", "colour", "organelle, absent, use"),
        ("crops/?use=validate", "use", "train, test"),
        ("crops/?organelle=mitochondrion", "organelle", "mito"),
        ("crops/?fields=nonsense", "fields", "voxel_nm"),
        ("datasets/?expand=everything", "expand", "contributions"),
        ("datasets/?modality=SEM", "modality", "FIB-SEM"),
        ("datasets/?sort=colour", "sort", "resolution"),
        ("datasets/?organelle=flagellum", "organelle", "mito"),
        ("datasets/?q=cell&cursor=W10", "cursor", "next"),
        ("datasets/?taxon=mouse", "taxon", "whole number"),
        ("datasets/?voxel_nm__lte=-1", "voxel_nm__lte", "nm"),
        ("datasets/?organism=%00", "organism", "printable"),
        ("datasets/?limit=0", "limit", "from 1 to 500"),
        ("crops/?cursor=W10", "cursor", "next"),
        ("publications/?cursor=WyJcdWQ4MDAiXQ", "cursor", "next"),
        ("people/?orcid=1", "orcid", "Names match"),
        ("datasets/cell/?colour=red", "colour", "fields, expand"),
        ("organelles/?limit=1", "limit", "fields"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_can(
    client: Client, cell: DatasetVersion, path: str, where: str, known: str
) -> None:
    problem = ask(client, path, 400)
    assert problem["type"] == "http://testserver/problems/query-invalid/"
    assert problem["where"].endswith(where)
    assert known in problem["fix"]


@pytest.mark.parametrize("path", ["crops/?organelle=mito", "datasets/cell/crops/?use=test"])
def test_pages_follow_each_other_whole_and_once(client: Client, cell: DatasetVersion, path: str) -> None:
    whole, seen = ask(client, path)["results"], []
    address = f"http://testserver/api/v1/{path}&limit=1"
    while address:
        page = client.get(address).json()
        assert len(page["results"]) == 1
        seen += page["results"]
        address = page["next"]
    assert seen == whole


def test_a_place_behind_the_longest_title_is_one(client: Client, cell: DatasetVersion) -> None:
    place = base64.urlsafe_b64encode(json.dumps(["\U0001d538" * 500], ensure_ascii=False).encode()).decode().rstrip("=")
    assert found(client, f"publications/?cursor={place}") == []


def test_lists_take_as_many_questions_however_long_they_are(client: Client, cell: DatasetVersion) -> None:
    paths = [
        *("crops/", "datasets/?expand=volumes,crops,views,contributions", "datasets/cell/?expand=crops"),
        *("segmentations/", "models/unet/"),
    ]

    def count() -> dict[str, int]:
        counts = {}
        for path in paths:
            with CaptureQueriesContext(connection) as asked:
                ask(client, path)
            counts[path] = len(asked)
        return counts

    before = count()
    draft = revise(dataset=cell.dataset, by=None)
    for number in range(5):
        Crop.objects.create(version=draft, name=f"more-{number}", **a_box())
    freeze(draft=draft, by=None)
    assert count() == before


def test_older_versions_are_in_no_list_but_keep_what_they_trained(client: Client, cell: DatasetVersion) -> None:
    freeze(draft=revise(dataset=cell.dataset, by=None), by=None)
    assert {row["dataset"] for row in ask(client, "crops/")["results"]} == {"cell@2"}
    (version,) = ask(client, "models/unet/")["versions"]
    assert {crop["dataset"] for crop in version["training_crops"]} == {"cell@1"}
    assert [row["version"] for row in ask(client, "datasets/cell/versions/")["results"]] == [2, 1]


@pytest.mark.parametrize("visibility", ["private", "embargoed"])
def test_what_hangs_on_a_hidden_dataset_is_hidden_and_not_counted(
    client: Client, cell: DatasetVersion, visibility: str
) -> None:
    Dataset.objects.update(visibility=visibility)
    for path in ("datasets/", "crops/", "segmentations/", "publications/", "people/"):
        assert ask(client, path) == {"results": [], "next": None}
    (version,) = ask(client, "models/unet/")["versions"]
    assert (version["training_crops"], version["runs"]) == ([], [])
    assert ask(client, "tasks/find-mito/")["crop_count"] == 0
    assert ask(client, "collections/papers/")["datasets"] == []
    assert found(client, "models/?organelle=mito") == []
    ask(client, f"people/{cell.contributions.get().person_id}/", 404)


def test_a_model_that_is_not_public_is_its_organizations(client: Client, cell: DatasetVersion) -> None:
    member = get_user_model().objects.create(username="member")
    institute = Organization.objects.get(name="institute")
    Membership.objects.create(user=member, role="viewer", organization=institute)
    Model.objects.update(public=False, organization=institute)
    assert found(client, "models/") == found(client, "segmentations/?model=unet") == []
    ask(client, "models/unet/", 404)
    assert ask(client, "datasets/cell/")["volumes"][0]["segmentation"]["run"] is None
    page = "/datasets/cell/segmentations/mito/"
    assert "U-Net" not in client.get(page).content.decode()
    client.force_login(member)
    assert '<a class="link" href="/models/unet/">U-Net' in client.get(page).content.decode()
    assert found(client, "models/") == ["unet"]
    assert found(client, "segmentations/?model=unet") == ["mito"]


def test_an_answer_that_has_not_changed_is_not_sent_again(
    client: Client, admin_client: Client, cell: DatasetVersion
) -> None:
    first = client.get("/api/v1/datasets/cell/")
    assert first["Cache-Control"] == "no-cache"
    assert first["Access-Control-Allow-Origin"] == "*"
    again = client.get("/api/v1/datasets/cell/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert again["Access-Control-Allow-Origin"] == "*"
    refused = client.get("/api/v1/datasets/?colour=red")
    assert (refused["Access-Control-Allow-Origin"], refused["Cache-Control"]) == ("*", "private, no-store")
    freeze(draft=revise(dataset=cell.dataset, by=None), by=None)
    assert client.get("/api/v1/datasets/cell/", headers={"If-None-Match": first["ETag"]}).status_code == 200
    whole = admin_client.get("/api/v1/datasets/cell/")
    assert whole["Cache-Control"] == "private, no-store"
    assert not whole.has_header("Access-Control-Allow-Origin")


def test_a_drafts_tag_is_what_would_be_frozen(admin_client: Client, cell: DatasetVersion) -> None:
    draft = revise(dataset=cell.dataset, by=None)
    address = "/api/v1/datasets/cell@draft/"
    tag = admin_client.get(address)["ETag"]
    shown = admin_client.get(f"{address}?fields=name", headers={"If-None-Match": tag})
    assert (shown.status_code, shown.json()) == (200, {"name": "cell"}), "it is not the tag of what is shown"
    assert tag == f'"{freeze(draft=draft, by=None).record_digest}"'


def test_who_asks_too_often_is_told_when_to_come_back(client: Client, cell: DatasetVersion, settings: Any) -> None:
    cache.clear()
    settings.CONFIG = replace(settings.CONFIG, api_requests_per_minute=2)
    answers = [client.get("/api/v1/organelles/mito/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    cache.clear()
