"""Selections: layers of several datasets, gathered in a session, kept under an address that never changes."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.test import Client

from datasets.catalogue.actions.organelles import load_organelle_classes
from datasets.catalogue.actions.tokens import create_api_token
from datasets.catalogue.models import Dataset, DatasetVersion, Selection
from datasets.catalogue.queries.selections import SelectedLayer, covering
from tests.catalogue.test_layer_pages import plain
from tests.catalogue.test_organelle_pages import segment
from tests.catalogue.test_pages import make_dataset
from tests.catalogue.test_pages import text_of as page_of

pytestmark = pytest.mark.django_db
EM, CELLS = "small-cell@1/em", "small-cell@1/labels/cells"


def text_of(client: Client, path: str) -> str:
    return plain(page_of(client, path))


def add(client: Client, *layers: str, status: int = 302) -> None:
    assert client.post("/selection/add", {"layer": layers}).status_code == status


def keep(client: Client, *layers: str) -> str:
    add(client, *layers)
    return str(client.post("/selection/keep")["Location"])


def post(client: Client, layers: Any, **headers: str) -> Any:
    return client.post("/api/v1/selections", json.dumps({"layers": layers}), "application/json", headers=headers)


def test_layers_are_gathered_from_pages_kept_and_passed_on(small_cell: DatasetVersion) -> None:
    make_dataset("other-cell", title="Another cell", volumes=2)
    someone, colleague = Client(), Client()
    assert "Nothing is gathered yet" in text_of(someone, "/selection/")
    assert "Your selection, " not in text_of(someone, "/")
    for page in ("/datasets/small-cell@1/", "/datasets/small-cell/"):  # pinned, whichever page it was
        assert f'name="layer" value="{CELLS}"' in text_of(someone, page)
    add(someone, CELLS)
    add(someone, "other-cell@1/volume-1", CELLS)
    page = text_of(someone, "/selection/")
    assert "2 layers of 2 datasets" in page
    assert page.index("Another cell") < page.index("labels/cells")
    assert "Your selection, 2 layers" in text_of(someone, "/")
    address = someone.post("/selection/keep")["Location"]
    assert "2 layers of 2 datasets" in text_of(colleague, address)
    assert someone.post("/selection/keep")["Location"] == address, "the same layers, the same address"


def test_layers_are_left_out_again(client: Client, small_cell: DatasetVersion) -> None:
    add(client, EM, CELLS)
    client.post("/selection/remove", {"layer": EM})
    assert "1 layer of 1 dataset" in text_of(client, "/selection/")
    client.post("/selection/remove", {"all": "1"})
    assert "Nothing is gathered yet" in text_of(client, "/selection/")


def test_the_layers_of_an_organelle_are_added_at_once(client: Client) -> None:
    load_organelle_classes()
    for name in ("one-cell", "other-cell"):
        make_dataset(name, before_freezing=lambda version: segment(version, "labels/mito", "mito"))
    page = text_of(client, "/organelles/mito/")
    assert "Add these 2 to my selection" in page
    assert re.findall(r'name="layer" value="([^"]+)"', page) == ["other-cell@1/labels/mito", "one-cell@1/labels/mito"]


@pytest.mark.parametrize(
    "layer", ["small-cell@1", "small-cell@1/", "small-cell/em", "small-cell@draft/em", "small-cell@0/em", "x@1/em", ""]
)
def test_what_is_no_layer_of_a_version_is_refused(client: Client, small_cell: DatasetVersion, layer: str) -> None:
    assert client.post("/selection/add", {"layer": layer}).status_code == 422
    assert post(client, [layer]).status_code == 422
    assert not Selection.objects.exists()


def test_what_does_not_exist_and_what_is_not_open_are_refused_alike(small_cell: DatasetVersion) -> None:
    make_dataset("hidden-cell", volumes=1)
    Dataset.objects.filter(name="hidden-cell").update(visibility="private")
    client = Client()
    hidden, absent = (post(client, [layer]) for layer in ("hidden-cell@1/volume-0", "absent-cell@1/volume-0"))
    assert hidden.status_code == absent.status_code == 404
    strip = [json.loads(it.content) for it in (hidden, absent)]
    for it, name in zip(strip, ("hidden", "absent"), strict=True):
        it.pop("request_id")
        assert name in json.dumps(it)
    assert json.dumps(strip[0]).replace("hidden", "absent") == json.dumps(strip[1])
    assert post(client, ["small-cell@1/no-such-layer"]).status_code == 404


@pytest.mark.parametrize("body", ["[]", "{}", '{"layers": "em"}', '{"layers": []}', '{"layers": [1]}', '{"a": 1}'])
def test_a_body_that_is_no_list_of_layers_is_refused(client: Client, body: str) -> None:
    answer = client.post("/api/v1/selections", body, "application/json")
    assert (answer.status_code, json.loads(answer.content)["type"].rpartition("/problems/")[2]) == (
        422,
        "selection-refused/",
    )


def test_what_is_quoted_of_a_body_can_be_sent(client: Client) -> None:
    answer = client.post("/api/v1/selections", r'{"layers": ["\ud800@1/em"]}', "application/json")
    assert answer.status_code == 422
    assert r"\ud800@1/em" in json.loads(answer.content)["where"] + json.loads(answer.content)["detail"]


def test_no_more_than_a_thousand_layers(client: Client, small_cell: DatasetVersion) -> None:
    answer = post(client, [f"small-cell@1/layer-{number}" for number in range(1001)])
    assert answer.status_code == 422
    assert "1000" in json.loads(answer.content)["detail"]


def test_programs_keep_selections_with_a_token_of_any_scope(small_cell: DatasetVersion) -> None:
    get_user_model().objects.create_user("ada")
    secret = create_api_token(username="ada", label="notebook", scope="read", lifetime=None, by=None).bearer
    answer = post(Client(enforce_csrf_checks=True), [CELLS, EM], authorization=f"Bearer {secret}")
    assert answer.status_code == 201
    made = json.loads(answer.content)
    assert made["layers"] == [EM, CELLS]
    read = Client().get(f"/api/v1/selections/{made['id']}")
    assert json.loads(read.content) == made | {"gone": []}
    assert post(Client(enforce_csrf_checks=True), [EM]).status_code == 403, "other sites' pages may not"


def test_a_selection_with_something_hidden_is_not_there(client: Client, small_cell: DatasetVersion) -> None:
    make_dataset("hidden-cell", volumes=1)
    address = keep(client, EM, "hidden-cell@1/volume-0")
    Dataset.objects.filter(name="hidden-cell").update(visibility="private")
    identifier = address.strip("/").rpartition("/")[2]
    absent = "2345678923"
    for path in ("/selections/{}/", "/api/v1/selections/{}"):
        seen = [client.get(path.format(it)) for it in (identifier, absent)]
        assert [it.status_code for it in seen] == [404, 404]
        assert b"volume-0" not in seen[0].content
    assert "hidden-cell@1/volume-0" in text_of(client, "/selection/"), "whoever gathered it is told what is missing"


def test_what_was_retired_is_named_and_the_rest_stays(client: Client, small_cell: DatasetVersion) -> None:
    other = make_dataset("other-cell", volumes=1)
    address = keep(client, EM, "other-cell@1/volume-0")
    DatasetVersion.objects.filter(pk=other.pk).update(state="retired", retired_reason="A wrong voxel size")
    page = text_of(client, address)
    assert "other-cell@1 was retired: A wrong voxel size" in page
    assert "1 layer of 1 dataset" in page
    gone = client.get(f"/api/v1{address.rstrip('/')}").json()["gone"]
    assert [(it["layer"], it["status"]) for it in gone] == [("other-cell@1/volume-0", 410)]


def test_an_identifier_is_one(small_cell: DatasetVersion) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Selection.objects.create(id="0l1I", layers=[EM], digest="0" * 64)


def test_layers_inside_others_come_with_them(small_cell: DatasetVersion) -> None:
    em, cells = small_cell.volumes.order_by("path")
    inside = [("a", em), ("a b", em), ("a/labels/x", cells), ("ab", cells)]
    layers = []
    for path, volume in inside:
        volume = type(volume)(path=path)
        layers.append(SelectedLayer(f"{small_cell}/{path}", small_cell, volume))
    assert [path for _, path in covering(layers)] == ["a", "a b", "ab"]
