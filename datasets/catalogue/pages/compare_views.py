"""The page on which two stand side by side. A door, as in :mod:`.views`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from datasets.catalogue.pages.compare import choice_page, pair_page, read_named
from datasets.catalogue.pages.views import DATASET_CSP
from datasets.catalogue.queries.comparisons import Compared, find_compared, newest_names, other_versions
from datasets.catalogue.state_requests import read_choice, read_position
from datasets.volumes.planes import SLICE_AXES

NAMES_OFFERED = 200


@require_safe
@csp_override(DATASET_CSP)
def compare(request: HttpRequest) -> HttpResponse:
    """``/compare/?left=<name>[@<v>][/<path>]&right=…&position=&plane=``: two in linked views, and how they differ.

    With one of them, or none, it offers what can be chosen.
    """
    left, right = (_named(request, side) for side in ("left", "right"))
    if left and right:
        position = request.GET.get("position")
        context = pair_page(
            left,
            right,
            position_nm=read_position(position) if position else None,
            plane=read_choice(request.GET, "plane", *SLICE_AXES),
            others=[(it, other_versions(it, request.user)) for it in (left, right)],
        )
    else:
        chosen = left or right
        context = choice_page(
            chosen,
            other_versions(chosen, request.user) if chosen else (),
            newest_names(request.user)[:NAMES_OFFERED],
            missing="right" if left else "left",
        )
    return render(request, "catalogue/compare.html", {"page": context})


def _named(request: HttpRequest, side: str) -> Compared | None:
    text = request.GET.get(side, "").strip()
    return find_compared(*read_named(text, side), request.user) if text else None
