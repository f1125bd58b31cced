"""``GET /api/v1/datasets/<name>[@<v>]/volumes/<path>/cutout``: a piece of a volume as a file."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.addresses import Reference
from datasets.catalogue.api.lists import known
from datasets.catalogue.api.views import VersionView
from datasets.catalogue.state_requests import QueryInvalid, read_choice, read_whole
from datasets.serving.api.caching import cache_control, data_cache_control
from datasets.serving.api.views import MadeAnswer, MadeView, nothing
from datasets.serving.cutouts.answers import Cutout
from datasets.serving.cutouts.formats import FORMATS
from datasets.serving.cutouts.plan import Asked
from datasets.volumes.boxes import Box


class CutoutView(MadeView, VersionView):
    """A box of a volume as a file; with ``estimate=1`` its size alone, as JSON."""

    asked: ClassVar[dict[str, Any]] = {
        "bbox": ({"type": "string"}, "The box: x0,y0,z0,x1,y1,z1", "0,0,0,100,100,100"),
        "unit": ({"type": "string", "enum": ["nm", "voxel"]}, "Of the box; voxels are those of the level"),
        "level": ({"type": "string"}, "The resolution level, by its path; the finest where nothing is said"),
        "format": ({"type": "string", "enum": list(FORMATS)}, "Of the file"),
        "c": ({"type": "integer", "minimum": 0}, "The index of the channel"),
        "t": ({"type": "integer", "minimum": 0}, "The index of the time"),
        "estimate": ({"type": "string", "enum": ["0", "1"]}, "1 answers the size alone, as JSON"),
    }
    said: ClassVar[dict[str, Any]] = {
        **{each.content_type: {} for each in FORMATS.values()},
        "application/json": {"type": "object"},
    }

    def get(self, request: Request, ref: Reference, path: str) -> HttpResponseBase:
        known(request, *self.asked)
        version = self.version(request, ref)
        cutout = Cutout(version, path, _asked(request), read_choice(request.query_params, "format", *FORMATS))
        if read_choice(request.query_params, "estimate", "0", "1") == "1":
            self.caching = cache_control(version, is_pinned=True, is_final=False)  # the limit may change
            return Response(cutout.estimate())
        self.caching = data_cache_control(version, ref)
        if request.method == "HEAD":
            return _described(StreamingHttpResponse(nothing()), cutout)  # another would have the length 0
        return _described(MadeAnswer(self, cutout.stream()), cutout)


def _described(response: HttpResponseBase, cutout: Cutout) -> HttpResponseBase:
    response["Content-Type"] = cutout.content_type
    response["Content-Disposition"] = f'attachment; filename="{cutout.filename}"'
    if cutout.is_exact:
        response["Content-Length"] = str(cutout.size_bytes)
    response["Accept-Ranges"] = "none"
    response["X-Accel-Buffering"] = "no"  # a front server that buffers would go on asking when its client has left
    return response


def _asked(request: Request) -> Asked:
    given = request.query_params
    if "bbox" not in given:
        raise QueryInvalid("Of which box?", where="bbox", fix="Give bbox=x0,y0,z0,x1,y1,z1, in nm")
    return Asked(
        box=Box.parse(given["bbox"]),
        in_voxels=read_choice(given, "unit", "nm", "voxel") == "voxel",
        level=given.get("level"),
        places={name: read_whole(given, name, 0) for name in ("c", "t") if name in given},
    )
