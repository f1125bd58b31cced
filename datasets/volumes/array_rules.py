"""What the arrays of an image must have in common with its metadata, and what the viewer can show."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from datasets.volumes.arrays import ArrayFacts
from datasets.volumes.axes import Axes
from datasets.volumes.channels import Channel
from datasets.volumes.lengths import NM_PER_UNIT, SECONDS_PER_UNIT
from datasets.volumes.multiscales import Level, Multiscale
from datasets.volumes.problems import Problem, Scope, Severity
from datasets.volumes.rules import RULES

# id → severity and the rule; the same table as in rules.py, for what takes arrays to see.
ARRAY_RULES: Final[dict[str, tuple[Severity, str]]] = {
    "level-missing": ("error", "Every dataset's path holds an array."),
    "level-empty": ("error", "Every array has at least one voxel."),
    "level-axes": ("error", "Every array has one dimension for each axis."),
    "level-dtype": ("error", "All levels have the same data type."),
    "level-shape": ("error", "All levels cover the same space: shape × scale differ by less than one coarse voxel."),
    "level-offset": ("warning", "All levels begin at the same edge: a coarser voxel's centre lies further in."),
    "level-zarr-format": ("error", "OME-Zarr 0.5 is stored in Zarr v3."),
    "level-zarr-format-new": ("warning", "OME-Zarr 0.4 is stored in Zarr v2."),
    "level-dimension-names": ("error", "dimension_names of a Zarr v3 array are the names of the axes."),
    "level-dimension-names-missing": ("warning", "A Zarr v3 array of OME-Zarr 0.5 has dimension_names."),
}

# What the specification leaves open and readers, the portal among them, do not.
BEYOND_THE_SPECIFICATION: Final = {"level-empty", "level-dtype", "level-shape", "level-offset"}

# What keeps the viewer from showing an array truly; none of it keeps the data from being published for download.
VIEWER_RULES: Final[dict[str, tuple[Severity, str]]] = {
    "dtype-not-viewable": (
        "error", "The viewer shows 8 to 64 bit unsigned and 8 to 32 bit signed integers, and float32."
    ),
    "int64-not-viewable": ("error", "The viewer reads int64 of Zarr v2 as uint64, and refuses that of v3."),
    "filters-not-viewable": ("error", "The viewer ignores the filters of Zarr v2 and would show wrong values."),
    "codec-not-viewable": ("error", "The viewer has the codec."),
    "axes-not-viewable": (
        "error", "The space axes are called x, y or z, and the viewer knows the unit of every other axis."
    ),
    "labels-not-integers": ("error", "The viewer shows labels that are whole numbers."),
}  # fmt: skip

# Neuroglancer 2.41: src/datasource/zarr/metadata/parse.ts, codec/ and ome.ts.
_VIEWER_DTYPES: Final = {"uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "float32"}
_VIEWER_CODECS: Final = {
    2: {"blosc", "zlib", "gzip", "zstd"},
    3: {"bytes", "blosc", "gzip", "zstd", "crc32c", "transpose", "sharding_indexed"},
}
_VIEWER_AXIS_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def _problem(rule: str, where: str, message: str, fix: str) -> Problem:
    if rule in VIEWER_RULES:
        return Problem(rule, VIEWER_RULES[rule][0], where or "/", message, fix, "viewing")
    scope: Scope = "publishing" if rule in BEYOND_THE_SPECIFICATION else "conformance"
    return Problem(rule, ARRAY_RULES[rule][0], where or "/", message, fix, scope)


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
    if 0 in facts.shape:
        message = f"the array has the shape {list(facts.shape)}"
        yield _problem("level-empty", level.path, message, "Write the array, or remove the dataset.")
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
    if facts.dtype == "int64":
        does = "reads as uint64" if facts.zarr_format == 2 else "refuses"
        fix = "Write the array as int32, or as uint64 if no value is negative."
        yield _problem("int64-not-viewable", where, f"the data type is int64, which the viewer {does}", fix)
    elif facts.dtype not in _VIEWER_DTYPES:
        fix = "Write the array as uint8 (masks), float32 (predictions) or an unsigned integer (labels)."
        yield _problem("dtype-not-viewable", where, f"the viewer cannot show {facts.dtype}", fix)
    if facts.zarr_format == 2 and facts.filters:
        message = f"the filters {', '.join(facts.filters)} are ignored by the viewer: it would show wrong values"
        yield _problem("filters-not-viewable", where, message, "Write the array without filters.")
    unknown = [codec for codec in facts.codecs if codec not in _VIEWER_CODECS.get(facts.zarr_format, set())]
    unknown += [f"{codec} around shards" for codec in facts.shard_codecs if codec != "transpose"]
    if unknown:
        message = f"the viewer has no codec {', '.join(unknown)}"
        yield _problem("codec-not-viewable", where, message, "Write the array with zstd, gzip or blosc.")


def check_axes_viewable(axes: Axes) -> list[Problem]:
    """What keeps the viewer from placing an image with these axes in the space x, y, z."""
    found = []
    for axis in axes:
        where = f"axis {axis.name}"
        if axis.is_spatial and axis.name not in ("x", "y", "z"):
            message = f'the space axis "{axis.name}" is none of x, y, z'
            found.append(_problem("axes-not-viewable", where, message, "Name the space axes x, y and z."))
        elif not _VIEWER_AXIS_NAME.fullmatch(axis.name):
            message = f'the viewer takes no axis called "{axis.name}"'
            fix = "Name it by letters and digits, a letter first."
            found.append(_problem("axes-not-viewable", where, message, fix))
        elif not axis.is_spatial and axis.unit is not None and axis.unit not in {**NM_PER_UNIT, **SECONDS_PER_UNIT}:
            message = f'the viewer does not know the unit "{axis.unit}"'
            found.append(_problem("axes-not-viewable", where, message, "Remove the unit, or write one NGFF lists."))
    return found


def check_labels_viewable(facts: ArrayFacts, where: str) -> list[Problem]:
    """What keeps the viewer from showing the array as labels, which it could show as an image."""
    if facts.dtype != "float32":
        return []
    return [
        _problem("labels-not-integers", where, "labels of data type float32", "Write the labels as unsigned integers.")
    ]


def check_channels(multiscale: Multiscale, channels: Sequence[Channel], facts: ArrayFacts) -> list[Problem]:
    """Whether as many channels are described as there are; none described is no problem."""
    position = next((position for position, axis in enumerate(multiscale.axes) if axis.type == "channel"), None)
    count = 1 if position is None or position >= len(facts.shape) else facts.shape[position]
    if not channels or len(channels) == count:
        return []
    message = f"omero describes {len(channels)} channels, the array has {count}"
    fix = "Describe each channel once, in stored order."
    return [Problem("omero-channels-count", RULES["omero-channels-count"][0], "/omero/channels", message, fix)]
