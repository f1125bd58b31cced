"""What stands on a dataset's card beside its version: counted, not loaded, since a dataset may have eighty layers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Count, Q

from datasets.catalogue.models import Coverage, Crop, DatasetVersion, Volume
from datasets.catalogue.models.volume import Kind
from datasets.catalogue.queries.catalogue_state import kept_for_strangers
from datasets.catalogue.queries.datasets import newest_versions
from datasets.catalogue.queries.visibility import Viewer


@dataclass
class CardContent:
    """What a version has.

    Args:
        here: how many of its ``layers`` have their data here.
        image: the first electron micrograph whose data are here, else the first layer.
        organelles: the classes that its segmentations show, by short name.
    """

    layers: int = 0
    here: int = 0
    crops: int = 0
    image: Volume | None = None
    organelles: set[str] = field(default_factory=set)


CARDS_KEPT = 32
"""So many pages of cards that strangers asked for a process keeps, while a state of the catalogue lasts."""

type Cards = tuple[tuple[DatasetVersion, CardContent], ...]


@kept_for_strangers(CARDS_KEPT)
def cards_of(user: Viewer, keys: tuple[int, ...]) -> Cards:
    """Of newest versions, by their keys, those that ``user`` may see, in that order. Six queries for all."""
    versions = newest_versions(user).in_bulk(keys)
    contents = _contents(versions)
    return tuple((versions[key], contents[key]) for key in keys if key in versions)


def _contents(versions: Collection[int]) -> dict[int, CardContent]:
    contents = {key: CardContent() for key in versions}
    volumes = Volume.objects.filter(version__in=contents).order_by()
    counted = volumes.values("version").annotate(layers=Count("pk"), here=Count("pk", filter=Q(external_url="")))
    for key, layers, here in counted.values_list("version", "layers", "here"):
        contents[key].layers, contents[key].here = layers, here
    crops = Crop.objects.filter(version__in=contents).order_by().values("version").annotate(number=Count("pk"))
    for key, number in crops.values_list("version", "number"):
        contents[key].crops = number
    shown = Coverage.objects.filter(found=Coverage.Found.PRESENT, segmentation__volume__version__in=contents)
    pairs = shown.order_by().values_list("segmentation__volume__version", "organelle__short_name").distinct()
    for key, name in pairs:
        contents[key].organelles.add(name)
    firsts: dict[int, tuple[bool, int]] = {}
    read = volumes.filter(external_url="").exclude(levels=[]).order_by("rank", "path")
    for key, volume, kind in read.values_list("version", "pk", "kind"):
        is_other = kind != Kind.EM
        if key not in firsts or is_other < firsts[key][0]:
            firsts[key] = is_other, volume
    images = Volume.objects.only("version", "axes", "levels").filter(pk__in=[pk for _, pk in firsts.values()])
    for image in images:
        contents[image.version_id].image = image
    return contents
