"""Asking for external sources, and writing down what came of it. Pages and the API read the rows and ask nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from datasets.catalogue.external_sources import http_folder, may_be_read
from datasets.catalogue.models import Crop, Dataset, ExternalFormat, ExternalMesh, SourceCheck, Volume
from datasets.catalogue.queries.datasets import NotFound
from datasets.catalogue.state_sources import origin_of
from datasets.storage.reachability import Folder, Reach, Reached, reach_folders

# One of these a source has at its address; arrays of N5 stand below groups that may have no attributes.
_DOCUMENTS = {
    ExternalFormat.N5: ("attributes.json", "s0/attributes.json"),
    ExternalFormat.ZARR: ("zarr.json", ".zgroup", ".zarray"),
    ExternalFormat.PRECOMPUTED: ("info",),
}
_AT_ONCE = 64
_ROWS = 500


@dataclass(frozen=True)
class CheckedSource:
    """What came of a source, as the ``done``-th of ``total``."""

    check: SourceCheck
    done: int
    total: int


def check_sources(names: Sequence[str] = ()) -> Iterator[CheckedSource]:
    """Ask for the sources of the named datasets, or of all. What was found is written down as it comes.

    After a run over all datasets, rows of addresses that no version says any more are gone.

    Raises:
        NotFound: there is no dataset of such a name.
    """
    known = set(Dataset.objects.filter(name__in=names).values_list("name", flat=True))
    for name in names:
        if name not in known:
            raise NotFound(f"There is no dataset {name!r}", where=name)
    sources = _sources(names)
    return _check(sources, forget=not names)


def _check(sources: dict[str, ExternalFormat], *, forget: bool) -> Iterator[CheckedSource]:
    done = 0
    for batch in batched(sources.items(), _AT_ONCE):
        allowed = {url: format_ for url, format_ in batch if may_be_read(http_folder(url))}
        answers = reach_folders(
            [Folder(http_folder(url), _DOCUMENTS[format_]) for url, format_ in allowed.items()], allows=_allows
        )
        found = dict(zip(allowed, answers, strict=True))
        checks = [_written(url, found.get(url) or Reached(Reach.NOT_ALLOWED)) for url, _ in batch]
        _write(checks)
        for check in checks:
            done += 1
            yield CheckedSource(check, done, len(sources))
    if forget:
        gone = set(SourceCheck.objects.values_list("url", flat=True)) - sources.keys()
        for urls in batched(gone, _ROWS):
            SourceCheck.objects.filter(url__in=urls).delete()


def _allows(address: str) -> bool:
    return origin_of(address) in settings.CONFIG.external_origins


def _sources(names: Sequence[str]) -> dict[str, ExternalFormat]:
    """The addresses of the named datasets, as they are written there, with the format that is expected."""
    volumes, meshes, crops = Volume.objects.exclude(external_url=""), ExternalMesh.objects.all(), Crop.objects.all()
    if names:
        volumes = volumes.filter(version__dataset__name__in=names)
        meshes = meshes.filter(volume__version__dataset__name__in=names)
        crops = crops.filter(version__dataset__name__in=names)
    found = dict.fromkeys(meshes.order_by("url").values_list("url", flat=True), ExternalFormat.PRECOMPUTED)
    for field in ("labels_url", "image_url"):
        for url in crops.exclude(**{field: ""}).order_by(field).values_list(field, flat=True).distinct():
            if (format_ := _format_in(url)) is not None:
                found[url] = format_
    rows = volumes.order_by("external_url").values_list("external_url", "external_format")
    return found | {url: ExternalFormat(format_) for url, format_ in rows}


def _format_in(url: str) -> ExternalFormat | None:
    """The format that an address tells by a folder's ending: crops do not say theirs."""
    for part in url.rstrip("/").split("/"):
        for ending, format_ in ((".zarr", ExternalFormat.ZARR), (".n5", ExternalFormat.N5)):
            if part.endswith(ending):
                return format_
    return None


def _written(url: str, reached: Reached) -> SourceCheck:
    now = timezone.now()
    at = now if reached.state == Reach.REACHABLE else None
    return SourceCheck(url=url, state=str(reached.state), detail=reached.detail[:300], checked_at=now, reached_at=at)


@transaction.atomic
def _write(checks: Sequence[SourceCheck]) -> None:
    always = ["state", "detail", "checked_at"]
    # Of what is not reached now it stays known when it was reached last.
    for fields, rows in (
        ([*always, "reached_at"], [check for check in checks if check.reached_at]),
        (always, [check for check in checks if not check.reached_at]),
    ):
        SourceCheck.objects.bulk_create(rows, update_conflicts=True, unique_fields=["url"], update_fields=fields)
