"""Writing: a dataset's draft is begun, changed and deleted."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import reverse
from django.utils.http import parse_etags
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.actions.drafts import begin_draft, change_draft, delete_draft, editable_dataset
from datasets.catalogue.addresses import Reference
from datasets.catalogue.api.datasets import DatasetDetail, VersionList
from datasets.catalogue.api.idempotency import ONCE, answer_once
from datasets.catalogue.api.lists import known, read_body
from datasets.catalogue.api.serializers import VersionSerializer
from datasets.catalogue.drafts import DraftFields
from datasets.catalogue.models import Dataset, DatasetVersion

AS_READ = {"If-Match": (True, "The ETag that it was read with")}
"""The header in the API's document."""


class Versions(VersionList):
    """The versions of a dataset, and its next: ``POST`` revises the newest into a draft."""

    begun = VersionSerializer
    taken: ClassVar[dict[str, Any]] = {"type": "object", "maxProperties": 0}
    headers_of: ClassVar = {"POST": ONCE}

    def post(self, request: Request, ref: Reference) -> Response:
        """Begin a draft that says all that the newest version says."""
        known(request)
        dataset = editable_dataset(name=ref.name, label=ref.label, by=request.user)
        if read_body(request):
            raise exceptions.ParseError("A draft is begun as the newest version is: send {}, then change the draft")
        return answer_once(request, lambda: self._begin(request, dataset))

    def _begin(self, request: Request, dataset: Dataset) -> Response:
        draft, tag = begin_draft(dataset=dataset, by=request.user)
        address = reverse("api:dataset", kwargs={"ref": str(draft)})
        shown = VersionSerializer(draft, context=self.context(request) | DatasetDetail().chosen(request))
        headers = {"ETag": tag, "Location": request.build_absolute_uri(address)}
        return Response(shown.data, status=201, headers=headers)


class DatasetOrDraft(DatasetDetail):
    """A version of a dataset whole; a draft can be changed and deleted, under the ``ETag`` it was read with."""

    changes = DraftFields
    sent: ClassVar = {
        "PATCH": {
            "title": "A better title",
            "keywords": ["mitochondria"],
            "specimen": {"organism": "Drosophila melanogaster", "ncbi_taxon": 7227},
            "change_note": "Says more of the specimen",
        }
    }
    headers_of: ClassVar = {"PATCH": AS_READ, "DELETE": AS_READ}

    def patch(self, request: Request, ref: Reference) -> Response:
        """Change what a draft says: the fields that are sent, all of them or none."""
        known(request, *self.parameters())
        self.chosen(request)  # what cannot be shown is refused before anything is changed
        draft, tag = change_draft(
            name=ref.name, label=ref.label, change=read_body(request), tags=read_tags(request), by=request.user
        )
        return self._answer(request, draft, tag)

    def delete(self, request: Request, ref: Reference) -> Response:
        """Throw a draft away."""
        known(request)
        delete_draft(name=ref.name, label=ref.label, tags=read_tags(request), by=request.user)
        return Response(status=204)

    def _answer(self, request: Request, draft: DatasetVersion, tag: str) -> Response:
        response = self.one(request, draft)
        response["ETag"] = tag
        return response


def read_tags(request: Request) -> list[str]:
    """What ``If-Match`` says. A tag is that of what the draft says, so one that a server on the way made weak (it
    packed the bytes) is as good."""
    return [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-Match", ""))]
