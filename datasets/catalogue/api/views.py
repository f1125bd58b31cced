"""What the views below a dataset share; its viewer state, where its objects lie, and short links."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpResponseRedirect, JsonResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets.catalogue.actions.links import store_link
from datasets.catalogue.addresses import Reference, data_url
from datasets.catalogue.api.caching import say_who_may_keep
from datasets.catalogue.api.credentials import BearerToken, SiteSession
from datasets.catalogue.api.lists import known, read_body
from datasets.catalogue.api.throttles import DeedThrottle
from datasets.catalogue.models import DatasetVersion, Scope
from datasets.catalogue.neuroglancer_links import neuroglancer_address
from datasets.catalogue.queries.datasets import NotFound, find_version, named_version
from datasets.catalogue.queries.locations import locate_segment
from datasets.catalogue.state_requests import QueryInvalid, requested_state


class VersionView(APIView):
    """What the views below one dataset share: the version the address names, as the caller may see it."""

    def version(self, request: Request, ref: Reference) -> DatasetVersion:
        return find_version(ref.name, ref.label, request.user)

    def row(self, request: Request, ref: Reference) -> DatasetVersion:
        """The same without its volumes."""
        return named_version(ref.name, ref.label, request.user)


class SegmentLocation(VersionView):
    """Where an object lies; its id as text."""

    throttle_classes = [DeedThrottle]
    throttle_scope = "locate"
    asked: ClassVar = {"segment": ({"type": "string", "pattern": "^[0-9]{1,20}$"}, "The label of an object", "1")}
    said: ClassVar = {
        "application/json": {
            "type": "object",
            "required": ["segment", "position_nm", "level"],
            "properties": {
                "segment": {"type": "string"},
                "position_nm": {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3},
                "level": {"type": "string"},
            },
        }
    }

    def get(self, request: Request, ref: Reference, path: str) -> Response:
        known(request, *self.asked)
        segment = _segment(request.query_params.get("segment", ""))
        found = locate_segment(self.version(request, ref), path, segment, max_voxels=settings.CONFIG.locate_voxels)
        return Response({"segment": str(found.segment), "position_nm": found.position_nm, "level": found.level})


_STATE: dict[str, tuple[dict[str, Any], str]] = {
    "view": ({"type": "string"}, "A curated view to start from"),
    "layers": ({"type": "string"}, "Paths of the volumes to switch on, separated by commas"),
    "position": ({"type": "string"}, "Where to look: x,y,z in nm"),
}


class StateDetail(VersionView):
    """What the viewer shows, as Neuroglancer's JSON state."""

    asked = _STATE
    said: ClassVar = {"application/json": {"type": "object"}}

    def get(self, request: Request, ref: Reference) -> Response:
        known(request, *self.asked)
        version = self.version(request, ref)
        return Response(requested_state(request._request, version))


class NeuroglancerRedirect(VersionView):
    """Leads (302) to the Neuroglancer that the operator has chosen.

    The layers that are switched off stay behind: the whole state is in the address, and addresses have an end.
    """

    asked = _STATE
    said: ClassVar[dict[str, Any]] = {}

    def get(self, request: Request, ref: Reference) -> HttpResponseRedirect:
        known(request, *self.asked)
        version = self.version(request, ref)
        if not settings.CONFIG.neuroglancer_url:
            raise NotFound(
                "This portal names no Neuroglancer elsewhere", fix="The operator sets CISTERNA_NEUROGLANCER_URL"
            )
        state = requested_state(request._request, version)
        state["layers"] = [layer for layer in state.get("layers", []) if layer.get("visible", True)]
        return HttpResponseRedirect(neuroglancer_address(settings.CONFIG.neuroglancer_url, state))


class SitePages(SiteSession):
    """Session sign-in that demands the CSRF token of everyone, strangers too: only this site's pages may write."""

    def authenticate(self, request: Request) -> Any:
        self.enforce_csrf(request)
        return super().authenticate(request)


class LinkList(APIView):
    """Store a viewer state and answer its short link."""

    authentication_classes = [BearerToken, SitePages]
    throttle_classes = [DeedThrottle]
    throttle_scope = "links"
    scope = Scope.READ  # it changes nothing of what is shown
    taken: ClassVar = {
        "type": "object",
        "required": ["state"],
        "properties": {
            "state": {"type": "object"},
            "dataset": {
                "type": "string",
                "description": "name@version: whose data elsewhere the state shows, where it shows none of this portal",
            },
        },
    }
    sent: ClassVar = {
        "POST": {
            "state": {
                "layers": [
                    {"type": "image", "source": "zarr://https://cells.example.org/data/small-cell@1/em/", "name": "em"}
                ]
            }
        }
    }
    said: ClassVar = {
        "application/json": {
            "type": "object",
            "required": ["id", "url"],
            "properties": {"id": {"type": "string"}, "url": {"type": "string", "format": "uri"}},
        }
    }

    def post(self, request: Request) -> Response:
        body = read_body(request)
        if not isinstance(body, dict) or not {"state"} <= set(body) <= {"state", "dataset"}:
            raise QueryInvalid("The body must be an object with the field state", fix='Send {"state": {…}}')
        link = store_link(
            state=body["state"],
            data_url=data_url(request._request),
            origins=settings.CONFIG.external_origins,
            dataset=str(body.get("dataset", "")),
            by=request.user,
        )
        return Response({"id": link.id, "url": request.build_absolute_uri(f"/v/{link.id}/")}, status=201)


def _segment(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,20}", text) or not 1 <= int(text) < 2**64:
        raise QueryInvalid(
            f"{text[:40]!r} is no label", where="segment", fix="Give a whole number from 1 to 18446744073709551615"
        )
    return int(text)


class DocumentView(APIView):
    """This document."""

    said: ClassVar = {"application/json": {"type": "object"}}

    def get(self, request: Request) -> JsonResponse:
        from datasets.catalogue.api.document import api_document  # it is large, and most processes never tell it

        known(request)
        response = JsonResponse(api_document())
        say_who_may_keep(response, "public, max-age=300")
        return response
