"""The page on which a version is held against another. A door, as in :mod:`.views`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from datasets.catalogue.addresses import Reference
from datasets.catalogue.pages.changes import changes_page
from datasets.catalogue.queries.datasets import versions_of
from datasets.catalogue.queries.version_changes import find_changes
from datasets.catalogue.state_requests import read_label


@require_safe
def changes(request: HttpRequest, ref: Reference) -> HttpResponse:
    """``/datasets/<name>[@<v>]/changes/?since=``: what the version says and shows otherwise than another one."""
    found = find_changes(ref.name, ref.label, read_label(request.GET, "since"), request.user)
    page = changes_page(found, versions_of(found.version.dataset, request.user))
    return render(request, "catalogue/changes.html", {"page": page, "canonical": page.url})
