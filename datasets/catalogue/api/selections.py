"""Selections over the API."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets.catalogue.actions.selections import store_selection
from datasets.catalogue.api.credentials import BearerToken
from datasets.catalogue.api.lists import known, read_body
from datasets.catalogue.api.throttles import DeedThrottle
from datasets.catalogue.api.views import SitePages
from datasets.catalogue.models import Scope, Selection
from datasets.catalogue.queries.selections import SelectionRefused, find_selection

_SELECTION: dict[str, Any] = {
    "type": "object",
    "required": ["id", "url", "layers"],
    "properties": {
        "id": {"type": "string"},
        "url": {"type": "string", "format": "uri"},
        "layers": {"type": "array", "items": {"type": "string"}},
        "gone": {"type": "array", "items": {"type": "object"}},
    },
}


class SelectionList(APIView):
    """Keep ``{"layers": ["name@version/path", …]}`` and answer its address."""

    authentication_classes = [BearerToken, SitePages]
    throttle_classes = [DeedThrottle]
    throttle_scope = "selections"
    taken: ClassVar = {
        "type": "object",
        "required": ["layers"],
        "properties": {"layers": {"type": "array", "items": {"type": "string"}}},
    }
    sent: ClassVar = {"POST": {"layers": ["small-cell@1/em"]}}
    said: ClassVar = {"application/json": _SELECTION}
    scope = Scope.READ  # it changes nothing of what is selected

    def post(self, request: Request) -> Response:
        known(request)
        body = read_body(request)
        if not isinstance(body, dict) or set(body) != {"layers"}:
            raise SelectionRefused(
                "The body must be an object with one field, layers", fix='Send {"layers": ["name@1/path", …]}'
            )
        return Response(_shown(store_selection(layers=body["layers"], by=request.user), request), status=201)


class SelectionDetail(APIView):
    """The layers of a selection, and what has become of those that are gone."""

    said: ClassVar = {"application/json": _SELECTION}

    def get(self, request: Request, identifier: str) -> Response:
        known(request)
        selection, layers = find_selection(identifier, request.user)
        gone = [{"layer": reference, **error.problem()} for reference, error in layers.gone]
        return Response(_shown(selection, request) | {"gone": gone})


def _shown(selection: Selection, request: Request) -> dict[str, Any]:
    return {
        "id": selection.pk,
        "url": request.build_absolute_uri(
            reverse("catalogue:kept_selection", kwargs={"identifier": selection.pk}),
        ),
        "layers": selection.layers,
    }
