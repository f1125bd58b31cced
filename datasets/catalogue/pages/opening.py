"""Every way to open a volume elsewhere: other viewers on the web, and programs, by what each of them can read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.conf import settings
from django.urls import reverse

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.models.volume import LABEL_KINDS
from datasets.catalogue.pages.commands import (
    FIJI_DTYPES,
    curl_text,
    fiji_text,
    napari_text,
    neuroglancer_text,
    tensorstore_text,
    zarr_text,
)
from datasets.catalogue.queries.visibility import is_open


@dataclass(frozen=True)
class OpeningLink:
    """One way: an address to go to (``url``) or a text to copy (``text``).

    ``note`` is what it needs or does, in a few words; ``tested`` says that the portal's tests open volumes this way.
    """

    identifier: str
    name: str
    note: str
    url: str = ""
    text: str = ""
    tested: bool = False


def opening_links(version: DatasetVersion, volume: Volume, *, data_url: str, site_url: str) -> tuple[OpeningLink, ...]:
    """The ways to open ``volume``: links to other viewers first, then texts to copy.

    Args:
        data_url: absolute address of the data plane, ending in ``/data/``.
        site_url: absolute address of the site, without a trailing slash.
    """
    if not volume.levels:
        return ()
    return (
        *_viewers(version, volume, data_url=data_url, site_url=site_url),
        *_programs(version, volume, data_url=data_url),
    )


def _viewers(version: DatasetVersion, volume: Volume, *, data_url: str, site_url: str) -> Iterator[OpeningLink]:
    # Another site's viewer carries no session of ours: it can show what everyone may read, and nothing else.
    if not is_open(version):
        return
    if settings.CONFIG.neuroglancer_url and volume.is_shown:
        path = reverse("api:neuroglancer", kwargs={"ref": str(version)})
        url = f"{site_url}{path}?{urlencode({'layers': volume.path})}"
        yield OpeningLink("open-in-neuroglancer", "Neuroglancer", "the same view, on another site", url=url)
    address = f"{data_url}{version}/{quote(volume.path)}"
    for viewer in settings.CONFIG.viewers:
        is_labels = volume.kind in LABEL_KINDS
        if viewer.reads(zarr_format=volume.zarr_format, is_labels=is_labels, dtype=volume.dtype) and viewer.reaches(
            address
        ):
            identifier = f"open-in-{viewer.name.lower().replace(' ', '-')}"
            yield OpeningLink(identifier, viewer.name, viewer.note or "on another site", url=viewer.link(address))


def _programs(version: DatasetVersion, volume: Volume, *, data_url: str) -> Iterator[OpeningLink]:
    at = (version, volume, data_url)
    yield OpeningLink(
        "open-zarr", "Python: zarr", "pip install zarr aiohttp requests", text=zarr_text(*at), tested=True
    )
    yield OpeningLink(
        "open-tensorstore", "Python: TensorStore", "pip install tensorstore", text=tensorstore_text(*at), tested=True
    )
    if volume.is_shown:
        yield OpeningLink(
            "open-neuroglancer",
            "Neuroglancer",
            "paste it as the source of a new layer",
            text=neuroglancer_text(*at),
            tested=True,
        )
    yield OpeningLink(
        "open-curl", "curl", "the description of the image; its chunks lie beside it", text=curl_text(*at), tested=True
    )
    yield OpeningLink(
        "open-napari", "Python: napari", 'pip install "napari[all]" dask zarr aiohttp requests', text=napari_text(*at)
    )
    if volume.dtype in FIJI_DTYPES:
        yield OpeningLink(
            "open-fiji",
            "Fiji",
            "File › Import › HDF5/N5/Zarr/OME-NGFF …, paste it, Detect datasets",
            text=fiji_text(*at),
        )
