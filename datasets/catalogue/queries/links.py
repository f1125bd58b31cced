"""Short links, as one user may open them: what was seen, or what has changed since."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from datasets.catalogue.models import DatasetVersion, State, StateLink
from datasets.catalogue.queries.datasets import NotFound, find_version, newest_among, versions_of
from datasets.catalogue.queries.visibility import Viewer, may_see_drafts, visible_to
from datasets.catalogue.state_sources import SourceRefused, data_address, layer_sources, pinned_version
from datasets.volumes.errors import CisternaError


@dataclass(frozen=True)
class OpenedLink:
    """A short link, the versions it shows, all of them visible to who opens it, and the state to show now."""

    link: StateLink
    versions: tuple[DatasetVersion, ...]
    state: dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What has happened to a part of what a link showed.

    Args:
        what: in words.
        layers: the names of the layers that cannot be shown as they were.
        instead: another version that the caller may open, if there is one.
    """

    what: str
    layers: tuple[str, ...] = ()
    instead: DatasetVersion | None = None


class LinkChanged(CisternaError):
    """A short link shows something that is no longer as it was."""

    slug = "link-changed"
    status = 410
    title = "What this link showed has changed"

    def __init__(self, link: StateLink, changes: Sequence[Change], *, remaining: bool) -> None:
        super().__init__("; ".join(change.what for change in changes), where=f"/v/{link.id}/")
        self.state = link.state
        self.changes = tuple(changes)
        self.remaining = remaining


def find_link(
    identifier: str, user: Viewer, *, data_url: str, origins: Sequence[str] = (), part: bool = False
) -> OpenedLink:
    """The short link ``identifier`` with what it shows.

    Args:
        data_url: absolute address of the data plane, ending in ``/data/``; a portal that has moved is followed.
        origins: other origins that sources may lie on.
        part: show what is left where something has changed.

    Raises:
        NotFound: there is none, or it shows something that ``user`` may not know of: the two look alike.
        LinkChanged: something it shows has changed, and ``part`` was not asked for or nothing is left.
    """
    absent = NotFound(
        "No view is kept at this address, or what it shows is not open to you",
        where=f"/v/{identifier}/",
        fix="Check the address, or sign in",
    )
    link = StateLink.objects.filter(pk=identifier).first()
    # Asked for a link that is not there, too: the two cost the same.
    names = {source.partition("@")[0] for source in link.sources} if link else {""}
    seen = visible_to(user).filter(name__in=names).count()
    if link is None or seen < len(names) or not link.sources:
        raise absent
    found = _Found()
    for name in sorted(names):
        labels = [source.partition("@")[2] for source in link.sources if source.partition("@")[0] == name]
        _look_up(name, labels, user, found, absent)
    state = _at_this_address(link, data_url)
    kept = list(_kept_layers(state, found, data_url, origins))
    if found.changes:
        remaining = bool(found.versions) and any(_shows(layer, found.versions, data_url) for layer in kept)
        if not (part and remaining):
            raise LinkChanged(link, found.changes, remaining=remaining)
        state = {**state, "layers": kept}
    return OpenedLink(link=link, versions=tuple(found.versions.values()), state=state)


@dataclass
class _Found:
    """The versions that can be shown, by ``name@label``, and what has changed."""

    versions: dict[str, DatasetVersion] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)


def _look_up(name: str, labels: Iterable[str], user: Viewer, found: _Found, absent: NotFound) -> None:
    """Find the versions of one dataset that a link shows.

    Raises:
        NotFound: a version is none that ``user`` may know of.
    """
    dataset = visible_to(user).get(name=name)
    rows = {row.label: row for row in versions_of(dataset, user)}
    newest = newest_among(rows.values())
    for label in labels:
        reference = f"{name}@{label}"
        row = rows.get(label)
        if row is not None and row.state != State.RETIRED:
            found.versions[reference] = find_version(name, label, user)
        elif row is not None:
            found.gone.add(reference)
            what = f"{reference} was retired: {row.retired_reason}"
            found.changes.append(Change(what, instead=row.successor or newest))
        elif label == "draft" and may_see_drafts(user, dataset):
            found.gone.add(reference)
            found.changes.append(Change(f"The draft of {name} is no longer one", instead=newest))
        else:
            raise absent


def _at_this_address(link: StateLink, data_url: str) -> dict[str, Any]:
    """The state with the portal's own sources at ``data_url``, where they were stored under another address of it."""
    text_of = "\n".join(source for layer in _layers(link.state) for source in layer_sources(layer))
    site = data_url.removesuffix("data/")
    pins = "|".join(re.escape(source) for source in link.sources)
    buckets = pins.replace("@", r"\.v")
    sites = set(re.findall(rf"(https?://[^\s|?#]+?/)(?:data/(?:{pins})|s3/(?:{buckets}))/", text_of))
    return _replaced(link.state, sites.pop(), site) if len(sites) == 1 else dict(link.state)


def _replaced(value: Any, before: str, after: str) -> Any:
    if isinstance(value, str):
        here = rf"^((?:zarr[23]?://)?(?:s3\+)?){re.escape(before)}(?=data/|s3/)"
        return re.sub(here, lambda match: match[1] + after, value)
    if isinstance(value, list):
        return [_replaced(item, before, after) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, before, after) for key, item in value.items()}
    return value


def _kept_layers(
    state: Mapping[str, Any], found: _Found, data_url: str, origins: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """The layers that can be shown as they were; of the others, a change is noted."""
    refused: dict[str, list[str]] = {}
    for layer in _layers(state):
        name = str(layer.get("name", ""))
        try:
            pins = {pinned_version(source, data_url=data_url, origins=origins) for source in layer_sources(layer)}
        except SourceRefused as error:
            refused.setdefault(str(error), []).append(name)
            continue
        if pins & found.gone:
            continue
        missing = [path for path in _paths(layer, data_url) if _is_missing(path, found.versions)]
        if missing:
            reference, path = missing[0]
            found.changes.append(Change(f"{reference} has no layer {path!r} any more", (name,)))
            continue
        yield layer
    for what, layers in refused.items():
        found.changes.append(Change(f"The source {what}", tuple(layers)))


def _is_missing(place: tuple[str, str], versions: Mapping[str, DatasetVersion]) -> bool:
    """Whether a draft has lost what lies at ``place``; a frozen version loses nothing."""
    reference, path = place
    version = versions.get(reference)
    if version is None or version.number is not None:
        return False
    return not any(path == volume.path or path.startswith(f"{volume.path}/") for volume in version.volumes.all())


def _paths(layer: dict[str, Any], data_url: str) -> Iterator[tuple[str, str]]:
    """What a layer reads of this portal: (``name@label``, path)."""
    for source in layer_sources(layer):
        bare = data_address(source, data_url)
        if bare.startswith(data_url):
            reference, _, path = unquote(bare.removeprefix(data_url)).partition("/")
            yield reference, path.strip("/")


def _shows(layer: dict[str, Any], versions: Mapping[str, DatasetVersion], data_url: str) -> bool:
    return any(reference in versions for reference, _ in _paths(layer, data_url))


def _layers(state: Any) -> list[dict[str, Any]]:
    layers = state.get("layers") if isinstance(state, dict) else None
    return [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []
