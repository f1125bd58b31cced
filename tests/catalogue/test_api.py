"""The read API and short links, through Django's own request handling."""

import json
from typing import Any

import pytest
from django.test import Client

from datasets.catalogue.models import Dataset, DatasetVersion, StateLink

pytestmark = pytest.mark.django_db


def _get(client: Client, path: str, status: int = 200) -> Any:
    response = client.get(f"/api/v1/{path}")
    assert response.status_code == status, response.content
    return response.json()


def test_datasets_are_listed_with_where_to_go_next(client: Client, small_cell: DatasetVersion) -> None:
    page = _get(client, "datasets/")
    (dataset,) = page["results"]
    assert page["next"] is None
    assert (dataset["name"], dataset["version"], dataset["organism"]) == ("small-cell", 1, "Drosophila melanogaster")
    assert dataset["data_url"] == "http://testserver/data/small-cell@1/"
    assert client.get(dataset["url"]).status_code == 200


def test_a_long_list_is_paged_by_cursor(client: Client, small_cell: DatasetVersion) -> None:
    for index in range(5):
        dataset = Dataset.objects.create(name=f"copy-{index}", visibility="public")
        DatasetVersion.objects.create(
            dataset=dataset,
            number=1,
            state="published",
            title=f"Copy {index}",
            licence="CC0-1.0",
            frozen_at=small_cell.frozen_at,
            record="{}",
            record_digest="0" * 64,
        )
    names, path = [], "datasets/?limit=2"
    while path:
        page = _get(client, path)
        assert len(page["results"]) <= 2
        names += [dataset["name"] for dataset in page["results"]]
        path = (page["next"] or "").removeprefix("http://testserver/api/v1/")
    assert sorted(names) == sorted(["small-cell", *(f"copy-{index}" for index in range(5))])


@pytest.mark.parametrize("reference", ["small-cell", "small-cell@1"])
def test_a_dataset_tells_everything_it_says(client: Client, small_cell: DatasetVersion, reference: str) -> None:
    dataset = _get(client, f"datasets/{reference}/")
    assert dataset["acquisition"]["method"] == "FIB-SEM"
    assert dataset["contributions"][0]["orcid"] == "0000-0002-1825-0097"
    assert dataset["record_digest"] == small_cell.record_digest
    em, cells = dataset["volumes"]
    assert em["extent_nm"] == {"z": [-5.0, 395.0], "y": [-5.0, 475.0], "x": [-5.0, 555.0]}
    assert em["data_url"] == "http://testserver/data/small-cell@1/em/"
    assert cells["segmentation"] == {
        "type": "instance",
        "method": "manual",
        "method_detail": "",
        "subject": "Cells",
        "region": "",
        "run": None,
        "organelles": [],
    }


def test_volumes_and_segmentations_have_their_own_lists(client: Client, small_cell: DatasetVersion) -> None:
    volumes = _get(client, "datasets/small-cell/volumes/")["results"]
    segmentations = _get(client, "datasets/small-cell/segmentations/")["results"]
    assert [volume["path"] for volume in volumes] == ["em", "labels/cells"]
    assert [volume["path"] for volume in segmentations] == ["labels/cells"]
    assert _get(client, "datasets/small-cell/volumes/labels/cells/")["kind"] == "segmentation"


def test_a_state_has_pinned_sources_in_nm_with_contrast(client: Client, small_cell: DatasetVersion) -> None:
    state = _get(client, "datasets/small-cell/state")
    em, cells = state["layers"]
    assert state["dimensions"] == {"x": [1e-8, "m"], "y": [1e-8, "m"], "z": [1e-8, "m"]}
    assert state["position"] == [27.5, 23.5, 19.5]
    assert em["source"] == [{"url": "http://testserver/data/small-cell@1/em/|zarr3:"}]
    assert cells["source"] == [{"url": "http://testserver/data/small-cell@1/labels/cells/|zarr3:"}]
    low, high = em["shaderControls"]["normalized"]["range"]
    assert 0 <= low < high <= 255
    assert (em["type"], cells["type"]) == ("image", "segmentation")


def test_a_state_follows_view_layers_and_position(client: Client, small_cell: DatasetVersion) -> None:
    assert _get(client, "datasets/small-cell/state?view=corner")["position"] == [10, 10, 10]
    state = _get(client, "datasets/small-cell/state?view=corner&position=50,60,70&layers=em")
    assert state["position"] == [5, 6, 7]
    assert [layer.get("visible", True) for layer in state["layers"]] == [True, False]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("datasets/nobody/", 404, "not-found"),
        ("datasets/small-cell@2/", 404, "not-found"),
        ("datasets/small-cell@draft/", 404, "not-found"),
        ("datasets/small-cell/volumes/nothing/", 404, "not-found"),
        ("datasets/small-cell/state?view=nothing", 404, "not-found"),
        ("datasets/small-cell/state?layers=em,nothing", 404, "not-found"),
        ("datasets/small-cell/state?position=1,2", 400, "query-invalid"),
        ("datasets/small-cell/state?position=nan,1,1", 400, "query-invalid"),
        ("datasets/?species=fly", 400, "query-invalid"),
    ],
)
def test_what_is_wrong_is_said_in_rfc_9457(
    client: Client, small_cell: DatasetVersion, path: str, status: int, kind: str
) -> None:
    response = client.get(f"/api/v1/{path}")
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == f"http://testserver/problems/{kind}/"
    assert problem["status"] == status
    assert problem["request_id"] == response["X-Request-Id"]


@pytest.mark.parametrize("visibility", ["private", "embargoed"])
def test_a_dataset_that_is_not_public_looks_absent_to_strangers_and_is_there_for_the_operator(
    client: Client, admin_client: Client, small_cell: DatasetVersion, visibility: str
) -> None:
    Dataset.objects.update(visibility=visibility)
    absent = _get(client, "datasets/nobody/", 404)
    hidden = _get(client, "datasets/small-cell/", 404)
    assert {**absent, "request_id": ""} == json.loads(
        json.dumps({**hidden, "request_id": ""}).replace("small-cell", "nobody")
    )
    assert _get(client, "datasets/")["results"] == []
    assert _get(admin_client, "datasets/small-cell/")["visibility"] == visibility


def test_a_retired_version_says_so(client: Client, small_cell: DatasetVersion) -> None:
    DatasetVersion.objects.update(state="retired", retired_reason="Wrong voxel size")
    problem = _get(client, "datasets/small-cell@1/", 410)
    assert "Wrong voxel size" in problem["detail"]


def _share(client: Client, state: Any, **headers: str) -> Any:
    return client.post("/api/v1/links", json.dumps({"state": state}), content_type="application/json", headers=headers)


def test_a_view_is_shared_by_a_short_link_and_the_same_view_by_the_same(
    client: Client, small_cell: DatasetVersion
) -> None:
    state = _get(client, "datasets/small-cell/state")
    first, second = _share(client, state), _share(client, state)
    assert first.status_code == 201
    assert first.json() == second.json()
    link = StateLink.objects.get()
    assert first.json()["url"] == f"http://testserver/v/{link.id}/"
    assert link.sources == ["small-cell@1"]
    assert link.state == state


@pytest.mark.parametrize(
    "source",
    [
        "https://elsewhere.example/data/small-cell@1/em/|zarr3:",
        "http://testserver/data/small-cell/em/|zarr3:",
        "http://testserver/data/../admin/|zarr3:",
        {"url": 5},
        [],
        None,
    ],
)
def test_a_view_of_other_data_is_not_shared(client: Client, small_cell: DatasetVersion, source: Any) -> None:
    state = {"layers": [{"name": "x", "type": "image", "source": source}]}
    response = _share(client, state if source else {"layers": []})
    assert response.status_code == 422
    assert response.json()["type"].endswith("/problems/state-refused/")
    assert not StateLink.objects.exists()


def test_a_view_with_text_that_no_database_keeps_is_not_shared(client: Client, small_cell: DatasetVersion) -> None:
    state = _get(client, "datasets/small-cell/state")
    assert _share(client, state | {"title": "a\0b"}).status_code == 422
    assert _share(client, state | {"title": "\ud800"}).status_code == 422
    far = json.dumps({"state": state | {"crossSectionScale": 0}}).replace('Scale": 0', 'Scale": 1e999')
    assert client.post("/api/v1/links", far, content_type="application/json").status_code == 422
    assert _share(client, state | {"title": r"a\u0000b"}).status_code == 201, "these are six other characters"


@pytest.mark.parametrize("address", ["links", "selections"])
def test_a_body_that_is_too_large_or_too_deep_is_refused(
    client: Client, small_cell: DatasetVersion, address: str
) -> None:
    def send(body: str) -> Any:
        return client.post(f"/api/v1/{address}", body, content_type="application/json")

    large = send(json.dumps({"state": "x" * 2**21}))
    assert (large.status_code, large.json()["type"]) == (413, "http://testserver/problems/body-too-large/")
    assert send("[" * 200_000).status_code == 400
    layers = json.dumps(_get(client, "datasets/small-cell/state")["layers"])
    deep = "[" * 3000 + "]" * 3000
    assert send(f'{{"state": {{"layers": {layers}, "more": {deep}}}}}').status_code == 422


def test_a_view_over_1_mib_is_not_shared(client: Client, small_cell: DatasetVersion) -> None:
    state = _get(client, "datasets/small-cell/state") | {"title": "x" * 1_100_000}
    assert _share(client, state).status_code == 422


def test_sharing_demands_the_csrf_token_of_strangers_too(small_cell: DatasetVersion) -> None:
    client = Client(enforce_csrf_checks=True)
    assert _share(client, {"layers": []}).status_code == 403
