"""What the pages of ground truth say, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from datasets.catalogue.models import Coverage, Crop, OrganelleClass
from datasets.catalogue.pages.external import kept_facts
from datasets.catalogue.pages.layers import Dot, class_dot
from datasets.catalogue.pages.parts import Choice, Fact
from datasets.catalogue.pages.sorting import Asked, Bar, Column, Heading, bar, headings
from datasets.catalogue.presentation import format_count, format_extent, format_shape, format_voxel
from datasets.catalogue.queries.ground_truth import MOST_COUNTED
from datasets.catalogue.queries.research_rows import CROP_ORDERS

CLASSES_SHOWN = 3
_COLUMNS: tuple[Column, ...] = (
    ("Crop", "name"),
    ("Dataset", "dataset"),
    ("Labelled", ""),
    ("Size", "size", True),
    ("Voxel", "resolution", True),
    ("Kept for", "use"),
    ("Middle x, y, z", ""),
    ("More", ""),
)


@dataclass(frozen=True)
class CropRow:
    """A crop in a table. ``view_url`` leads to its place in the viewer, where it lies in the space that this shows."""

    name: str
    title: str
    dataset_title: str
    dataset_url: str
    place: str
    view_url: str
    size: str
    shape: str
    voxel: str
    use: str
    method: str
    present: tuple[Dot, ...]
    more: str
    absent: tuple[Dot, ...]
    facts: tuple[Fact, ...]
    labels_url: str
    image_url: str

    @property
    def first(self) -> tuple[Dot, ...]:
        """The classes that the row has room for."""
        return self.present[:CLASSES_SHOWN]


@dataclass(frozen=True)
class CropTable:
    """One page of crops."""

    count: str
    bar: Bar
    headings: tuple[Heading, ...]
    rows: tuple[CropRow, ...]
    before_url: str
    after_url: str


@dataclass(frozen=True)
class CropsPage:
    """The list of crops with its filters."""

    table: CropTable
    is_narrowed: bool
    dataset: str
    datasets: tuple[Choice, ...]
    organelles: tuple[Choice, ...]
    uses: tuple[Choice, ...]


def crops_page(
    table: CropTable,
    *,
    chosen: Mapping[str, str],
    datasets: Iterable[tuple[str, str]],
    organelles: Iterable[OrganelleClass],
) -> CropsPage:
    """The page of all crops; ``chosen`` are the filters that narrow it: ``dataset``, ``use`` …"""
    return CropsPage(
        table=table,
        is_narrowed=bool(chosen),
        dataset=chosen.get("dataset", ""),
        datasets=tuple(Choice(name, title, name == chosen.get("dataset")) for name, title in datasets),
        organelles=tuple(
            Choice(it.short_name, it.long_name, it.short_name == chosen.get("organelle")) for it in organelles
        ),
        uses=tuple(Choice(it.value, str(it.label), it.value == chosen.get("use")) for it in Crop.Use),
    )


def count_of_crops(count: int) -> str:
    """The number of crops in words."""
    return f"More than {MOST_COUNTED:,} crops" if count > MOST_COUNTED else format_count(count, "crop")


def crop_table(crops: Iterable[Crop], asked: Asked, *, count: int, before_url: str, after_url: str) -> CropTable:
    """A page of crops in the order that was asked for; ``count`` is of all pages."""
    words = CROP_ORDERS.words(is_long=count > MOST_COUNTED)
    return CropTable(
        count=count_of_crops(count),
        bar=bar(asked, words, among=count_of_crops(count)),
        headings=headings(asked, words, _COLUMNS),
        rows=tuple(map(_row, crops)),
        before_url=before_url,
        after_url=after_url,
    )


def crops_url(**chosen: str) -> str:
    """The list of crops, narrowed."""
    return f"{reverse('catalogue:crops')}?{urlencode(chosen)}"


def _row(crop: Crop) -> CropRow:
    version = crop.version
    low, high = crop.box_nm
    middle = [(first + last) / 2 for first, last in zip(low, high, strict=True)]
    coverage = sorted(crop.coverage.all(), key=lambda it: it.organelle.rank)
    present = tuple(class_dot(it.organelle) for it in coverage if it.found == Coverage.Found.PRESENT)
    view = reverse("catalogue:viewer", kwargs={"ref": str(version)})
    is_there = crop.space is None or crop.space.main
    return CropRow(
        name=crop.name,
        title="" if crop.title == f"Crop {crop.name}" else crop.title,
        dataset_title=version.title,
        dataset_url=reverse("catalogue:dataset", kwargs={"ref": str(version)}),
        place=f"{', '.join(f'{it:.10g}' for it in middle)}\u00a0nm",
        view_url=f"{view}?position={','.join(f'{it:.10g}' for it in middle)}" if is_there else "",
        size=format_extent({axis: side * n for axis, side, n in zip("xyz", crop.voxel_nm, crop.shape, strict=True)}),
        shape=format_shape("xyz", crop.shape),
        voxel=format_voxel(dict(zip("xyz", crop.voxel_nm, strict=True))),
        use=crop.get_use_display(),
        method=crop.get_method_display(),
        present=present,
        more=f"and {len(present) - CLASSES_SHOWN} more" if len(present) > CLASSES_SHOWN else "",
        absent=tuple(class_dot(it.organelle) for it in coverage if it.found == Coverage.Found.ABSENT),
        facts=kept_facts(crop.kept),
        labels_url=crop.labels_url,
        image_url=crop.image_url,
    )
