"""Short links: storing what someone saw."""

import hashlib
import json
import re
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from datasets.catalogue.models import StateLink
from datasets.catalogue.models.dataset import DATASET_NAME
from datasets.catalogue.queries.datasets import find_version
from datasets.volumes.errors import CisternaError

MAX_STATE_BYTES = 1024 * 1024
MAX_LAYERS = 1000


class StateRefused(CisternaError):
    """A viewer state cannot be stored: too large, malformed, or showing data from elsewhere."""

    slug = "state-refused"
    status = 422
    title = "This view cannot be shared"


def store_link(*, state: Any, data_url: str, by: AbstractBaseUser | AnonymousUser) -> StateLink:
    """Store a viewer state; the same state again gives the same link.

    Args:
        state: Neuroglancer's JSON state.
        data_url: absolute address of this portal's data plane; every source must lie below it, pinned to a version.
        by: who shares; they must be able to see what they share.

    Raises:
        StateRefused: naming the layer and what is wrong with it.
        NotFound, VersionRetired: a source is not there for ``by``.
    """
    text = json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode()) > MAX_STATE_BYTES:
        raise StateRefused("The view is larger than 1 MiB", fix="Select fewer segments")
    layers = state.get("layers") if isinstance(state, dict) else None
    if not isinstance(layers, list) or not layers or len(layers) > MAX_LAYERS:
        raise StateRefused("This is no viewer state with layers", fix="Share from the viewer")
    versions = sorted({version for layer in layers for version in _pinned_versions(layer, data_url)})
    for version in versions:
        name, _, label = version.partition("@")
        find_version(name, label, by)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return StateLink.objects.get_or_create(digest=digest, defaults={"state": state, "sources": versions})[0]


def _pinned_versions(layer: Any, data_url: str) -> set[str]:
    if not isinstance(layer, dict):
        raise StateRefused("A layer is no object", fix="Share from the viewer")
    name = str(layer.get("name", ""))
    versions = set()
    for url in _source_urls(layer.get("source"), name):
        match = re.fullmatch(
            rf"(?:zarr[23]?://)?{re.escape(data_url)}({DATASET_NAME}@(?:[1-9][0-9]{{0,8}}|draft))/\S*", url
        )
        if match is None:
            raise StateRefused(
                f"Its source {url[:200]!r} is not data of this portal with its version",
                where=name,
                fix="Remove the layer; only this portal's data, pinned to a version, can be behind a short link",
            )
        versions.add(match[1])
    return versions


def _source_urls(source: Any, name: str) -> list[str]:
    if source is None:
        return []
    items = source if isinstance(source, list) else [source]
    urls = []
    for item in items:
        url = item.get("url") if isinstance(item, dict) else item
        if not isinstance(url, str):
            raise StateRefused("Its source has no address", where=name, fix="Share from the viewer")
        urls.append(url)
    return urls
