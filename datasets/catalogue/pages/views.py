"""The catalogue's pages. Each is a door: it parses its address, makes one call to a query, and renders."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_POST, require_safe

from datasets.catalogue.actions.selections import store_selection
from datasets.catalogue.addresses import Reference, data_url, layer_url, site_url
from datasets.catalogue.discovery.described_terms import term_node
from datasets.catalogue.discovery.page_heads import dataset_head, layer_head, linked_data
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.models.volume import LABEL_KINDS
from datasets.catalogue.pages.dataset import dataset_page
from datasets.catalogue.pages.gathering import gather, gathered, leave_out
from datasets.catalogue.pages.layer import layer_page
from datasets.catalogue.pages.link import changed_link_page
from datasets.catalogue.pages.organelles import OTHERS_SHOWN, organelle_page, organelles_page
from datasets.catalogue.pages.selection import selection_page
from datasets.catalogue.pages.slice_addresses import query_of_state
from datasets.catalogue.pages.slice_requests import is_of_form, state_in
from datasets.catalogue.pages.slices import slices_form, slices_page
from datasets.catalogue.pages.sorting import neighbours, read_asked
from datasets.catalogue.pages.tables import MOST_ROWS, asks_for_file, list_response
from datasets.catalogue.pages.viewer import viewer_page, viewer_preview
from datasets.catalogue.pictures import known_picture_names, read_picture, read_thumbnail, small_name
from datasets.catalogue.queries.collections import collections_with
from datasets.catalogue.queries.crops import visible_crops
from datasets.catalogue.queries.datasets import (
    NotFound,
    find_version,
    find_volume,
    load_content,
    named_version,
    segmentation_of,
    versions_of,
)
from datasets.catalogue.queries.entry_rows import ORGANELLE_ORDERS, OrganelleRow, organelle_list
from datasets.catalogue.queries.ground_truth import count_crops, crops_showing
from datasets.catalogue.queries.links import LinkChanged, find_link
from datasets.catalogue.queries.models import shown_run
from datasets.catalogue.queries.organelles import (
    OrganelleNode,
    find_organelle,
    lineage,
    newest_segmentations,
    organelle_tree,
    other_layers_of,
    segmentations_of,
    with_cards,
)
from datasets.catalogue.queries.paging import FEW
from datasets.catalogue.queries.people import people_with_pages
from datasets.catalogue.queries.research_rows import SEGMENTATION_ORDERS, segmentation_list
from datasets.catalogue.queries.row_lists import RowList
from datasets.catalogue.queries.selections import find_selection, look_up_layers
from datasets.catalogue.queries.visibility import is_open
from datasets.catalogue.search.listing import list_datasets
from datasets.catalogue.slices import slices_of
from datasets.catalogue.state_requests import requested_state

CARDS_PER_PAGE = 48
PICTURE_FRESH_S = 3600
"""So long nobody asks again for a picture of a version, which may be made anew or come later."""

# Neuroglancer decodes in WebAssembly and in workers, and draws from blobs (docs/decisions/0003-viewer.md).
VIEWER_CSP: dict[str, Collection[str]] = {
    **cast(dict[str, Collection[str]], settings.SECURE_CSP),
    "script-src": [CSP.SELF, CSP.WASM_UNSAFE_EVAL],
    "worker-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "connect-src": [CSP.SELF, *settings.CONFIG.external_origins, *settings.CONFIG.redirect_origins],
}

# The viewer may stand in a page of this site: the dataset's, which shows it in the place of the still picture.
EMBEDDED_VIEWER_CSP = VIEWER_CSP | {"frame-ancestors": [CSP.SELF]}
DATASET_CSP: dict[str, Collection[str]] = {
    **cast(dict[str, Collection[str]], settings.SECURE_CSP),
    "frame-src": [CSP.SELF],
}


@require_safe
@csp_override(DATASET_CSP)
def dataset(request: HttpRequest, ref: Reference) -> HttpResponse:
    """``/datasets/<name>[@<v>]/``"""
    version = find_version(ref.name, ref.label, request.user)
    load_content(version)
    versions = versions_of(version.dataset, request.user)
    collections = list(collections_with(version.dataset))
    context = dataset_page(
        version,
        versions,
        collections=collections,
        people=people_with_pages(version, versions, request.user),
        pictures=known_picture_names(version),
        site_url=site_url(request),
        data_url=data_url(request),
    )
    head = dataset_head(request, version, versions, collections=collections, picture_url=context.stills.best.url)
    return head.on(render(request, "catalogue/dataset.html", {"page": context, **head.context}))


@require_safe
def segmentation(request: HttpRequest, ref: Reference, path: str) -> HttpResponse:
    """``/datasets/<name>[@<v>]/segmentations/<path>/``: what a segmentation labels, how it was made, where it is."""
    return _layer(request, ref, path, are_labels=True)


@require_safe
def volume(request: HttpRequest, ref: Reference, path: str) -> HttpResponse:
    """``/datasets/<name>[@<v>]/volumes/<path>/``: the same of a volume that is no segmentation."""
    return _layer(request, ref, path, are_labels=False)


def _layer(request: HttpRequest, ref: Reference, path: str, *, are_labels: bool) -> HttpResponse:
    version = find_version(ref.name, ref.label, request.user)
    found = find_volume(version, path)
    if (found.kind in LABEL_KINDS) is not are_labels:
        return redirect(layer_url(version, found))
    labels = segmentation_of(found)
    context = layer_page(
        version,
        found,
        run=shown_run(labels, request.user) if labels else None,
        pictures=known_picture_names(version),
        site_url=site_url(request),
        data_url=data_url(request),
    )
    head = layer_head(request, version, found, picture_url=context.picture.url)
    return head.on(render(request, "catalogue/layer.html", {"page": context, **head.context}))


@require_safe
def api(request: HttpRequest) -> HttpResponse:
    """``/api/``: what programs can ask for, to read and to try."""
    from datasets.catalogue.pages.api import build_api_page  # its document is large, and most visitors never see it

    return render(request, "catalogue/api.html", {"page": build_api_page(request.user, site_url(request))})


@require_safe
def try_api(request: HttpRequest) -> HttpResponse:
    """``/api/try?operation=…``: leads a form of ``/api/`` to the address that it means."""
    from datasets.catalogue.pages.api import asked_address

    return HttpResponse(status=303, headers={"Location": asked_address(request.GET)})


@require_safe
def organelles(request: HttpRequest) -> HttpResponseBase:
    """``/organelles/?sort=&view=&format=``: every class of structures, in a picture or as a row, with what shows it."""
    tree = organelle_tree(request.user)
    asked = read_asked(request, ORGANELLE_ORDERS, ("grid", "table"))
    if asks_for_file(request):
        return list_response(request, "organelles", _classes(request, tree), asked)
    newest = {} if asked.is_table else newest_segmentations(node for root in tree for node in root)
    pictures = {version: known_picture_names(version) for version in {it.version for it in newest.values()}}
    context = organelles_page(
        tree,
        asked,
        {pk: (it, pictures[it.version]) for pk, it in newest.items()},
        rows=list(_classes(request, tree).rows(asked.sort, MOST_ROWS)) if asked.is_table else [],
    )
    return render(request, "catalogue/organelles.html", {"page": context})


def _classes(request: HttpRequest, tree: Sequence[OrganelleNode]) -> RowList[OrganelleRow]:
    there = list_datasets(request.user, most=0).facets["organelle"]
    return organelle_list(tree, {it.value: it.count for it in there})


@require_safe
def organelle(request: HttpRequest, short_name: str) -> HttpResponseBase:
    """``/organelles/<class>/?sort=&view=&format=``: what the class is, and its segmentations in pictures."""
    node = find_organelle(short_name, request.user)
    listed = segmentation_list(with_cards(segmentations_of(node.organelle, request.user)))
    asked = read_asked(request, SEGMENTATION_ORDERS, ("grid", "table"), is_long=node.segmentation_count > FEW)
    if asks_for_file(request):
        return list_response(request, short_name, listed, asked)
    page = listed.page(asked.sort, CARDS_PER_PAGE, request.GET.get("page"), count=node.segmentation_count)
    pictures = {version: known_picture_names(version) for version in {it.version for it in page}}
    context = organelle_page(
        node,
        asked,
        [] if asked.is_table else [(it, pictures[it.version]) for it in page],
        rows=list(listed.write(list(page))) if asked.is_table else [],
        is_long=node.segmentation_count > FEW,
        others=list(other_layers_of(node.organelle, request.user)[: OTHERS_SHOWN + 1]),
        crop_count=count_crops(crops_showing(visible_crops(request.user), node.organelle)),
        **neighbours(asked, page),
    )
    way = [*lineage(node.organelle), node.organelle]
    said = linked_data(
        request,
        [term_node(node.organelle, site_url(request), synonyms=True)],
        *((it.long_name, reverse("catalogue:organelle", kwargs={"short_name": it.short_name})) for it in way),
        under="organelles",
    )
    return render(request, "catalogue/organelle.html", {"page": context, "linked_data": said})


@require_safe
def slices(request: HttpRequest, ref: Reference) -> HttpResponse:
    """``/datasets/<name>[@<v>]/slices/?position=&zoom=&tilt=&layers=``: pictures cut by the server, for every browser.

    The page's form leads to the address of what it asks for; with ``live=1`` it is answered at once, as a part. So does
    what the viewer shows, ``state``.
    """
    version = find_version(ref.name, ref.label, request.user)
    if (state := state_in(request.GET)) is not None:
        return redirect(f"{request.path}?{query_of_state(version, state)}")
    form = slices_form(version, request.GET, site_url=site_url(request))
    if form is not None and request.GET.get("live") == "1":
        return render(request, "catalogue/cuts.html", {"form": form})
    if form is not None and is_of_form(request.GET):
        return redirect(f"{request.path}?{form.query}")
    context = {
        "page": slices_page(version, form, is_start=not request.GET),
        "canonical": reverse("catalogue:slices", kwargs={"ref": str(version)}),
    }
    return render(request, "catalogue/slices_page.html", context)


@require_safe
def viewer(request: HttpRequest, ref: Reference) -> HttpResponse:
    """``/datasets/<name>[@<v>]/view/?layers=&position=&view=``: the viewer; ``?embedded=1`` in a frame."""
    version = find_version(ref.name, ref.label, request.user)
    state = requested_state(request, version)
    return _embedded_viewer(request, version, state) if _is_embedded(request) else _viewer(request, version, state)


@require_safe
def short_link(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/v/<id>/``: the viewer as someone saw it, or a page that says what has changed; ``?part=1`` what is left."""
    try:
        opened = find_link(
            identifier,
            request.user,
            data_url=data_url(request),
            origins=settings.CONFIG.external_origins,
            part=request.GET.get("part") == "1",
        )
    except LinkChanged as error:
        page = changed_link_page(error, identifier)
        return render(request, "catalogue/short_link_problem.html", {"problem": page}, status=page.status)
    except NotFound as error:
        return render(request, "catalogue/short_link_problem.html", {"problem": error}, status=error.status)
    return _viewer(request, opened.versions[0], opened.state)


@require_safe
def selection(request: HttpRequest) -> HttpResponse:
    """``/selection/``: what someone has gathered for download so far."""
    context = selection_page(look_up_layers(gathered(request.session), request.user), site_url=site_url(request))
    return render(request, "catalogue/selection.html", {"page": context})


@require_POST
def gather_layers(request: HttpRequest) -> HttpResponse:
    """``/selection/add``: more of it, ``layer=name@version/path`` each."""
    gather(request.session, request.POST.getlist("layer"), by=request.user)
    return redirect("catalogue:selection")


@require_POST
def leave_out_layers(request: HttpRequest) -> HttpResponse:
    """``/selection/remove``: less of it, each ``layer``, or ``all=1``."""
    layers = gathered(request.session) if request.POST.get("all") == "1" else request.POST.getlist("layer")
    leave_out(request.session, layers)
    return redirect("catalogue:selection")


@require_POST
def keep_selection(request: HttpRequest) -> HttpResponse:
    """``/selection/keep``: put what is gathered under an address of its own, and go there."""
    kept = store_selection(layers=gathered(request.session), by=request.user)
    return redirect("catalogue:kept_selection", identifier=kept.pk)


@require_safe
def kept_selection(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/selections/<id>/``: layers of several datasets, and how to download them at once."""
    kept, layers = find_selection(identifier, request.user)
    context = selection_page(layers, kept, site_url=site_url(request))
    return render(request, "catalogue/selection.html", {"page": context})


@require_safe
def picture(request: HttpRequest, ref: Reference, name: str, width: int | None = None) -> HttpResponse:
    """``/datasets/<name>[@<v>]/pictures/<picture>[.<width>].webp``"""
    version = named_version(ref.name, ref.label, request.user)
    return _picture(request, ref, version, read_picture(version, small_name(name, width) if width else name))


@require_safe
def thumbnail(request: HttpRequest, ref: Reference) -> HttpResponse:
    """``/datasets/<name>[@<v>]/thumbnail.webp``: the picture that stands for it, whatever it is called."""
    version = named_version(ref.name, ref.label, request.user)
    return _picture(request, ref, version, read_thumbnail(version))


def _picture(request: HttpRequest, ref: Reference, version: DatasetVersion, content: bytes) -> HttpResponse:
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    response = HttpResponse(content, content_type="image/webp", headers={"ETag": etag})
    if not is_open(version):
        response["Cache-Control"] = "private, no-store"
    elif ref.label is None:
        response["Cache-Control"] = "no-cache"
    else:
        response["Cache-Control"] = f"public, max-age={PICTURE_FRESH_S}"
    return get_conditional_response(request, etag=etag, response=response) or response


@csp_override(VIEWER_CSP)
def _viewer(request: HttpRequest, version: DatasetVersion, state: dict[str, Any]) -> HttpResponse:
    return _render_viewer(request, version, state)


@xframe_options_sameorigin
@csp_override(EMBEDDED_VIEWER_CSP)
def _embedded_viewer(request: HttpRequest, version: DatasetVersion, state: dict[str, Any]) -> HttpResponse:
    return _render_viewer(request, version, state)


def _render_viewer(request: HttpRequest, version: DatasetVersion, state: dict[str, Any]) -> HttpResponse:
    config = viewer_page(
        version, state, data_url=data_url(request), site_url=site_url(request), embedded=_is_embedded(request)
    )
    query = query_of_state(version, state)
    slices_url = f"{reverse('catalogue:slices', kwargs={'ref': str(version)})}?{query}"
    slices = slices_of(version, known_picture_names(version))
    preview = viewer_preview(
        version,
        query,
        path=request.get_full_path(),
        still_url=slices.planes[0].best_url if slices.planes else "",
        site_url=site_url(request),
    )
    context = {
        "config": config,
        "slices": slices,
        "slices_url": slices_url,
        "preview": preview,
        "canonical": reverse("catalogue:viewer", kwargs={"ref": str(version)}),
    }
    return render(request, "catalogue/viewer.html", context)


def _is_embedded(request: HttpRequest) -> bool:
    return request.GET.get("embedded") == "1"
