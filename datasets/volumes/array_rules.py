"""What the arrays of an image must have in common with its metadata, and what the viewer can show."""

from collections.abc import Iterator, Mapping
from typing import Final

from datasets.volumes.arrays import ArrayFacts
from datasets.volumes.multiscales import Level, Multiscale
from datasets.volumes.problems import Problem, Severity

# id → severity and the rule; the same table as in rules.py, for what takes arrays to see.
ARRAY_RULES: Final[dict[str, tuple[Severity, str]]] = {
    "level-missing": ("error", "Every dataset's path holds an array."),
    "level-axes": ("error", "Every array has one dimension for each axis."),
    "level-dtype": ("error", "All levels have the same data type."),
    "level-shape": ("error", "All levels cover the same space: shape × scale differ by less than one coarse voxel."),
    "level-offset": ("warning", "All levels begin at the same edge: a coarser voxel's centre lies further in."),
    "level-zarr-format": ("error", "OME-Zarr 0.5 is stored in Zarr v3."),
    "level-zarr-format-new": ("warning", "OME-Zarr 0.4 is stored in Zarr v2."),
    "level-dimension-names": ("error", "dimension_names of a Zarr v3 array are the names of the axes."),
    "level-dimension-names-missing": ("warning", "A Zarr v3 array of OME-Zarr 0.5 has dimension_names."),
    "viewer-dtype": ("error", "The viewer shows 8 to 64 bit unsigned and 8 to 32 bit signed integers, and float32."),
    "viewer-int64": ("warning", "The viewer reads int64 of Zarr v2 as uint64."),
    "viewer-filters": ("error", "The viewer ignores the filters of Zarr v2 and would show wrong values."),
    "viewer-codec": ("error", "The viewer has the codec."),
}

# Neuroglancer 2.41: src/datasource/zarr/metadata/parse.ts and codec/.
_VIEWER_DTYPES: Final = {"uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "float32"}
_VIEWER_CODECS: Final = {
    2: {"blosc", "zlib", "gzip", "zstd", "imagecodecs_jpegxl"},
    3: {"bytes", "blosc", "gzip", "zstd", "crc32c", "transpose", "sharding_indexed", "jpegxl", "reshape"},
}


def _problem(rule: str, where: str, message: str, fix: str) -> Problem:
    return Problem(rule, ARRAY_RULES[rule][0], where or "/", message, fix)


def check_levels(multiscale: Multiscale, arrays: Mapping[str, ArrayFacts]) -> list[Problem]:
    """Check the arrays of an image, by dataset path, against its metadata and against each other.

    An array that does not exist is left out of ``arrays``.
    """
    found: list[Problem] = []
    first: tuple[Level, ArrayFacts] | None = None
    for level in multiscale.levels:
        facts = arrays.get(level.path)
        if facts is None:
            message = f'there is no array at "{level.path}"'
            found.append(_problem("level-missing", level.path, message, "Write the array, or remove the dataset."))
            continue
        found += _check_form(multiscale, level, facts)
        if len(facts.shape) != len(multiscale.axes):
            continue
        first = first or (level, facts)
        found += _check_against_first(level, facts, *first)
    return found


def _check_form(multiscale: Multiscale, level: Level, facts: ArrayFacts) -> Iterator[Problem]:
    names = multiscale.axes.names
    if len(facts.shape) != len(names):
        message = f"the array has {len(facts.shape)} dimensions, the metadata {len(names)} axes ({', '.join(names)})"
        yield _problem("level-axes", level.path, message, "List one axis for each dimension, in stored order.")
    if multiscale.version == "0.5" and facts.zarr_format != 3:
        message = f"the array is in Zarr v{facts.zarr_format}"
        fix = "Write the array in Zarr v3, or the metadata as OME-Zarr 0.4."
        yield _problem("level-zarr-format", level.path, message, fix)
    if multiscale.version == "0.4" and facts.zarr_format != 2:
        message = f"the array is in Zarr v{facts.zarr_format}"
        yield _problem("level-zarr-format-new", level.path, message, "Write the metadata as OME-Zarr 0.5.")
    if facts.zarr_format == 3 and facts.dimension_names is None and multiscale.version == "0.5":
        fix = f"Set dimension_names to {list(names)} in its zarr.json."
        yield _problem("level-dimension-names-missing", level.path, "the array has no dimension_names", fix)
    if facts.zarr_format == 3 and facts.dimension_names not in (None, names):
        message = f"dimension_names {list(facts.dimension_names or ())} differ from the axes {list(names)}"
        fix = "Find out which is right and write the same names in both."
        yield _problem("level-dimension-names", level.path, message, fix)


def _check_against_first(level: Level, facts: ArrayFacts, first: Level, first_facts: ArrayFacts) -> Iterator[Problem]:
    if facts.dtype != first_facts.dtype:
        message = f"the data type is {facts.dtype}, that of level {first.path} {first_facts.dtype}"
        yield _problem("level-dtype", level.path, message, "Write all levels with the same data type.")
    for position, axis in enumerate(level.axes):
        size, first_size = facts.shape[position], first_facts.shape[position]
        scale, first_scale = level.scale[position], first.scale[position]
        # Halving and rounding, up or down, level after level, never loses or adds a whole voxel of the coarse level.
        difference = abs(size * scale - first_size * first_scale)
        if difference >= scale * (1 - 1e-6):
            message = (
                f"{size} voxels of {scale:g} along {axis.name} span {size * scale:g}, "
                f"level {first.path} spans {first_size * first_scale:g}"
            )
            yield _problem("level-shape", level.path, message, f"Correct the scale along {axis.name}, or the array.")
        edge = level.translation[position] - scale / 2
        first_edge = first.translation[position] - first_scale / 2
        if axis.is_spatial and abs(edge - first_edge) > 0.01 * first_scale:
            message = f"the level begins at {edge:g} along {axis.name}, level {first.path} at {first_edge:g}"
            fix = f"A level made by mean or mode has the translation {first_edge + scale / 2:g} along {axis.name}."
            yield _problem("level-offset", level.path, message, fix)


def check_viewable(facts: ArrayFacts, where: str = "") -> list[Problem]:
    """What keeps the embedded viewer from showing the array at ``where``, or from showing it truly."""
    return list(_check_viewable(facts, where))


def _check_viewable(facts: ArrayFacts, where: str) -> Iterator[Problem]:
    if facts.dtype == "int64" and facts.zarr_format == 2:
        message = "the data type is int64, which the viewer reads as uint64"
        fix = "Nothing, if no value is negative; else write the array as int32."
        yield _problem("viewer-int64", where, message, fix)
    elif facts.dtype not in _VIEWER_DTYPES:
        fix = "Write the array as uint8 (masks), float32 (predictions) or an unsigned integer (labels)."
        yield _problem("viewer-dtype", where, f"the viewer cannot show {facts.dtype}", fix)
    if facts.zarr_format == 2 and facts.filters:
        message = f"the filters {', '.join(facts.filters)} are ignored by the viewer: it would show wrong values"
        yield _problem("viewer-filters", where, message, "Write the array without filters.")
    unknown = [codec for codec in facts.codecs if codec not in _VIEWER_CODECS.get(facts.zarr_format, set())]
    if unknown:
        message = f"the viewer has no codec {', '.join(unknown)}"
        yield _problem("viewer-codec", where, message, "Write the array with zstd, gzip or blosc.")
