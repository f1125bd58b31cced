"""The viewer state a request asks for, ``?view=&layers=&position=``: the same for the viewer's page and the API.

And single parameters, wherever a query is read.
"""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, QueryDict

from datasets.catalogue.addresses import data_url
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.neuroglancer_links import build_state
from datasets.catalogue.queries.datasets import find_view
from datasets.volumes.errors import CisternaError

MOST_WHOLE = 10**9 - 1
"""Nothing that is counted here is larger."""


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


def read_label(query: QueryDict, name: str) -> str | None:
    """A version's number, or ``draft``; None where nothing is said.

    Raises:
        QueryInvalid: it is something else.
    """
    text = query.get(name, "")
    if not re.fullmatch(r"(?:[1-9][0-9]{0,8}|draft)?", text):
        raise QueryInvalid(f"{text[:40]!r} is no version", where=name, fix="Give its number, or draft")
    return text or None


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


def read_choice(query: QueryDict, name: str, *choices: str) -> str:
    """The value of a parameter that is one of ``choices``; not given, the first of them.

    Raises:
        QueryInvalid: it is something else.
    """
    text = query.get(name, choices[0])
    if text not in choices:
        raise QueryInvalid(f"{text[:40]!r} is not known", where=name, fix=f"Known: {', '.join(choices)}")
    return text


def read_whole(query: QueryDict, name: str, default: int, *, least: int = 0, most: int = MOST_WHOLE) -> int:
    """The value of a parameter that is a whole number from ``least`` to ``most``; not given, ``default``.

    Raises:
        QueryInvalid: it is something else.
    """
    text = query.get(name, str(default))
    if not (re.fullmatch(r"[0-9]{1,9}", text) and least <= int(text) <= most):
        fix = f"Give a whole number from {least}{f' to {most}' if most < MOST_WHOLE else ''}"
        raise QueryInvalid(f"{text[:40]!r} cannot be", where=name, fix=fix)
    return int(text)
