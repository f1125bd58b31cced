"""The API's document: valid, about every address, and true of the answers."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from datasets.catalogue.actions.tokens import create_api_token
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
        if (
            "get" not in operations
            or "selections" in path
            or "{uid}" in path
            or path.endswith(("neuroglancer", "schema/", "locate", "withdrawal/"))
        ):
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
            assert f"<code><b>{method.upper()}</b> {path}</code>" in text


class Forms(HTMLParser):
    """The fields of each form for the API, as a browser without scripts sends them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[list[tuple[str, str]]] = []
        self.missing: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = dict(attributes)
        if tag == "form" and said.get("action") == "/api/try":
            self.found.append([])
        elif self.found and tag in ("input", "select") and (name := said.get("name")):
            self.found[-1].append((name, said.get("value") or ""))
            if "required" in said and not said.get("value"):
                self.missing.append(self.found[-1][0][1])


def test_every_form_asks_for_what_is_there_and_leads_to_the_answer(
    document: Any, client: Client, example: DatasetVersion
) -> None:
    forms = Forms()
    forms.feed(client.get("/api/").content.decode())
    reading = {said["get"]["operationId"] for said in document["paths"].values() if "get" in said}
    assert {dict(form)["operation"] for form in forms.found} == reading - {"get_datasets_ref_neuroglancer"}
    unknown = {"get_selections_identifier", "get_selections_identifier_manifest", "get_jobs_uid"}
    assert set(forms.missing) == unknown, "nobody's to know"
    for form in forms.found:
        operation = dict(form)["operation"]
        if operation in forms.missing:
            continue
        led = client.get("/api/try", form)
        assert led.status_code == 303
        answered = {"get_datasets_ref_withdrawal": (403,)}.get(operation, (200,))  # for owners alone
        answered = (200, 404) if operation.endswith("locate") else answered
        assert client.get(led["Location"]).status_code in answered, form


@pytest.mark.parametrize(
    ("query", "location"),
    [
        ({"operation": "get_datasets", "limit": "2", "cursor": ""}, "/api/v1/datasets/?limit=2"),
        ({"operation": "get_datasets_ref", "ref": "a@2"}, "/api/v1/datasets/a@2/"),
        (
            {"operation": "get_datasets_ref_volumes_path", "ref": "a", "path": "/labels/ü?#"},
            "/api/v1/datasets/a/volumes/labels/%C3%BC%3F%23/",
        ),
        ({"operation": "get_models_name", "name": "//elsewhere.example/"}, "/api/v1/models/elsewhere.example/"),
        ({"operation": "get_models_name", "name": "a/b", "fields": "name,title"},
         "/api/v1/models/a%2Fb/?fields=name%2Ctitle"),
    ],
)  # fmt: skip
def test_a_form_leads_nowhere_but_into_the_api(client: Client, query: Any, location: str) -> None:
    assert client.get("/api/try", query)["Location"] == location


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"operation": "post_links"},
        {"operation": "get_datasets_ref"},
        {"operation": "get_datasets_ref_volumes_path", "ref": "a", "path": "../../../account/sign-out"},
    ],
)
def test_a_form_that_asks_for_nothing_is_refused(client: Client, query: Any) -> None:
    response = client.get("/api/try", query)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


def test_every_example_of_what_is_sent_is_taken(
    document: Any, client: Client, example: DatasetVersion, admin_user: Any
) -> None:
    bearer = create_api_token(
        username=admin_user.get_username(), label="", scope="admin", lifetime=None, by=None
    ).bearer
    headers = {"Authorization": f"Bearer {bearer}", "If-Match": "*"}
    written = {}
    for path, methods in document["paths"].items():
        for method in ("post", "patch"):
            if method in methods and not path.endswith(("/publish/", "/cancel/", "/retry/")):  # with tests of their own
                body = methods[method]["requestBody"]["content"]["application/json"]["example"]
                written[method, path] = body
    assert len(written) == 5
    for (method, path), body in sorted(written.items(), reverse=True):  # the draft is begun before it is changed
        address = path.format(ref="small-cell@draft" if method == "patch" else "small-cell")
        sent = json.dumps(body).replace("https://cells.example.org", "http://testserver")
        response = client.generic(method.upper(), address, sent, content_type="application/json", headers=headers)
        assert response.status_code == (200 if method == "patch" else 201), (path, response.content)
