"""Downloading a selection with tools people have, as texts to copy. Tests run them as they stand.

Each can be run again: what is there already is not fetched twice, what was cut off goes on.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from datasets.catalogue.models import DatasetVersion, Selection
from datasets.catalogue.queries.visibility import is_released


@dataclass(frozen=True)
class DownloadWay:
    """A tool, what it needs in a few words, and the text to copy."""

    identifier: str
    name: str
    note: str
    text: str


def selection_ways(
    selection: Selection, parts: Sequence[tuple[DatasetVersion, str]], *, site_url: str
) -> tuple[DownloadWay, ...]:
    """How to download ``selection``: every layer into a folder of its own, by the portal's S3 reading.

    Args:
        parts: version and path of each layer, from :func:`~datasets.catalogue.queries.selections.covering`.
        site_url: absolute address of the site, without a trailing slash.
    """
    is_open = all(is_released(version.dataset) for version, _ in parts)
    places = [
        (f"{version.dataset.name}.v{version.number}/{path}", f"selection-{selection.pk}/{version}/{path}")
        for version, path in parts
    ]
    unsigned = "--no-sign-request " if is_open else ""
    aws = [
        f"aws s3 sync {unsigned}--endpoint-url {site_url}/s3 {shlex.quote(f's3://{key}/')} {shlex.quote(f'{folder}/')}"
        for key, folder in places
    ]
    signed = "" if is_open else " --s3-env-auth"
    rclone = [
        f"rclone copy {shlex.quote(f':s3:{key}')} {shlex.quote(folder)}"
        f" --s3-provider Other --s3-endpoint {site_url}/s3{signed}"
        for key, folder in places
    ]
    token = "" if is_open else ", with the S3 key of a token in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    return (
        DownloadWay("download-aws", "aws", f"pip install awscli{token}", "\n".join(aws)),
        DownloadWay("download-rclone", "rclone", f"many files at once{token}", "\n".join(rclone)),
    )
