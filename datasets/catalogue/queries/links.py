"""Short links, as one user may open them."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.catalogue.models import DatasetVersion, StateLink
from datasets.catalogue.queries.datasets import NotFound, find_version
from datasets.catalogue.queries.visibility import Viewer, visible_to


@dataclass(frozen=True)
class OpenedLink:
    """A short link and the versions it shows, all of them visible to who opens it."""

    link: StateLink
    versions: tuple[DatasetVersion, ...]


def find_link(identifier: str, user: Viewer) -> OpenedLink:
    """The short link ``identifier`` with what it shows.

    Raises:
        NotFound: there is none, or it shows something that ``user`` may not know of: the two look alike.
        VersionRetired: a version it shows was withdrawn.
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
    if link is None or seen < len(names):
        raise absent
    try:
        versions = tuple(_find_pinned(source, user) for source in link.sources)
    except NotFound:
        raise absent from None
    if not versions:
        raise absent
    return OpenedLink(link=link, versions=versions)


def _find_pinned(source: str, user: Viewer) -> DatasetVersion:
    name, _, label = source.partition("@")
    return find_version(name, label, user)
