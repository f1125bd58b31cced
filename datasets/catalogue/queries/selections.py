"""Layers gathered for download, as one user may see them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from datasets.catalogue.models import DatasetVersion, Selection, Volume
from datasets.catalogue.models.dataset import DATASET_NAME
from datasets.catalogue.queries.datasets import NotFound, VersionRetired, find_version, find_volume
from datasets.catalogue.queries.visibility import Viewer, visible_to
from datasets.volumes.errors import CisternaError

MAX_LAYERS = 1000
_LAYER = re.compile(rf"({DATASET_NAME})@([1-9][0-9]{{0,8}})/(.{{1,512}})", re.DOTALL)


class SelectionRefused(CisternaError):
    """What should be selected is no list of layers."""

    slug = "selection-refused"
    status = 422
    title = "This cannot be selected"


@dataclass(frozen=True)
class SelectedLayer:
    """A layer of a version, and how it is written in a selection."""

    reference: str
    version: DatasetVersion
    volume: Volume


@dataclass(frozen=True)
class Layers:
    """Layers by version, in the order of their references; ``gone`` says of the others what has become of them."""

    found: tuple[SelectedLayer, ...] = ()
    gone: tuple[tuple[str, CisternaError], ...] = ()


def layer_reference(version: DatasetVersion, volume: Volume) -> str:
    """How a layer is written: ``name@version/path``."""
    return f"{version}/{volume.path}"


def check_layers(layers: object) -> list[str]:
    """The references of a list, sorted, each once.

    Raises:
        SelectionRefused: it is none, or too long, or one of them is no reference of a layer.
    """
    if not isinstance(layers, list) or not layers:
        raise SelectionRefused("No layer is named", fix='Name layers as ["name@1/path", …]')
    if len(layers) > MAX_LAYERS:
        raise SelectionRefused(f"More than {MAX_LAYERS} layers", fix="Make several selections")
    for layer in layers:
        if not isinstance(layer, str) or not _LAYER.fullmatch(layer):
            raise SelectionRefused(
                "This is no layer of a published version", where=str(layer)[:100], fix="Write it as name@1/path"
            )
    return sorted(set(layers))


def look_up_layers(layers: Sequence[str], user: Viewer) -> Layers:
    """The layers that ``user`` may see.

    Args:
        layers: from :func:`check_layers`.
    """
    versions: dict[str, DatasetVersion | CisternaError] = {}
    found: list[SelectedLayer] = []
    gone: list[tuple[str, CisternaError]] = []
    for layer in layers:
        match = _LAYER.fullmatch(layer)
        assert match is not None, "layers are checked"
        name, number, path = match.groups()
        reference = f"{name}@{number}"
        if reference not in versions:
            versions[reference] = _version(name, number, user)
        version = versions[reference]
        if isinstance(version, CisternaError):
            gone.append((layer, version))
            continue
        try:
            found.append(SelectedLayer(layer, version, find_volume(version, path)))
        except NotFound as error:
            gone.append((layer, error))
    return Layers(tuple(found), tuple(gone))


def _version(name: str, number: str, user: Viewer) -> DatasetVersion | CisternaError:
    try:
        return find_version(name, number, user)
    except (NotFound, VersionRetired) as error:
        return error


def require_layers(layers: object, user: Viewer) -> list[str]:
    """The references of a list, as :func:`check_layers` has them, of layers that are all there for ``user``.

    Raises:
        SelectionRefused: it is no such list.
        NotFound, VersionRetired: one of them is not there.
    """
    checked = check_layers(layers)
    for _, error in look_up_layers(checked, user).gone:
        raise error
    return checked


def find_selection(identifier: str, user: Viewer) -> tuple[Selection, Layers]:
    """The selection ``identifier`` and its layers, those of retired versions among what is gone.

    Raises:
        NotFound: there is none, or it has layers that ``user`` may not know of: the two look alike.
    """
    selection = Selection.objects.filter(pk=identifier).first()
    # Asked for one that is not there, too: the two cost the same.
    names = {layer.partition("@")[0] for layer in selection.layers} if selection else {""}
    if visible_to(user).filter(name__in=names).count() < len(names) or selection is None:
        raise NotFound(
            "No selection is kept at this address, or its data are not open to you",
            where=f"/selections/{identifier}/",
            fix="Check the address, or sign in",
        )
    return selection, look_up_layers(selection.layers, user)


def covering(layers: Iterable[SelectedLayer]) -> list[tuple[DatasetVersion, str]]:
    """Version and path of what has to be downloaded: a layer that lies inside another one comes with it."""
    kept: list[tuple[DatasetVersion, str]] = []
    for layer in layers:
        # Sorted by reference, a layer comes before those inside it, though others may stand between.
        path = layer.volume.path
        if not any(version == layer.version and f"{path}/".startswith(f"{above}/") for version, above in kept):
            kept.append((layer.version, path))
    return kept
