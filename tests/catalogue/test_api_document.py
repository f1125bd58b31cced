"""The API's document: valid, about every address, and true of the answers."""

import re
from typing import Any

import pytest
from django.test import Client
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from datasets.catalogue.models import Collection, DatasetVersion, Model, Task
from tests.portal.routes import all_routes


@pytest.fixture(scope="module")
def document() -> Any:
    return Client().get("/api/v1/schema/").json()


def test_it_is_openapi_3_1(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_it_is_about_every_address(document: Any) -> None:
    routes = {"/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.pattern) for route in all_routes()}
    assert set(document["paths"]) == {route for route in routes if route.startswith("/api/v1/")}


def strict(document: Any) -> Any:
    """The document without leave to say more than it says."""
    for part in document["components"]["schemas"].values():
        part.setdefault("additionalProperties", False)
    return document


@pytest.fixture
def example(small_cell: DatasetVersion) -> DatasetVersion:
    """Something at each address of the document's examples."""
    for table in (Model, Task, Collection):
        table._default_manager.create(name="example", title="An example")
    return small_cell


def judge(document: Any, path: str, status: int, content_type: str, body: Any) -> None:
    """Whether an answer is as the document says."""
    responses = document["paths"][path]["get"]["responses"]
    assert str(status) in responses, (path, status)
    if status in (302, 304):
        return
    kinds = responses[str(status)]["content"]
    kind = content_type.partition(";")[0]
    assert kind in {each.partition(";")[0] for each in kinds}, (path, kind)
    if kind.endswith("json") and kinds[kind]["schema"]:
        root = {**kinds[kind]["schema"], "components": document["components"]}
        errors = [f"{list(error.path)}: {error.message}" for error in OAS31Validator(root).iter_errors(body)]
        assert errors == [], path


def test_every_example_is_answered_as_it_says(document: Any, client: Client, example: DatasetVersion) -> None:
    expanded = {"/api/v1/datasets/", "/api/v1/datasets/{ref}/", "/api/v1/models/", "/api/v1/tasks/"}
    number = example.contributions.get().person_id
    document = strict(document)
    for path, operations in document["paths"].items():
        if "get" not in operations or "selections" in path or path.endswith(("neuroglancer", "schema/", "locate")):
            continue
        filled, query = path, {}
        for parameter in operations["get"]["parameters"]:
            if parameter["in"] == "path":
                value = number if parameter["name"] == "number" else parameter["example"]
                filled = filled.replace(f"{{{parameter['name']}}}", str(value))
            elif "example" in parameter:
                query[parameter["name"]] = parameter["example"]
            elif parameter["name"] == "expand" and path in expanded:
                query["expand"] = ",".join(parameter["schema"]["items"]["enum"])
        response = client.get(filled, query)
        assert response.status_code == 200, (path, response.content if not response.streaming else "")
        body = response.json() if response["Content-Type"] == "application/json" else None
        judge(document, path, 200, response["Content-Type"], body)


def test_the_page_reads_without_scripts_and_leads_to_every_address(document: Any, client: Client, db: None) -> None:
    text = client.get("/api/").content.decode()
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code>" in text
    for address in re.findall(r'class="button" href="(/api/v1/[^"]*)"', text):
        assert client.get(address).status_code == 200, address
