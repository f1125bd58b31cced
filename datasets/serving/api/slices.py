"""Slices over the API."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from rest_framework.request import Request

from datasets.catalogue.addresses import Reference
from datasets.catalogue.api.lists import known
from datasets.catalogue.api.views import VersionView
from datasets.catalogue.filenames import stem_of
from datasets.serving.api.caching import data_cache_control
from datasets.serving.api.views import DataView
from datasets.serving.slices.encoding import CONTENT_TYPES, EXTENSIONS
from datasets.serving.slices.requests import MOST_OVERLAYS, MOST_SIDE_PIXELS, PARAMETERS, read_request
from datasets.serving.slices.slices import make_slice

_ASKED = {
    "center": "The middle of the picture: x,y,z in nm",
    "normal": "Where it is looked along: x,y,z",
    "up": "What is up in the picture: x,y,z",
    "width": "In pixels",
    "height": "In pixels",
    "resolution": "Of a pixel, in nm",
    "format": "Of the picture; npy has the values",
    "overlay": "The path of a segmentation to lay over it",
    "opacity": "Of overlays, from 0 to 1",
    "window": "The values that are black and white: low,high",
    "scalebar": "1 draws one",
    "c": "The index of the channel",
    "t": "The index of the time",
}
_PIXELS = {"type": "integer", "minimum": 1, "maximum": MOST_SIDE_PIXELS}
_INDEX = {"type": "integer", "minimum": 0}
_SCHEMAS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("width", "height"), _PIXELS),
    **dict.fromkeys(("c", "t"), _INDEX),
    "resolution": {"type": "number", "exclusiveMinimum": 0},
    "opacity": {"type": "number", "minimum": 0, "maximum": 1},
    "format": {"type": "string", "enum": list(CONTENT_TYPES)},
    "scalebar": {"type": "string", "enum": ["0", "1"]},
    "overlay": {"type": "array", "items": {"type": "string"}, "maxItems": MOST_OVERLAYS},
}


class SliceDetail(DataView, VersionView):
    """A plane through a volume, as picture or values."""

    asked: ClassVar = {name: (_SCHEMAS.get(name, {"type": "string"}), _ASKED[name]) for name in PARAMETERS}
    said: ClassVar[dict[str, Any]] = {kind: {} for kind in CONTENT_TYPES.values()}

    def get(self, request: Request, ref: Reference, path: str) -> HttpResponse:
        known(request, *self.asked)
        version = self.version(request, ref)
        self.caching = data_cache_control(version, ref)
        wanted = read_request(version, path, request.query_params, most_pixels=settings.CONFIG.slice_pixels)
        content = make_slice(version, wanted)
        response = HttpResponse(content, content_type=CONTENT_TYPES[wanted.form])
        name = f"{stem_of(version, path, 'slice')}.{EXTENSIONS[wanted.form]}"
        response["Content-Disposition"] = f'inline; filename="{name}"'
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        response["ETag"] = etag
        return get_conditional_response(request._request, etag=etag, response=response) or response
