"""An inspection in words, for a terminal."""

from collections.abc import Iterator

from datasets.publishing.inspection import Inspection
from datasets.volumes.lengths import LengthUnitUnknown
from datasets.volumes.problems import Problem


def describe(inspection: Inspection) -> Iterator[str]:
    """The inspection as lines for a terminal."""
    yield inspection.address
    if inspection.multiscale and inspection.levels:
        yield from _describe_image(inspection)
    for problem in sorted(inspection.problems, key=lambda problem: problem.severity):
        yield f"  {describe_problem(problem)}"
    if inspection.images and inspection.root:
        yield "  images below it:"
        yield from (f"    {inspection.root.name}:{key}" for key in inspection.images)
    if inspection.publishable:
        yield "  can be published"
    else:
        yield f"  {'can be published for download only' if inspection.downloadable else 'cannot be published'}"


def describe_problem(problem: Problem) -> str:
    """One line: what, where, and what to do."""
    return f"{problem.severity}: {problem.id} at {problem.where}: {problem.message.rstrip('.')}. {problem.fix}"


def _describe_image(inspection: Inspection) -> Iterator[str]:
    assert inspection.multiscale is not None
    axes = "".join(inspection.multiscale.axes.names)
    yield (
        f"  OME-Zarr {inspection.multiscale.version} (Zarr v{inspection.zarr_format}), axes {axes}, "
        f"{inspection.dtype}, {sum(level.facts.size_bytes for level in inspection.levels) / 1e6:.1f} MB unpacked"
    )
    for level in inspection.levels:
        facts = level.facts
        try:
            voxel = f"{' × '.join(f'{size:g}' for size in level.level.scale_nm.values())} nm"
        except LengthUnitUnknown:
            voxel = "unknown size"
        shard = f" in shards of {_sizes(facts.shard_shape)}" if facts.shard_shape else ""
        yield (
            f"  level {level.level.path}: {_sizes(facts.shape)} voxels of {voxel}, "
            f"chunks {_sizes(facts.chunk_shape)}{shard}, {'+'.join(facts.codecs) or 'uncompressed'}"
        )


def _sizes(shape: tuple[int, ...]) -> str:
    return " × ".join(str(size) for size in shape)
