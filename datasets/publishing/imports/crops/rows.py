"""Crops as rows of a draft."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from datasets.catalogue.models import CoordinateSpace, Crop, CropCoverage, DatasetVersion, OrganelleClass
from datasets.catalogue.organelles import load_facts
from datasets.publishing.imports.crops.reading import Annotated
from datasets.publishing.imports.report import DatasetReport, Fate
from datasets.publishing.imports.terms import Classes


class ChallengeClasses:
    """The portal's classes by what the challenge calls them: by name, by its number of the class, by synonym."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        rows = list(OrganelleClass.objects.all())
        self._by_name = {row.short_name: row for row in rows}
        ours = {fact.cellmap_id: fact.short_name for fact in load_facts() if fact.cellmap_id is not None}
        self._by_number = {
            label: self._by_name[ours[number]]
            for label, number in numbers.items()
            if ours.get(number) in self._by_name
        }  # fmt: skip
        self._by_word = Classes(rows)

    def find(self, label: str) -> OrganelleClass | None:
        """The class that the challenge calls ``label``."""
        return self._by_name.get(label) or self._by_number.get(label) or self._by_word.find(label)


def write_crops(
    draft: DatasetVersion, crops: Sequence[Annotated], classes: ChallengeClasses, report: DatasetReport
) -> None:
    """Write ``crops`` into ``draft``. A crop of the same name makes way. Where its labels and its image are stays where
    the tables do not say it now."""
    before = {crop.name: crop for crop in draft.crops.filter(name__in=[crop.name for crop in crops])}
    spaces = _spaces(draft, crops, report)
    rows = [_row(draft, crop, spaces, before.get(crop.name)) for crop in crops]
    coverage: list[CropCoverage] = []
    taken: list[list[str]] = []
    unknown: Counter[str] = Counter()
    doubled: Counter[tuple[str, str]] = Counter()
    for row, crop in zip(rows, crops, strict=True):
        met: dict[str, str] = {}
        for label in crop.labels:
            organelle = classes.find(label)
            if organelle is None or organelle.short_name in met:
                row.kept.setdefault("classes", {}).setdefault(label, {})
                if organelle is None:
                    unknown[label] += 1
                else:
                    doubled[label, organelle.short_name] += 1
                continue
            met[organelle.short_name] = label
            coverage.append(CropCoverage(crop=row, organelle=organelle))
            if organelle.short_name != label:
                row.kept.setdefault("labels", {})[organelle.short_name] = label
        taken.append(list(met.values()))
    draft.crops.filter(pk__in=[crop.pk for crop in before.values()]).delete()
    Crop.objects.bulk_create(rows)
    CropCoverage.objects.bulk_create(coverage, batch_size=2000)
    for label, count in unknown.items():
        report.tell(f"class_label {label}", Fate.UNKNOWN, f"no organelle class is called so; kept in {count} crops")
    for (label, name), count in doubled.items():
        words = f"the class {name}, which another row of the same crop names; kept in {count} crops"
        report.tell(f"class_label {label}", Fate.KEPT, words)
    mapped = {label: name for row in rows for name, label in row.kept.get("labels", {}).items()}
    for label, name in mapped.items():
        report.tell(f"class_label {label}", Fate.MAPPED, f"the class {name}")
    for row, crop, known in zip(rows, crops, taken, strict=True):
        columns = "voxel_size, translation, shape" + (", alignment, crop_url, em_url" if crop.address else "")
        report.tell(f"crops.{row.name}", Fate.TAKEN, f"{columns}; class_label = {', '.join(known)}")
        for name in row.kept:
            report.tell(f"crops.{row.name}.{name}", Fate.KEPT, "as it stands")
    report.counts = {"crops": len(rows), "annotated classes": len(coverage)}
    report.taken = sum(5 + 3 * (crop.address is not None) for crop in crops) + len(coverage)


def _spaces(draft: DatasetVersion, crops: Sequence[Annotated], report: DatasetReport) -> dict[str, CoordinateSpace]:
    spaces = {space.name: space for space in draft.spaces.all()}
    named = dict.fromkeys(crop.address.cells["alignment"] for crop in crops if crop.address is not None)
    for name in named:
        if name and name not in spaces:
            spaces[name] = CoordinateSpace.objects.create(version=draft, name=name, main=not spaces)
        if name:
            report.tell("alignment", Fate.MAPPED, f"the space {name}")
    return spaces


def _row(draft: DatasetVersion, crop: Annotated, spaces: Mapping[str, CoordinateSpace], before: Crop | None) -> Crop:
    lengths = {
        f"{name}_{axis}{unit}": value
        for name, unit, values in (
            ("voxel", "_nm", crop.box.voxel_nm),
            ("translation", "_nm", crop.box.translation_nm),
            ("shape", "", [int(number) for number in crop.box.shape]),
        )
        for axis, value in zip("xyz", values, strict=True)
    }
    row = Crop(
        version=draft,
        name=crop.name,
        title=f"Crop {crop.name}",
        use=crop.use or (before.use if before else ""),
        kept=dict(crop.kept),
        **lengths,
    )
    if crop.address is not None:
        cells = crop.address.cells
        row.space = spaces.get(cells["alignment"])
        row.labels_url, row.image_url = cells["crop_url"], cells["em_url"]
    elif before is not None:
        row.space_id, row.labels_url, row.image_url = before.space_id, before.labels_url, before.image_url
        if "address" in before.kept:
            row.kept["address"] = before.kept["address"]
    return row
