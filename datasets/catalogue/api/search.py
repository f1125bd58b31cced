"""The search."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.api.filters import LONGEST, read_words
from datasets.catalogue.api.lists import CatalogueView, known
from datasets.catalogue.search.finding import find
from datasets.catalogue.search.hits import KINDS, MOST_COUNTED, Hit, Kind
from datasets.catalogue.search.passages import Reason
from datasets.catalogue.state_requests import QueryInvalid, read_whole

LARGEST, FEW, PAGE = 100, 5, 50
_TEXT = {"type": "string"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}


class SearchView(CatalogueView):
    """What is found for a few words, with the reason for each.

    All words must be found together. Without ``kind``, the first of each kind, the kind that is found best first; with
    one kind, all of it in pages, up to the thousandth. ``corrected`` says which words were read instead of those that
    are found nowhere.
    """

    asked: ClassVar[dict[str, Any]] = {
        "q": (
            {"type": "string", "minLength": 1, "maxLength": LONGEST},
            "Words, their beginnings, terms, or a DOI",
            "mito",
        ),
        "kind": (
            {"type": "array", "items": {"type": "string", "enum": sorted(KINDS)}, "minItems": 1, "maxItems": 50},
            "Of these kinds only",
        ),
        "limit": (
            {"type": "integer", "minimum": 1, "maximum": LARGEST},
            f"How many of each kind; {FEW}, or {PAGE} of one kind, where nothing is said",
        ),
        "cursor": (
            {"type": "integer", "minimum": 0, "maximum": MOST_COUNTED},
            "Of one kind: where a page begins, as the address in next says it",
        ),
    }
    said: ClassVar[dict[str, Any]] = {
        "application/json": _object(
            results={
                "type": "array",
                "items": _object(
                    kind={"type": "string", "enum": sorted(KINDS)},
                    name=_TEXT,
                    title=_TEXT,
                    url={"type": "string", "format": "uri"},
                    why={
                        "type": "array",
                        "items": _object(
                            what=_TEXT,
                            passage={"type": "array", "items": _object(text=_TEXT, match={"type": "boolean"})},
                        ),
                    },
                ),
            },
            next={"type": ["string", "null"], "format": "uri"},
            groups={
                "type": "array",
                "items": _object(kind=_TEXT, count={"type": "integer"}, more={"type": "boolean"}),
            },
            corrected={"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}},
        )
    }

    def get(self, request: Request) -> Response:
        query = request.query_params
        known(request, *self.asked)
        text = read_words("q", query.get("q", ""))
        kinds = _kinds(query.getlist("kind"))
        is_one = len(kinds) == 1
        most = read_whole(query, "limit", PAGE if is_one else FEW, least=1, most=LARGEST)
        start = read_whole(query, "cursor", 0, most=MOST_COUNTED)
        if start and not is_one:
            raise QueryInvalid("Pages are of one kind", where="cursor", fix="Say which: kind=dataset")
        found = find(text, request.user, kinds=kinds, most=most, start=start)
        count = found.groups[0].count if found.groups else 0
        address = None
        if is_one and start + most < count:
            further = query.copy()
            further["cursor"] = str(start + most)
            address = request.build_absolute_uri(f"{request.path}?{further.urlencode()}")
        return Response(
            {
                "results": [_result(hit, request) for group in found.groups for hit in group.hits],
                "next": address,
                "groups": [{"kind": it.kind, "count": it.count, "more": it.is_more} for it in found.groups],
                "corrected": {said: list(words) for said, words in found.corrected.items()},
            }
        )


def _kinds(texts: list[str]) -> tuple[Kind, ...]:
    for text in texts:
        if text not in KINDS:
            raise QueryInvalid(f"{text[:40]!r} is not known", where="kind", fix=f"Known: {', '.join(sorted(KINDS))}")
    return cast("tuple[Kind, ...]", tuple(dict.fromkeys(texts))) or KINDS


def _result(hit: Hit, request: Request) -> dict[str, Any]:
    return {
        "kind": hit.kind,
        "name": hit.name,
        "title": hit.title,
        "url": request.build_absolute_uri(hit.url),
        "why": [_reason(it) for it in hit.why],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"what": reason.what, "passage": [{"text": text, "match": is_match} for text, is_match in reason.passage]}
