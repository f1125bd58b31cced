"""What of a version can be downloaded, as machines are told: addresses with the formats of what is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.urls import reverse

from datasets.catalogue.addresses import bucket_name
from datasets.catalogue.models import DatasetVersion, ExternalFormat, Volume

_FORMATS = {
    ExternalFormat.N5: "N5",
    ExternalFormat.ZARR: "Zarr",
    ExternalFormat.PRECOMPUTED: "Neuroglancer precomputed",
}
# All that may stand in an address as it is: what else there is would end a header, or what encloses it.
_PLAIN = "/:?#[]@!$&'()*+,;=%~"


@dataclass(frozen=True)
class Item:
    """Something to download. ``format`` is a media type, the address of a specification, or a name."""

    name: str
    url: str
    format: str

    @property
    def media_type(self) -> str:
        """The type of the answer, where that is fixed; a folder is listed as whoever asks likes it."""
        return self.format if self.format.startswith(("application/", "text/")) else ""


def layer_item(version: DatasetVersion, volume: Volume, data_url: str) -> Item:
    """The address of a volume's data: here, or where they are kept."""
    if volume.is_external:
        address = quote(volume.external_url, safe=_PLAIN)
        return Item(volume.title, address, _FORMATS[ExternalFormat(volume.external_format)])
    address = f"{data_url}{version}/{quote(volume.path)}/"
    return Item(volume.title, address, f"https://ngff.openmicroscopy.org/{volume.ngff_version}/")


def items_of(version: DatasetVersion, *, site_url: str, data_url: str) -> list[Item]:
    """All of ``version``: the list of its files, its bucket, then layer by layer.

    Args:
        version: with its volumes and mounts loaded.
        site_url: absolute address of the site, without a trailing slash.
        data_url: absolute address of the data plane, ending in ``/data/``.
    """
    return [*_whole(version, site_url), *(layer_item(version, volume, data_url) for volume in version.volumes.all())]


def _whole(version: DatasetVersion, site_url: str) -> Iterable[Item]:
    if not version.mounts.all():
        return
    manifest = f"{site_url}{reverse('serving:manifest', kwargs={'ref': str(version)})}"
    yield Item(
        "All files with their sizes and addresses", f"{manifest}?{urlencode({'format': 'jsonl'})}", "application/jsonl"
    )
    if bucket := bucket_name(version):
        yield Item("The bucket over S3", f"{site_url}/s3/{bucket}/", "application/xml")
