"""The API's own document, OpenAPI 3.1: made once from what the views declare."""

from __future__ import annotations

import functools
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from datasets.catalogue.api.lists import LARGEST_PAGE, PAGE_SIZE, CatalogueView, ListView, field_names
from datasets.catalogue.models.dataset import DATASET_NAME

_TEXT = {"type": "string"}
_ADDRESS = {"type": "string", "format": "uri"}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_PROBLEMS = {
    "400": "A parameter is unknown or wrong: the answer names those that are known",
    "401": "The credentials that were shown are wrong or have expired",
    "403": "The caller may see it, but not do this",
    "404": "There is no such thing, or the caller may not know of it",
    "405": "Not with this method",
    "409": "What was asked for stays elsewhere, or has changed meanwhile",
    "410": "The version was retired; the answer names its successor where there is one",
    "413": "What was asked for or sent is larger than is made or taken here",
    "422": "What was sent cannot be kept",
    "428": "A draft is changed under the ETag that it was read with: send it in If-Match",
    "429": "Asked too often: come back after the seconds in Retry-After",
    "503": "Storage or database is in trouble: come back after the seconds in Retry-After",
}
_PATH = {
    "ref": ({"type": "string", "pattern": rf"^{DATASET_NAME}(@([1-9][0-9]{{0,8}}|draft))?$"},
            "A dataset's name, for its newest version; with @ and a number, or @draft, for that version", "small-cell"),
    "path": (_TEXT, "The path of a volume in its version", "em"),
    "number": ({"type": "integer", "minimum": 1}, "A person's number here", 1),
    "identifier": (_TEXT, "What a selection's address ends in", "2345678abc"),
    "uid": (_TEXT, "The id of a job", "0123456789abcdef"),
    "short_name": (_TEXT, "The short name of an organelle class", "mito"),
    "name": (_TEXT, "Its name", "example"),
}  # fmt: skip


class CatalogueSchema(AutoSchema):
    """What one view answers, read from what it declares: ``serializer``, ``filters``, ``expansions``, ``said``."""

    def get_operation_id(self) -> str:
        parts = [part.strip("{}") for part in self.path.removeprefix("/api/v1/").strip("/").split("/")]
        return "_".join([self.method.lower(), *parts])

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def get_summary(self) -> str:
        return self.get_description().partition(". ")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        reads = self.method in ("GET", "HEAD")
        said = (None if reads else getattr(self.view, self.method.lower()).__doc__) or self.view.__doc__ or ""
        return " ".join(said.split()).replace("``", "")

    def get_auth(self) -> list[dict[str, list[str]]]:
        return [{}, {"bearer": []}, {"session": []}]

    def _get_parameters(self) -> list[dict[str, Any]]:
        if self.method in ("POST", "DELETE"):
            return [*self._in_path(), *self._in_headers()]
        return [*self._in_path(), *self._in_query(), *self._in_headers()]

    def _in_path(self) -> list[dict[str, Any]]:
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        return [
            {"name": name, "in": "path", "required": True, "schema": _PATH[name][0], "description": _PATH[name][1],
             "example": _PATH[name][2]}
            for name in names
        ]  # fmt: skip

    def _in_query(self) -> list[dict[str, Any]]:
        view = self.view
        found = [_parameter(name, *said) for name, said in getattr(view, "asked", {}).items()]
        if not isinstance(view, CatalogueView):
            return found
        for each in view.filters:
            schema = {"type": "array", "items": each.schema, "maxItems": 50} if each.several else each.schema
            found.append(_parameter(each.name, schema, each.description))
        if isinstance(view, ListView):
            whole = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE}
            found.append(_parameter("limit", whole, "How many results a page has"))
            found.append(_parameter("cursor", _TEXT, "Where a page begins: as the address in next says it"))
        if view.serializer:
            names = _chosen(field_names(view.serializer))
            found.append(_parameter("fields", names, "The fields to show, and no others"))
        if view.expansions:
            found.append(_parameter("expand", _chosen(view.expansions), "What to show beside the usual fields"))
        return found

    def _in_headers(self) -> list[dict[str, Any]]:
        said = getattr(self.view, "headers_of", {}).get(self.method, {})
        return [
            {"name": name, "in": "header", "required": required, "schema": _TEXT, "description": description}
            for name, (required, description) in said.items()
        ]

    def _get_request_body(self, direction: str = "request") -> dict[str, Any] | None:
        body = getattr(self.view, "taken", None)
        if self.method == "PATCH":
            body = self.resolve_serializer(getattr(self.view, "changes")(), "request").ref  # noqa: B009
        if self.method not in ("POST", "PATCH") or body is None:
            return None
        example = getattr(self.view, "sent", {}).get(self.method, {})
        return {"required": True, "content": {"application/json": {"schema": body, "example": example}}}

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        status, answers = "200", getattr(self.view, "said", None)
        if answers is None:
            answers = {"application/json": self._declared()}
        if self.method == "POST":
            status = "201"
        if self.method == "DELETE":
            status, answers = "204", None
        answer: dict[str, Any] = {"description": "What was asked for"}
        if answers:
            answer["content"] = {kind: {"schema": schema} for kind, schema in answers.items()}
        elif status != "204":
            status, answer = "302", {"description": "Where it is, in Location"}
        known = self.method == "POST" and getattr(self.view, "again", False)
        problem = {"application/problem+json": {"schema": _PROBLEM}}
        return {
            status: answer,
            **({"200": answer | {"description": "It was asked for before"}} if known else {}),
            **({"304": {"description": "It has not changed since"}} if self.method == "GET" else {}),
            **{code: {"description": text, "content": problem} for code, text in _PROBLEMS.items()},
        }

    def _declared(self) -> dict[str, Any]:
        view = self.view
        if not isinstance(view, CatalogueView) or view.serializer is None:
            return {"type": "object"}
        begun = getattr(view, "begun", None) if self.method == "POST" else None
        part = self.resolve_serializer((begun or view.serializer)(), "response")  # type: ignore[arg-type]
        one: dict[str, Any] = part.ref
        if begun or not view.is_list:
            return one
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": {"type": "array", "items": one},
                "next": {"type": ["string", "null"], "format": "uri"},
                **getattr(view, "also", {}),
            },
        }


class Generator(SchemaGenerator):
    """Walks the addresses of the API."""

    def create_view(self, callback: Any, method: str, request: Any = None) -> Any:
        view = super().create_view(callback, method, request)  # type: ignore[no-untyped-call]
        view.schema = CatalogueSchema()
        return view


@functools.cache
def api_document() -> dict[str, Any]:
    """The document. Made at the first call of a process."""
    document: dict[str, Any] = Generator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    document["info"]["description"] = (
        "Datasets of volume electron microscopy and all that is said about them. Lengths are in nm; positions, sides "
        "and boxes are x, y, z. What is not public is seen with a Bearer token of an account that may."
    )
    document["servers"] = [{"url": "/"}]
    parts = document.setdefault("components", {})
    parts["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token made at /account/tokens/"},
        "session": {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "This site's own pages"},
    }
    for part in parts.setdefault("schemas", {}).values():
        part.pop("required", None)  # with fields= any may be left out
    parts["schemas"]["Problem"] = {
        "type": "object",
        "description": "What is wrong, where, and what to do about it (RFC 9457)",
        "required": ["type", "title", "status", "detail", "request_id"],
        "properties": {
            "type": _ADDRESS, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT, "where": _TEXT,
            "fix": _TEXT, "request_id": _TEXT,
        },
    }  # fmt: skip
    whole: dict[str, Any] = _any_of(document)
    return whole


def _any_of(part: Any) -> Any:
    """With ``anyOf`` for ``oneOf``: empty text is both an address and empty text. And without empty text as what a
    field is by itself: it says that nothing is said, whatever the form of what is."""
    if isinstance(part, dict):
        kept = {name: each for name, each in part.items() if (name, each) != ("default", "")}
        return {"anyOf" if name == "oneOf" else name: _any_of(each) for name, each in kept.items()}
    return [_any_of(each) for each in part] if isinstance(part, list) else part


def _parameter(name: str, schema: dict[str, Any], description: str, example: Any = None) -> dict[str, Any]:
    said = {"name": name, "in": "query", "required": example is not None, "schema": schema, "description": description}
    if example is not None:
        said["example"] = example
    if schema.get("type") == "array":
        said |= {"style": "form", "explode": name not in ("fields", "expand")}
    return said


def _chosen(names: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", "enum": list(names)}, "minItems": 1, "maxItems": 50}
