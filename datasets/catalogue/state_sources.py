"""What a Neuroglancer state would read: the portal's own data, data of an allowed origin, or something refused.

The viewer judges states that are pasted into it by the same rules (``frontend/src/viewer/sources.ts``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from datasets.catalogue.models.dataset import DATASET_NAME

LOCAL = "local://annotations"

# Steps after the first "|" of a source that read what its first part names, and nothing else.
_READING_STEP = re.compile(r"(zarr[23]?|n5|neuroglancer-precomputed|precomputed|gzip|zip):[^:?#\\]*")
OLD_FORMAT = re.compile(r"^(zarr[23]?|n5|precomputed)://(?=[a-z0-9+]+://)")
_DOTS = re.compile(r"(^|/)(\.|%2e){1,2}(/|$)", re.IGNORECASE)
_PINNED = re.compile(rf"({DATASET_NAME})(?:@|%40)([1-9][0-9]{{0,8}}|draft)/\S*")
_BUCKET = re.compile(rf"({DATASET_NAME})(?:\.v([1-9][0-9]{{0,8}}))?(/\S*)")
_ADDRESS = re.compile(r"\s*[a-z][a-z0-9+.-]*:(//|\S)", re.IGNORECASE)

_FURTHER_SOURCES = ("mesh", "skeletons", "skeleton", "annotations", "annotationSource")
# Texts that people or shaders write; nothing is read from them.
_FREE_TEXTS = {"shader", "skeletonShader", "description", "title", "name", "segmentQuery", "codeVisible"}


class SourceRefused(ValueError):
    """A source may not be read; the message says which and why."""


def layer_sources(layer: dict[str, Any]) -> list[str]:
    """Every address in a layer of a state from which data would be read, each once, in order."""
    further = [layer[key] for key in _FURTHER_SOURCES if isinstance(layer.get(key), str)]
    others = {key: value for key, value in layer.items() if key != "source"}
    source = layer.get("source")
    found = [*_addresses(source), *_stray_addresses(source), *further, *_stray_addresses(others)]
    return list(dict.fromkeys(found))


def stray_sources(state: dict[str, Any]) -> list[str]:
    """Addresses in a state outside its layers."""
    return list(_stray_addresses({key: value for key, value in state.items() if key != "layers"}))


def pinned_version(url: str, *, data_url: str, origins: Sequence[str]) -> str | None:
    """The version of this portal's data that a source shows (``name@version``); ``None`` where it shows none of ours.

    Args:
        url: a source, written ``zarr://https://…`` or ``https://…|zarr3:``.
        data_url: absolute address of this portal's data plane, ending in ``/data/``.
        origins: other origins that may be read.

    Raises:
        SourceRefused: it is neither this portal's data with its version nor of one of ``origins``.
    """
    if url == LOCAL:
        return None
    bare = data_address(url, data_url)
    _require_straight(url, bare)
    if bare.startswith(data_url):
        pinned = _PINNED.fullmatch(bare.removeprefix(data_url))
        if pinned is None:
            raise SourceRefused(f"{_short(url)} names no version of a dataset")
        return f"{pinned[1]}@{pinned[2]}"
    if origin_of(bare) not in origins:
        raise SourceRefused(f"{_short(url)} is neither data of this portal nor of an origin it allows")
    return None


def is_of_origin(url: str, origins: Sequence[str]) -> bool:
    """Whether a source is read from one of ``origins``, in a way that is known here."""
    bare = _bare(url)
    try:
        _require_straight(url, bare)
    except SourceRefused:
        return False
    return origin_of(bare) in origins


def _require_straight(url: str, bare: str) -> None:
    if any(not _READING_STEP.fullmatch(step) for step in url.strip().split("|")[1:]):
        raise SourceRefused(f"{_short(url)} is read in a way that is not known here")
    if re.search(r"[?#\\\s]", bare) or _DOTS.search(bare):
        raise SourceRefused(f"{_short(url)} is a crooked address")


def _bare(url: str) -> str:
    return OLD_FORMAT.sub("", url.strip().partition("|")[0], count=1)


def data_address(url: str, data_url: str) -> str:
    """The address that a source is read from, without its format. What is read of this portal as from a bucket is at
    the same place of its data plane.

    Args:
        data_url: absolute address of this portal's data plane, ending in ``/data/``.
    """
    bare = _bare(url)
    buckets_url = f"s3+{data_url.removesuffix('data/')}s3/"
    bucket = _BUCKET.fullmatch(bare.removeprefix(buckets_url)) if bare.startswith(buckets_url) else None
    if bucket is None:
        return bare
    return f"{data_url}{bucket[1]}" + (f"@{bucket[2]}" if bucket[2] else "") + bucket[3]


def origin_of(address: str) -> str:
    """Where a browser would ask; ``""`` where it would not, or the address has a name in it."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        host = f"[{ip_address(host).compressed}]" if ":" in host else host
    except ValueError:
        return ""
    if not host or "@" in parts.netloc:
        return ""
    if parts.scheme == "s3":  # Neuroglancer asks a bucket of Amazon's by its own host name
        return f"https://{host}.s3.amazonaws.com"
    scheme = parts.scheme.removeprefix("s3+")
    if scheme not in ("http", "https"):
        return ""
    default = {"http": 80, "https": 443}[scheme]
    return f"{scheme}://{host}" + ("" if port in (None, default) else f":{port}")


def _addresses(source: Any) -> Iterator[str]:
    """Addresses in a source: a text, an object with ``url``, or a list of these. All else as it stands, in JSON."""
    if isinstance(source, str):
        if source:
            yield source
    elif isinstance(source, list):
        for item in source:
            yield from _addresses(item)
    elif isinstance(source, dict) and isinstance(source.get("url"), str):
        yield from _addresses(source["url"])
    elif source is not None:
        yield json.dumps(source)


def _stray_addresses(value: Any, key: str = "") -> Iterator[str]:
    """Texts that look like an address, wherever they stand, so that no place for a source is overlooked."""
    if isinstance(value, str):
        if key not in _FREE_TEXTS and _ADDRESS.match(value):
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _stray_addresses(item, key)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _stray_addresses(item, name)


def _short(url: str) -> str:
    return repr(url[:200])
