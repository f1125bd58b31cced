"""The viewer state a request asks for, ``?view=&layers=&position=``: the same for the viewer's page and the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from datasets.catalogue.addresses import data_url
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.neuroglancer_links import build_state
from datasets.catalogue.queries.datasets import find_view
from datasets.volumes.errors import CisternaError


class QueryInvalid(CisternaError):
    """A query parameter has a value it cannot have, or is not known here."""

    slug = "query-invalid"
    status = 400
    title = "A query parameter is wrong"


def requested_state(request: HttpRequest, version: DatasetVersion) -> dict[str, Any]:
    """The state that the query parameters ``view``, ``layers`` and ``position`` ask for.

    Raises:
        QueryInvalid, NotFound.
    """
    view = find_view(version, request.GET["view"]) if request.GET.get("view") else None
    layers = [path for path in request.GET["layers"].split(",") if path] if "layers" in request.GET else None
    position = request.GET.get("position")
    return build_state(
        version,
        data_url=data_url(request),
        layers=layers,
        position_nm=read_position(position) if position else None,
        view=view,
    )


def read_position(text: str) -> tuple[float, ...]:
    """Three numbers, x, y, z in nm.

    Raises:
        QueryInvalid: it is something else.
    """
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != 3 or not all(abs(number) < 1e15 for number in numbers):
        raise QueryInvalid(
            f"{text!r} is not a position", where="position", fix="Give x,y,z in nm, such as 1250,1250,1250"
        )
    return numbers
