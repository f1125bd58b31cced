"""Publishing a draft."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.urls import reverse
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.actions.drafts import freeze_draft, require_owner
from datasets.catalogue.addresses import Reference
from datasets.catalogue.api.datasets import DatasetDetail
from datasets.catalogue.api.drafts import AS_READ, read_tags
from datasets.catalogue.api.idempotency import ONCE, answer_once
from datasets.catalogue.api.lists import CatalogueView, known, read_body
from datasets.catalogue.api.serializers import VersionSerializer
from datasets.publishing.actions.derived import draw_later, place


class DraftPublication(CatalogueView):
    """A draft, published as its dataset's next version."""

    serializer = VersionSerializer
    expansions = DatasetDetail.expansions
    taken: ClassVar[dict[str, Any]] = {"type": "object", "maxProperties": 0}
    headers_of: ClassVar = {"POST": AS_READ | ONCE}

    def post(self, request: Request, ref: Reference) -> Response:
        """Publish a draft as it was read: its dataset's next version, which never changes. An owner's to do. A
        job draws the version's pictures."""
        known(request)
        require_owner(name=ref.name, by=request.user)
        if read_body(request):
            raise exceptions.ParseError("A draft is published as it is: send {}")

        def publish() -> Response:
            version = freeze_draft(name=ref.name, label=ref.label, tags=read_tags(request), by=request.user)
            draw_later(version, by=cast(AbstractBaseUser, request.user))
            shown = VersionSerializer(version, context=self.context(request) | self.chosen(request))
            address = request.build_absolute_uri(reverse("api:dataset", kwargs={"ref": str(version)}))
            return Response(shown.data, status=201, headers={"Location": address})

        response = answer_once(request, publish)
        place(ref.name, response.data["version"])
        return response
