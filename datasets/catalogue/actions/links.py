"""Short links: storing what someone saw."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from datasets.catalogue.models import StateLink
from datasets.catalogue.models.dataset import DATASET_NAME
from datasets.catalogue.queries.datasets import named_version
from datasets.catalogue.state_sources import SourceRefused, layer_sources, pinned_version, stray_sources
from datasets.volumes.errors import CisternaError

MAX_STATE_BYTES = 1024 * 1024
MAX_LAYERS = 1000
_CHARACTER_0 = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""As it stands in JSON. PostgreSQL keeps no text that has it."""


class StateRefused(CisternaError):
    """A viewer state cannot be stored: too large, malformed, or showing data from elsewhere."""

    slug = "state-refused"
    status = 422
    title = "This view cannot be shared"


def store_link(
    *,
    state: Any,
    data_url: str,
    origins: Sequence[str] = (),
    dataset: str = "",
    by: AbstractBaseUser | AnonymousUser,
) -> StateLink:
    """Store a viewer state; the same state again gives the same link.

    Args:
        state: Neuroglancer's JSON state.
        data_url: absolute address of this portal's data plane; sources below it must be pinned to a version.
        origins: other origins that sources may lie on.
        dataset: the version (``name@3``) whose data elsewhere are shown, where no source is this portal's.
        by: who shares; they must be able to see what they share.

    Raises:
        StateRefused: naming the layer and what is wrong with it.
        NotFound, VersionRetired: a source is not there for ``by``.
    """
    text, length = _written(state)
    if length > MAX_STATE_BYTES:
        raise StateRefused("The view is larger than 1 MiB", fix="Select fewer segments")
    if _CHARACTER_0.search(text):
        raise StateRefused("There is a character 0 in it", fix="Share from the viewer")
    try:
        found = _shown_versions(state, data_url, origins)
    except RecursionError:
        raise StateRefused("It is nested too deeply", fix="Share from the viewer") from None
    if not found:
        if not re.fullmatch(rf"{DATASET_NAME}@([1-9][0-9]{{0,8}}|draft)", dataset):
            raise StateRefused("It shows no data of this portal", fix="Share it from where its data is")
        found, text = {dataset}, f"{dataset}\n{text}"
    versions = sorted(found)
    for version in versions:
        name, _, label = version.partition("@")
        named_version(name, label, by)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return StateLink.objects.get_or_create(digest=digest, defaults={"state": state, "sources": versions})[0]


def _shown_versions(state: Any, data_url: str, origins: Sequence[str]) -> set[str]:
    layers = state.get("layers") if isinstance(state, dict) else None
    if not isinstance(layers, list) or not layers or len(layers) > MAX_LAYERS:
        raise StateRefused("This is no viewer state with layers", fix="Share from the viewer")
    found = _pinned_versions(stray_sources(state), "", data_url, origins)
    for layer in layers:
        if not isinstance(layer, dict):
            raise StateRefused("A layer is no object", fix="Share from the viewer")
        found |= _pinned_versions(layer_sources(layer), str(layer.get("name", "")), data_url, origins)
    return found


def _written(state: Any) -> tuple[str, int]:
    """The state as JSON, and how many bytes that is."""
    try:
        text = json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text, len(text.encode())
    except ValueError:  # half a surrogate pair, or a number beyond all: JSON has neither
        raise StateRefused("It has text or a number that cannot be kept", fix="Share from the viewer") from None


def _pinned_versions(sources: Iterable[str], name: str, data_url: str, origins: Sequence[str]) -> set[str]:
    versions = set()
    for url in sources:
        try:
            version = pinned_version(url, data_url=data_url, origins=origins)
        except SourceRefused as error:
            raise StateRefused(
                f"Its source {error}",
                where=name,
                fix="Remove it: a short link shows this portal's data, pinned to a version, or data of allowed origins",
            ) from None
        if version is not None:
            versions.add(version)
    return versions
