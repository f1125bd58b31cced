"""Downloading a version, a layer or a selection with tools people have, as texts to copy. Tests run them as they stand.

Each can be run again: what is there already is not fetched twice, what was cut off goes on. All put the same files into
the same folder, so that one goes on where another stopped, and ``sha256sum`` checks what any of them brought.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from datasets.catalogue.addresses import bucket_name
from datasets.catalogue.filenames import stem_of
from datasets.catalogue.models import DatasetVersion, Selection
from datasets.catalogue.presentation import format_bytes, format_count
from datasets.catalogue.queries.inventories import measure_inventory
from datasets.catalogue.queries.visibility import is_open
from datasets.storage.inventory import Extent

MANIFESTS = {
    "jsonl": "JSON Lines",
    "csv": "CSV",
    "sha256sum": "sha256sum",
    "aria2": "aria2",
    "s5cmd": "s5cmd",
    "urls": "addresses",
}
"""The formats of manifests, and what pages call them."""


@dataclass(frozen=True)
class DownloadWay:
    """A tool, what it needs in a few words, and the text to copy."""

    identifier: str
    name: str
    note: str
    text: str


@dataclass(frozen=True)
class ManifestLink:
    """A list of all objects in one format."""

    name: str
    url: str


@dataclass(frozen=True)
class Downloads:
    """How to download something: ``extent`` in words and ``root_digest`` are empty where there is no inventory."""

    extent: str
    root_digest: str
    ways: tuple[DownloadWay, ...]
    manifests: tuple[ManifestLink, ...]


@dataclass(frozen=True)
class _Target:
    """What is downloaded, and where to.

    Args:
        stem: what the files of its lists are called.
        folder: where all of it goes; below it stand what the lists call the files.
        above: what stands before ``name@version`` in their paths here: empty, or a folder with its slash.
        places: bucket and path of each part over S3, and its folder; empty where it is not read over S3.
    """

    stem: str
    folder: str
    above: str
    places: tuple[tuple[str, str], ...]
    manifest_url: str
    site_url: str
    is_open: bool
    has_digests: bool

    def list_url(self, name: str) -> str:
        return f"{self.manifest_url}{'&' if '?' in self.manifest_url else '?'}format={name}"


def version_downloads(version: DatasetVersion, path: str = "", *, site_url: str) -> Downloads | None:
    """How to download ``version``, or the layer at ``path`` of it; None where its data are elsewhere.

    Args:
        site_url: absolute address of the site, without a trailing slash.
    """
    if not version.mounts.all():
        return None
    bucket = bucket_name(version)
    below = f"/{path}" if path else ""
    manifest = reverse("serving:manifest", kwargs={"ref": str(version)})
    target = _Target(
        stem=stem_of(version, path),
        folder=str(version),
        above="",
        places=((f"{bucket}{below}", f"{version}{below}"),) if bucket else (),
        manifest_url=f"{site_url}{manifest}{f'?{urlencode({"path": path}, safe="/")}' if path else ''}",
        site_url=site_url,
        is_open=is_open(version),
        has_digests=bool(version.manifest_digest),
    )
    return _downloads(target, measure_inventory(version, path), "" if path else version.manifest_digest)


def selection_downloads(
    selection: Selection, parts: Sequence[tuple[DatasetVersion, str]], *, site_url: str, is_whole: bool
) -> Downloads:
    """How to download ``selection``: every layer into a folder of its own.

    Args:
        parts: version and path of each layer, from :func:`~datasets.catalogue.queries.selections.covering`.
        is_whole: nothing of it is gone; else there are no lists of it.
    """
    folder = f"selection-{selection.pk}"
    target = _Target(
        stem=folder,
        folder=folder,
        above=f"{folder}/",
        places=tuple((f"{bucket_name(version)}/{path}", f"{folder}/{version}/{path}") for version, path in parts),
        manifest_url=f"{site_url}{reverse('serving:selection_manifest', kwargs={'identifier': selection.pk})}",
        site_url=site_url,
        is_open=all(is_open(version) for version, _ in parts),
        has_digests=all(version.manifest_digest for version, _ in parts),
    )
    return _downloads(target, None, "", has_lists=is_whole)


def _downloads(target: _Target, extent: Extent | None, root_digest: str, *, has_lists: bool = True) -> Downloads:
    lists = [name for name in MANIFESTS if name != "sha256sum" or target.has_digests]
    return Downloads(
        extent=f"{format_bytes(extent.size_bytes)} in {format_count(extent.objects, 'file')}" if extent else "",
        root_digest=root_digest,
        ways=(*_ways_over_s3(target), *(_ways_by_lists(target) if has_lists else ())),
        manifests=tuple(
            ManifestLink(MANIFESTS[name], target.list_url(name))
            for name in lists
            if has_lists and (name != "s5cmd" or target.places)
        ),
    )


def _ways_over_s3(target: _Target) -> Iterator[DownloadWay]:
    if not target.places:
        return
    site = target.site_url
    token = "" if target.is_open else ", with the S3 key of a token in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    unsigned = "--no-sign-request " if target.is_open else ""
    yield DownloadWay(
        "download-aws",
        "aws",
        f"pip install awscli{token}",
        "\n".join(
            f"aws s3 sync {unsigned}--endpoint-url {site}/s3 {shlex.quote(f's3://{key}/')} {shlex.quote(f'{folder}/')}"
            for key, folder in target.places
        ),
    )
    signed = "" if target.is_open else " --s3-env-auth"
    yield DownloadWay(
        "download-rclone",
        "rclone",
        f"many files at once{token}",
        "\n".join(
            f"rclone copy {shlex.quote(f':s3:{key}')} {shlex.quote(folder)}"
            f" --s3-provider Other --s3-endpoint {site}/s3{signed}"
            for key, folder in target.places
        ),
    )
    yield DownloadWay(
        "download-s5cmd",
        "s5cmd",
        f"very many small files at once{token}",
        "\n".join(
            f"s5cmd {unsigned}--endpoint-url {site}/s3 sync {shlex.quote(f's3://{key}/*')} {shlex.quote(f'{folder}/')}"
            for key, folder in target.places
        ),
    )


def _ways_by_lists(target: _Target) -> Iterator[DownloadWay]:
    header = "" if target.is_open else '"Authorization: Bearer $TOKEN"'
    token = "" if target.is_open else ", with a token in the environment as TOKEN"
    fetch = f"curl -fsS {f'-H {header} ' if header else ''}-o"
    stem, folder = shlex.quote(target.stem), shlex.quote(target.folder)
    yield DownloadWay(
        "download-aria2",
        "aria2",
        f"{'checks each file as it comes' if target.has_digests else '16 files at once'}{token}",
        f"{fetch} {stem}.aria2.txt {shlex.quote(target.list_url('aria2'))} &&\n"
        f"aria2c -i {stem}.aria2.txt -d {folder} -j 16 -c{' -V' if target.has_digests else ''}"
        " --use-head=true --retry-wait=2 --auto-file-renaming=false --console-log-level=warn --summary-interval=0"
        " --download-result=hide"
        f"{f' --header={header}' if header else ''}",
    )
    # Whole files alone get their names, so that what was cut off is not taken for one of them.
    get = f"curl -fsS{f' -H {header}' if header else ''} --create-dirs"
    yield DownloadWay(
        "download-curl",
        "curl",
        f"nothing to install{token}",
        f"{fetch} {stem}.urls.txt {shlex.quote(target.list_url('urls'))} &&\n"
        f'xargs -P 8 -n 1 sh -c \'file="{target.above}${{1#{target.site_url}/data/}}"\n'
        f'[ -e "$file" ] || {{ {get} -o "$file.part" "$1" && mv "$file.part" "$file"; }}\''
        f" - < {stem}.urls.txt",
    )
    if target.has_digests:
        yield DownloadWay(
            "download-check",
            "sha256sum",
            f"says of every file whether it is whole{token}",
            f"{fetch} {stem}.sha256 {shlex.quote(target.list_url('sha256sum'))} &&\n"
            f"(cd {folder} && sha256sum -c --quiet ../{stem}.sha256)",
        )
