"""What the API's page shows, from the API's document: each operation, and a form that asks for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.db.models import Exists, OuterRef
from django.http import QueryDict

from datasets.catalogue.api.document import api_document
from datasets.catalogue.models import Volume
from datasets.catalogue.pages.cutout_offers import cutout_form
from datasets.catalogue.queries.collections import visible_collections
from datasets.catalogue.queries.datasets import newest_versions
from datasets.catalogue.queries.models import visible_models
from datasets.catalogue.queries.people import visible_people
from datasets.catalogue.queries.tasks import tasks_with_classes
from datasets.catalogue.queries.visibility import Viewer
from datasets.catalogue.state_requests import QueryInvalid

_LONGEST_PATH = 4000


@dataclass(frozen=True)
class Asked:
    """A parameter of an operation, as a field of its form; ``value`` is what the field begins with."""

    name: str
    place: str
    description: str
    kind: str
    choices: tuple[str, ...]
    known: str
    """The words that a list of them can hold."""
    several: bool
    required: bool
    value: str


@dataclass(frozen=True)
class Operation:
    """A thing to ask for. One that changes something has a ``command`` instead of a form."""

    id: str
    method: str
    path: str
    description: str
    asked: list[Asked]
    command: str
    leads_away: str
    """The address, where the answer leads to another site: a form of this one may not."""


@dataclass(frozen=True)
class Group:
    """The operations on one kind of thing."""

    name: str
    operations: list[Operation] = field(default_factory=list)


@dataclass(frozen=True)
class ApiPage:
    """The whole page."""

    description: str
    groups: list[Group]
    problems: list[tuple[str, str]]


type Examples = dict[str, str]


def build_api_page(user: Viewer, site_url: str) -> ApiPage:
    """The page for ``user``, whose forms begin with what there is; the operations in the order of their addresses."""
    document, examples = api_document(), _examples(user)
    groups: dict[str, Group] = {}
    problems: dict[str, str] = {}
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            group = groups.setdefault(said["tags"][0], Group(said["tags"][0]))
            group.operations.append(_operation(path, method, said, examples, site_url))
            problems |= {code: it["description"] for code, it in said["responses"].items() if code >= "400"}
    return ApiPage(document["info"]["description"], list(groups.values()), sorted(problems.items()))


def asked_address(query: QueryDict) -> str:
    """The address in the API that a form of the page asks for; fields that are left empty are not asked about.

    Raises:
        QueryInvalid: there is no such operation, or the address lacks a part.
    """
    wanted = query.get("operation", "")
    for path, methods in api_document()["paths"].items():
        said = methods.get("get")
        if said and said["operationId"] == wanted:
            return _filled(path, said.get("parameters", []), query)
    raise QueryInvalid(f"{wanted[:60]!r} is nothing to ask for", where="operation", fix="Use the forms of /api/")


def _filled(path: str, parameters: list[dict[str, Any]], query: QueryDict) -> str:
    places = {each["name"] for each in parameters if each["in"] == "path"}
    for name in places:
        value = query.get(name, "").strip("/")
        if not value or len(value) > _LONGEST_PATH or {".", ".."} & set(value.split("/")):
            raise QueryInvalid("The address needs it", where=name, fix="Fill it in")
        path = path.replace(f"{{{name}}}", quote(value, safe="/@" if name in ("path", "ref") else ""))
    asked = [
        (name, value)
        for name, values in query.lists()
        if name not in places and name != "operation"
        for value in values
        if value
    ]
    return f"{path}?{urlencode(asked)}" if asked else path


def _examples(user: Viewer) -> Examples:
    """What there is for ``user`` to ask for, by parameter; for names, by what they are the names of."""
    found: dict[str, object] = {"short_name": "mito"}
    here = Exists(Volume.objects.filter(version=OuterRef("pk"), external_url=""))
    newest = newest_versions(user)
    version = newest.filter(here).first() or newest.first()
    if version is not None:
        found["ref"] = version
        volumes = sorted(version.volumes.all(), key=lambda it: it.is_external)
        if volumes:
            found["path"] = volumes[0].path
            form = cutout_form(volumes[0], version)
            found["bbox"] = form.box.replace(" ", "") if form else ""
        found["labels"] = next((it.path for it in volumes if it.kind == "segmentation"), "")
    if (person := visible_people(user).prefetch_related(None).first()) is not None:
        found["number"] = person.pk
    named = {"models": visible_models(user), "tasks": tasks_with_classes(), "collections": visible_collections(user)}
    for tag, rows in named.items():
        found[tag] = rows.prefetch_related(None).values_list("name", flat=True).first() or ""
    return {name: str(value) for name, value in found.items()}


def _operation(path: str, method: str, said: dict[str, Any], examples: Examples, site_url: str) -> Operation:
    tag = said["tags"][0]
    asked = [_asked(each, examples, tag, path) for each in said.get("parameters", [])]
    is_draft = any(each.name == "If-Match" for each in asked)
    address = path
    for each in asked:
        if each.place == "path":
            value = each.value or each.name
            if method != "get":  # what is written is a draft, or is begun as the newest version
                value = value.partition("@")[0] + ("@draft" if is_draft else "")
            address = address.replace(f"{{{each.name}}}", quote(value, safe="/@"))
    return Operation(
        id=said["operationId"],
        method=method.upper(),
        path=path,
        description=said.get("description", ""),
        asked=asked,
        command="" if method == "get" else _command(method, f"{site_url}{address}", is_draft, said),
        leads_away=address if "302" in said["responses"] else "",
    )


def _asked(parameter: dict[str, Any], examples: Examples, tag: str, path: str) -> Asked:
    schema = parameter["schema"]
    name, one = parameter["name"], schema.get("items", schema)
    words = tuple(map(str, one.get("enum", ())))
    is_list = schema.get("type") == "array" and not parameter.get("explode", True)
    number = {"integer": "1", "number": "any"}.get(one.get("type", ""), "")
    return Asked(
        name=name,
        place=parameter["in"],
        description=parameter.get("description", ""),
        kind="select" if words and not is_list else number or "text",
        choices=() if is_list else words,
        known=", ".join(words) if is_list else "",
        several=schema.get("type") == "array",
        required=bool(parameter.get("required")),
        value=_value(parameter, examples, tag, path),
    )


def _value(parameter: dict[str, Any], examples: Examples, tag: str, path: str) -> str:
    name = parameter["name"]
    if not parameter.get("required"):
        return ""
    if name == "path" and path.endswith("/locate"):
        name = "labels"
    found = examples.get(tag if name == "name" else name, "")
    return found or ("" if parameter["in"] == "path" else str(parameter.get("example", "")))


def _command(method: str, address: str, is_draft: bool, said: dict[str, Any]) -> str:
    """The operation for curl, with the document's own example of a body."""
    lines = [f"curl --request {method.upper()} {address}", '--header "Authorization: Bearer $CISTERNA_TOKEN"']
    if is_draft:
        lines.append("--header 'If-Match: \"…\"'")
    for kind, body in said.get("requestBody", {}).get("content", {}).items():
        text = json.dumps(body.get("example", {}), ensure_ascii=False).replace("'", "'\\''")
        lines += [f"--header 'Content-Type: {kind}'", f"--data '{text}'"]
    return " \\\n  ".join(lines)
