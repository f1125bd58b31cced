"""What has to be known of the data before a dataset is registered: all reading, and every reason to refuse."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from datasets.catalogue.models.volume import LABEL_KINDS, Kind
from datasets.publishing.contrast import Display, find_display
from datasets.publishing.inspection import Inspection, inspect_key
from datasets.storage import objects
from datasets.storage.errors import ObjectAbsent
from datasets.storage.keys import join_key
from datasets.storage.roots import Root, locate
from datasets.volumes.alignment import VoxelGrid, check_same_grid, check_within
from datasets.volumes.conformance import check_labels_viewable
from datasets.volumes.errors import CisternaError
from datasets.volumes.problems import Problem, Scope, errors_of

GROUP_DOCUMENTS: Final = ("zarr.json", ".zgroup", ".zattrs", ".zmetadata")

READERS: Final = 8
"""Volumes are read by so many at once: on object storage nearly all of the time is waiting."""


class DataNotPublishable(CisternaError):
    """Inspection found errors in the data; ``problems`` lists them, each with its volume's path."""

    slug = "data-not-publishable"
    status = 422
    title = "The data cannot be published as they are"

    def __init__(self, problems: Sequence[tuple[str, Problem]]) -> None:
        lines = [f"{path}: {p.id} at {p.where}: {p.message.rstrip('.')}. {p.fix.rstrip('.')}" for path, p in problems]
        super().__init__("; ".join(lines), fix="Mend the data, or leave the volume out of the specification")
        self.problems = list(problems)

    def problem(self) -> dict[str, Any]:
        return super().problem() | {"problems": [{"volume": path} | p.to_json() for path, p in self.problems]}


@dataclass(frozen=True)
class Findings:
    """What lies where a specification says.

    ``inspections`` and ``displays`` are by volume path; ``documents`` are those of the groups above the volumes, path →
    SHA-256; ``warnings`` are (volume path, problem).
    """

    root: Root
    prefix: str
    inspections: Mapping[str, Inspection]
    displays: Mapping[str, Display]
    documents: Mapping[str, str]
    warnings: tuple[tuple[str, Problem], ...]


def find(specification: Mapping[str, Any], *, base: Path) -> Findings:
    """Read everything that publishing a checked specification needs.

    Raises:
        OutsideRoots, InvalidKey: the data's address is refused.
        DataNotPublishable: a volume cannot be published.
        StorageError: something cannot be read.
    """
    root, prefix = locate(specification["data"], base=base)
    volumes = {volume["path"]: volume for volume in specification["volumes"]}
    with ThreadPoolExecutor(READERS) as readers:
        inspected = readers.map(lambda path: inspect_key(root, join_key(prefix, path)), volumes)
        inspections = dict(zip(volumes, inspected, strict=True))
        found = [(path, problem) for path in volumes for problem in inspections[path].problems]
        found += _check_labels(volumes, inspections)
        errors = [(path, problem) for path, problem in found if _keeps(problem, volumes[path])]
        if errors:
            raise DataNotPublishable(errors)
        displays = dict(
            zip(volumes, readers.map(lambda path: find_display(volumes[path], inspections[path]), volumes), strict=True)
        )
    return Findings(
        root=root,
        prefix=prefix,
        inspections=inspections,
        displays=displays,
        documents=_group_documents(root, prefix, volumes),
        warnings=tuple((path, problem) for path, problem in found if problem.severity == "warning"),
    )


def _keeps(problem: Problem, volume: Mapping[str, Any]) -> bool:
    """Whether the problem keeps the volume from being published: what is only downloaded need not be viewable."""
    scopes: tuple[Scope, ...] = ("conformance", "publishing") if volume["download_only"] else ()
    return bool(errors_of([problem], *scopes))


def _check_labels(
    volumes: Mapping[str, Mapping[str, Any]], inspections: Mapping[str, Inspection]
) -> Iterator[tuple[str, Problem]]:
    """Labels against the image they belong to: the first micrograph that holds them, else the first there is."""
    grids = {path: _grid(inspection) for path, inspection in inspections.items()}
    images = [grid for kind in (Kind.EM, Kind.LIGHT) for path, grid in grids.items() if volumes[path]["kind"] == kind]
    for path, volume in volumes.items():
        labels = grids[path]
        if volume["kind"] not in LABEL_KINDS or labels is None:
            continue
        level = inspections[path].levels[0]
        yield from ((path, problem) for problem in check_labels_viewable(level.facts, level.level.path))
        candidates = [image for image in images if image is not None]
        if candidates:
            image = next((image for image in candidates if not list(check_within(labels, image))), candidates[0])
            yield from ((path, problem) for problem in check_within(labels, image))
            yield from ((path, problem) for problem in check_same_grid(labels, image))


def _grid(inspection: Inspection) -> VoxelGrid | None:
    if not inspection.downloadable:
        return None
    finest = inspection.levels[0]
    return VoxelGrid.of(finest.level, finest.facts.shape)


def _group_documents(root: Root, prefix: str, paths: Mapping[str, Any]) -> dict[str, str]:
    """Metadata documents of the groups above the volumes, path → SHA-256: with them the whole is one hierarchy."""
    folders = {""}
    for path in paths:
        parts = path.split("/")[:-1]
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
    found = {}
    for folder in sorted(folders - set(paths)):
        for document in GROUP_DOCUMENTS:
            path = join_key(folder, document)
            try:
                found[path] = hashlib.sha256(objects.read(root, join_key(prefix, path))).hexdigest()
            except ObjectAbsent:
                continue
    return found
