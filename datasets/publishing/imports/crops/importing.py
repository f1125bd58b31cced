"""Import the challenge's crops: each dataset's ground truth as content of its next version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from datasets.catalogue.models import Acquisition, DatasetVersion, Specimen, Visibility
from datasets.catalogue.models.sample import Method
from datasets.publishing.actions.derived import derive_again
from datasets.publishing.imports.crops.reading import Annotated, read_crops
from datasets.publishing.imports.crops.rows import ChallengeClasses, write_crops
from datasets.publishing.imports.report import DatasetReport, Fate
from datasets.publishing.imports.terms import find_method
from datasets.publishing.imports.writing import write_next

NOTE = "Ground truth imported from the tables of the CellMap segmentation challenge"


@dataclass(frozen=True)
class CropsImported:
    """What became of each dataset, and what of which file was left out."""

    reports: list[DatasetReport]
    left_out: tuple[tuple[Path, str], ...]


def import_crops(
    path: Path, *, visibility: Visibility, dry_run: bool = False, by: AbstractBaseUser | None
) -> CropsImported:
    """Import every crop that ``path`` tells of, in one transaction; the same again changes nothing.

    A dataset that is here gets them in its next version, beside all it says already. One that is not becomes an
    external dataset that holds only its crops. A class without a row was not annotated, and gets none here.

    Args:
        visibility: of datasets that are new here.
        dry_run: do it all, and take it back.

    Raises:
        ImportInvalid: a file is not what it should be; nothing was imported.
    """
    crops = read_crops(path)
    reports = {name: DatasetReport(name) for name in sorted(crops.by_dataset)}
    with transaction.atomic():
        classes = ChallengeClasses(crops.class_numbers)
        for name, report in reports.items():
            _import_one(name, crops.by_dataset[name], classes, report, visibility, by)
        transaction.set_rollback(dry_run)
    if not dry_run:
        for report in reports.values():  # those that say the same, too: what failed the last time is made now
            if report.number:
                derive_again(report.dataset, report.number)
    for row in crops.without_place:
        report = reports.setdefault(
            row.cells["collection"], DatasetReport(row.cells["collection"], outcome="unchanged")
        )
        where = f"{row.path.name}, line {row.line}"
        report.tell(where, Fate.UNKNOWN, f"no table gives the place of crop {row.cells['crop_number']}; left out")
    return CropsImported(list(reports.values()), crops.left_out)


def _import_one(
    name: str,
    crops: list[Annotated],
    classes: ChallengeClasses,
    report: DatasetReport,
    visibility: Visibility,
    by: AbstractBaseUser | None,
) -> None:
    def begin(draft: DatasetVersion) -> None:
        draft.title = name
        Specimen.objects.create(version=draft)
        addresses = " ".join(crop.address.cells["em_url"] for crop in crops if crop.address is not None)
        method = find_method(addresses) or Method.OTHER
        Acquisition.objects.create(version=draft, method=method)
        report.tell("em_url", Fate.MAPPED, f"method {method}, by the images' addresses")

    def write(draft: DatasetVersion) -> None:
        write_crops(draft, crops, classes, report)

    write_next(name, begin, write, report, note=NOTE, visibility=visibility, by=by)
