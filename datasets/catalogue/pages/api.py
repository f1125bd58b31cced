"""What the API's page shows, from the API's document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from datasets.catalogue.api.document import api_document


@dataclass(frozen=True)
class Asked:
    """A parameter of an operation."""

    name: str
    place: str
    description: str
    values: str
    example: str
    several: bool


@dataclass(frozen=True)
class Operation:
    """A thing to ask for, and a form that asks for it."""

    id: str
    method: str
    path: str
    description: str
    asked: list[Asked]
    example: str
    """The address with the examples of its path."""


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


def build_api_page() -> ApiPage:
    """The page; the operations in the order of their addresses, by what they are about."""
    document = api_document()
    groups: dict[str, Group] = {}
    problems: dict[str, str] = {}
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            group = groups.setdefault(said["tags"][0], Group(said["tags"][0]))
            group.operations.append(_operation(path, method, said))
            problems |= {code: it["description"] for code, it in said["responses"].items() if code >= "400"}
    return ApiPage(document["info"]["description"], list(groups.values()), sorted(problems.items()))


def _operation(path: str, method: str, said: dict[str, Any]) -> Operation:
    asked = [_asked(each) for each in said.get("parameters", [])]
    example = path
    for each in asked:
        if each.place == "path":
            example = example.replace(f"{{{each.name}}}", each.example)
    return Operation(said["operationId"], method.upper(), path, said.get("description", ""), asked, example)


def _asked(parameter: dict[str, Any]) -> Asked:
    schema = parameter["schema"]
    one = schema.get("items", schema)
    return Asked(
        parameter["name"],
        parameter["in"],
        parameter.get("description", ""),
        ", ".join(map(str, one.get("enum", ()))) or str(one.get("type", "")),
        str(parameter.get("example", "")),
        schema.get("type") == "array",
    )
