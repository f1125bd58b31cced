"""The way back: the crops of versions as the challenge's tables would say them.

The tests call it, to compare it with the tables row by row; no page or command does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datasets.catalogue.models import Crop, DatasetVersion


def export_places(versions: Iterable[DatasetVersion], use: str) -> Iterator[dict[str, str]]:
    """The rows of a table of places: one for each class that was annotated in a crop of ``use``."""
    for version, crop in _crops(versions):
        if crop.use != use:
            continue
        box = {
            "voxel_size": _spell([float(side) for side in reversed(crop.voxel_nm)]),
            "translation": _spell([crop.translation_z_nm, crop.translation_y_nm, crop.translation_x_nm]),
            "shape": _spell(list(reversed(crop.shape))),
        }
        others = crop.kept.get("classes", {})
        names = crop.kept.get("labels", {})
        labels = [names.get(each.organelle.short_name, each.organelle.short_name) for each in crop.coverage.all()]
        for label in [*labels, *(label for label in others if label not in labels)]:
            own = {
                name: _spell(value) if isinstance(value, list) else value
                for name, value in others.get(label, {}).items()
            }
            yield {"crop_name": crop.name, "dataset": version.dataset.name, "class_label": label} | box | own


def export_addresses(versions: Iterable[DatasetVersion]) -> Iterator[dict[str, str]]:
    """The rows of the table of addresses: one for each crop of which any is known."""
    for version, crop in _crops(versions):
        if crop.labels_url or crop.image_url or crop.space:
            yield {
                "crop_number": crop.name,
                "collection": version.dataset.name,
                "alignment": crop.space.name if crop.space else "",
                "crop_url": crop.labels_url,
                "em_url": crop.image_url,
                **crop.kept.get("address", {}),
            }


def _crops(versions: Iterable[DatasetVersion]) -> Iterator[tuple[DatasetVersion, Crop]]:
    for version in versions:
        for crop in version.crops.select_related("space").prefetch_related("coverage__organelle"):
            yield version, crop


def _spell(values: list[float] | list[int]) -> str:
    return f"[{';'.join(str(value) for value in values)}]"
