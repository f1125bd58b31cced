"""Addresses: datasets as ``name@3`` and ``name@draft``, their layers' pages, the data plane, buckets over S3."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import HttpRequest

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.models.dataset import DATASET_NAME
from datasets.catalogue.models.volume import LABEL_KINDS

_LEFT_IN_PATHS = "/~:@!$&'()*+,;="


@dataclass(frozen=True)
class Reference:
    """A dataset and, where pinned, one of its versions (a number or ``draft``)."""

    name: str
    label: str | None = None

    def __str__(self) -> str:
        return f"{self.name}@{self.label}" if self.label else self.name


class ReferenceConverter:
    """Django's path converter for :class:`Reference`."""

    regex = rf"{DATASET_NAME}(?:@(?:[1-9][0-9]{{0,8}}|draft))?"

    def to_python(self, value: str) -> Reference:
        name, _, label = value.partition("@")
        return Reference(name, label or None)

    def to_url(self, value: Reference | str) -> str:
        return str(value)


def site_url(request: HttpRequest) -> str:
    """Absolute address of the site without a trailing slash: the configured one, else that of the request."""
    return settings.CONFIG.public_url or request.build_absolute_uri("/").rstrip("/")


def data_url(request: HttpRequest) -> str:
    """Absolute address of the data plane, ending in ``/data/``."""
    return f"{site_url(request)}/data/"


def bucket_name(version: DatasetVersion) -> str:
    """What a version with a number is called over S3, whose clients refuse an ``@``; empty for a draft."""
    return "" if version.number is None else f"{version.dataset.name}.v{version.number}"


# A list has hundreds of the next two. They are written, and not asked of Django's routes, which takes longer than all
# else that is done for a row; a test holds them to the routes.


def layer_url(version: DatasetVersion, volume: Volume) -> str:
    """The address of a layer's page."""
    kind = "segmentations" if volume.kind in LABEL_KINDS else "volumes"
    return f"/datasets/{version}/{kind}/{quote(volume.path, safe=_LEFT_IN_PATHS)}/"


def volume_url(version: DatasetVersion, volume: Volume) -> str:
    """The address of a volume in the API."""
    return f"/api/v1/datasets/{version}/volumes/{quote(volume.path, safe=_LEFT_IN_PATHS)}/"


def compare_url(left: object, right: object = "") -> str:
    """The address that puts ``left`` beside ``right``, versions or ``name@3/path``; alone, ``left`` gets an offer."""
    query = {name: str(it) for name, it in (("left", left), ("right", right)) if str(it)}
    return f"/compare/?{urlencode(query, safe='/@')}"


def changes_url(version: DatasetVersion, since: DatasetVersion | None = None) -> str:
    """The address that says what changed in ``version``: since another one, or the published one before it."""
    return f"/datasets/{version}/changes/" + (f"?since={since.label}" if since else "")


def web_url(text: str) -> str:
    """``text`` where it is an address of the web, to which a browser may be led; else ``""``."""
    return text if text.lower().startswith(("https://", "http://")) else ""


def doi_url(doi: str) -> str:
    """Where a DOI leads; ``""`` for none."""
    return f"https://doi.org/{quote(doi, safe='/:;()')}" if doi else ""
