"""The rules of NGFF 0.4 and 0.5 for the metadata of one image: one small validator for each rule.

A validator takes a piece of JSON and its JSON pointer and yields the problems it finds. It never raises, whatever the
JSON holds; where a piece is so wrong that a later rule has nothing to look at, the later rule keeps silent.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from datasets.volumes.lengths import NM_PER_UNIT, SECONDS_PER_UNIT, assumed_length_unit, unit_fix
from datasets.volumes.problems import Problem, Severity

type Found = Iterator[Problem]

SUPPORTED_VERSIONS: Final = ("0.4", "0.5")
UNSUPPORTED_FIX: Final = "Convert the metadata to OME-Zarr 0.4 or 0.5; the arrays can stay as they are."

# id → severity and the rule, in the words of the specification's "multiscales", "axes" and "coordinateTransformations"
# sections, or in ours where readers demand more than it does. docs/problems/ngff-invalid.md lists the same.
RULES: Final[dict[str, tuple[Severity, str]]] = {
    "not-ome-zarr": ("error", "An image group has multiscales in its attributes (0.4) or in their ome (0.5)."),
    "multiscales": ("error", "multiscales is a list of at least one object."),
    "version-missing": ("error", "The version is stated; readers do not open an image without one."),
    "ngff-version-unsupported": ("error", "The version is 0.4 or 0.5."),
    "name-missing": ("warning", "Each multiscale should contain a name."),
    "downsampling-type-missing": ("warning", "A multiscale should say in type how its levels were made."),
    "axes-count": ("error", "axes is a list of 2 to 5 objects."),
    "axis-name": ("error", "Each axis has a name, a text that is not empty."),
    "axis-names-unique": ("error", "No two axes have the same name."),
    "axis-type": ("error", "The type of an axis, where given, is a text."),
    "axis-type-missing": ("warning", "An axis should have a type."),
    "axes-space-count": ("error", "2 or 3 axes are of type space."),
    "axes-other-count": ("error", "At most one axis is of type time, at most one of channel or another type."),
    "axes-order": ("error", "Axes stand in the order time, channel or custom, space."),
    "axes-spatial-order": ("warning", "Space axes should stand in the order z, y, x."),
    "axis-unit": ("warning", "The unit of an axis should be one of those the specification lists."),
    "axis-unit-missing": ("warning", "A space axis should have a unit; that of the others, or nanometer, is assumed."),
    "datasets": ("error", "datasets is a list of at least one object."),
    "dataset-path": ("error", "Each dataset has the path of an array within the group."),
    "dataset-paths-unique": ("error", "No two datasets have the same path."),
    "transforms": ("error", "coordinateTransformations is a list of at least one object."),
    "transform-type": ("error", "A transformation is a scale or a translation."),
    "scale-count": ("error", "There is exactly one scale."),
    "translation-count": ("error", "There is at most one translation."),
    "translation-order": ("error", "The translation comes after the scale."),
    "transform-numbers": ("error", "scale and translation are lists of finite numbers."),
    "transform-length": ("error", "scale and translation have one number for each axis."),
    "scale-positive": ("error", "Every scale is greater than 0; readers refuse others."),
    "levels-order": ("error", "Datasets are ordered from the highest resolution to the lowest."),
    "levels-same-scale": ("warning", "A lower level has a larger scale along some axis."),
    "omero": ("error", "omero, where present, has channels, a list of objects."),
    "omero-window": ("error", "A channel's window has the numbers min, max, start and end."),
    "omero-window-order": ("warning", "A channel's window starts below its end."),
    "omero-color": ("error", "A channel's color is six hexadecimal digits."),
    "omero-channel-incomplete": ("warning", "A channel should have a window and a color."),
    "omero-channels-count": ("warning", "omero has one channel for each element of the channel axis."),
    "image-label": ("error", "image-label's colors and properties, where present, are lists of objects, not empty."),
    "label-value": ("error", "Each color and each property names its label by a whole number, label-value."),
    "label-value-unique": ("error", "No two colors and no two properties are of the same label."),
    "label-color": ("error", "The rgba of a label is four whole numbers from 0 to 255."),
}


def problem(rule: str, where: str, message: str, fix: str) -> Problem:
    return Problem(rule, RULES[rule][0], where or "/", message, fix)


def shown(value: object) -> str:
    """A found value as a message quotes it, cut short."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def is_number(value: object) -> bool:
    """A finite JSON number (true and false are none)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the largest float
        return False


def objects_in(value: object) -> list[Mapping[str, object]]:
    """The objects of a JSON list, for rules that compare them; [] for anything else."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def list_of_objects(rule: str, value: object, where: str, *, example: str) -> Found:
    """One object at least: the form that multiscales, axes, datasets and transformations share."""
    if not isinstance(value, list | tuple):
        found = "nothing" if value is None else shown(value)
        yield problem(rule, where, f"{found} where a list of objects belongs", f"Write a list, such as {example}.")
    elif not value:
        yield problem(rule, where, "the list is empty", f"List at least one object, such as {example}.")
    else:
        for position, item in enumerate(value):
            if not isinstance(item, Mapping):
                yield problem(rule, f"{where}/{position}", f"{shown(item)} is not an object", f"Write {example}.")


# --- axes -------------------------------------------------------------------------------------------------------------

_AXIS_EXAMPLE: Final = '[{"name": "z", "type": "space", "unit": "nanometer"}, …]'


def axes_count(axes: object, where: str) -> Found:
    found = list(list_of_objects("axes-count", axes, where, example=_AXIS_EXAMPLE))
    yield from found
    if not found and isinstance(axes, list | tuple) and not 2 <= len(axes) <= 5:
        yield problem(
            "axes-count", where, f"{len(axes)} axes", "Give 2 to 5 axes, one for each dimension of the arrays."
        )


def axis_name(axis: Mapping[str, object], where: str) -> Found:
    name = axis.get("name")
    if not isinstance(name, str) or not name:
        message = "the axis has no name" if name is None else f"the name is {shown(name)}"
        yield problem("axis-name", f"{where}/name", message, 'Name the axis, such as "z".')


def axis_type(axis: Mapping[str, object], where: str) -> Found:
    kind = axis.get("type")
    if kind is None:
        fix = 'Write "type": "space", "time" or "channel".'
        yield problem("axis-type-missing", f"{where}/type", "the axis has no type", fix)
    elif not isinstance(kind, str):
        fix = 'Write "space", "time", "channel" or a word of your own.'
        yield problem("axis-type", f"{where}/type", f"the type is {shown(kind)}", fix)


def axis_unit(axis: Mapping[str, object], where: str) -> Found:
    kind, unit = axis.get("type"), axis.get("unit")
    if unit is None:
        return
    if kind == "space" and not (isinstance(unit, str) and unit in NM_PER_UNIT):
        message = f"{shown(unit)} is not a unit of length in NGFF"
        yield problem("axis-unit", f"{where}/unit", message, unit_fix(unit))
    elif kind == "time" and not (isinstance(unit, str) and unit in SECONDS_PER_UNIT):
        message = f"{shown(unit)} is not a unit of time in NGFF"
        yield problem("axis-unit", f"{where}/unit", message, 'Write "second", or another unit the specification lists.')


def axis_unit_missing(axes: Sequence[Mapping[str, object]], where: str) -> Found:
    spatial = {position: axis.get("unit") for position, axis in enumerate(axes) if axis.get("type") == "space"}
    assumed = assumed_length_unit(list(spatial.values()))
    for position, unit in spatial.items():
        if unit is None:
            fix = f'Add "unit": "{assumed}", or the unit the scale is stated in.'
            yield problem(
                "axis-unit-missing", f"{where}/{position}/unit", f"the axis has no unit; {assumed} is assumed", fix
            )


def axis_names_unique(axes: Sequence[Mapping[str, object]], where: str) -> Found:
    names = [axis.get("name") for axis in axes]
    for name in sorted({name for name in names if isinstance(name, str) and names.count(name) > 1}):
        message = f'{names.count(name)} axes are named "{name}"'
        yield problem("axis-names-unique", where, message, "Give every axis a name of its own.")


def axes_space_count(axes: Sequence[Mapping[str, object]], where: str) -> Found:
    count = sum(axis.get("type") == "space" for axis in axes)
    if count not in (2, 3):
        fix = 'Mark the 2 or 3 axes that span space with "type": "space".'
        yield problem("axes-space-count", where, f"{count} axes are of type space", fix)


def axes_other_count(axes: Sequence[Mapping[str, object]], where: str) -> Found:
    times = sum(axis.get("type") == "time" for axis in axes)
    others = sum(axis.get("type") not in ("space", "time") for axis in axes)
    if times > 1:
        yield problem("axes-other-count", where, f"{times} axes are of type time", "Keep one; store the rest apart.")
    if others > 1:
        message = f"{others} axes are of type channel or of another type"
        yield problem("axes-other-count", where, message, "Keep one; store the rest as images of their own.")


def axes_order(axes: Sequence[Mapping[str, object]], where: str) -> Found:
    ranks = [{"time": 0, "space": 2}.get(str(axis.get("type")), 1) for axis in axes]
    if ranks != sorted(ranks):
        message = f"the axes are of type {', '.join(str(axis.get('type')) for axis in axes)}, in this order"
        fix = "Store the arrays in the order time, channel or custom, space, and list the axes so."
        yield problem("axes-order", where, message, fix)


def axes_spatial_order(axes: Sequence[Mapping[str, object]], where: str) -> Found:
    names = [axis.get("name") for axis in axes if axis.get("type") == "space"]
    known = [name for name in names if name in ("z", "y", "x")]
    if known != sorted(known, key="zyx".index):
        message = f"the space axes are in the order {', '.join(map(str, names))}"
        yield problem("axes-spatial-order", where, message, "If the arrays are stored z, y, x, name the axes so.")


def check_axes(axes: object, where: str) -> Found:
    yield from axes_count(axes, where)
    if isinstance(axes, list | tuple):
        for position, axis in enumerate(axes):
            if isinstance(axis, Mapping):
                for rule in (axis_name, axis_type, axis_unit):
                    yield from rule(axis, f"{where}/{position}")
    listed = objects_in(axes)
    if listed:
        rules = (axis_names_unique, axes_space_count, axes_other_count, axes_order, axes_spatial_order)
        for whole in (axis_unit_missing, *rules):
            yield from whole(listed, where)


# --- transformations --------------------------------------------------------------------------------------------------

_SCALE_EXAMPLE: Final = '[{"type": "scale", "scale": [10, 10, 10]}]'


def transform_type(transforms: Sequence[Mapping[str, object]], where: str) -> Found:
    for position, transform in enumerate(transforms):
        if transform.get("type") not in ("scale", "translation"):
            message = f"a transformation of type {shown(transform.get('type'))}"
            yield problem("transform-type", f"{where}/{position}/type", message, "Use one scale and one translation.")


def scale_count(transforms: Sequence[Mapping[str, object]], where: str) -> Found:
    count = sum(transform.get("type") == "scale" for transform in transforms)
    if count != 1:
        message = f"{count} scales" if count else "no scale"
        yield problem("scale-count", where, message, f"Give exactly one scale, such as {_SCALE_EXAMPLE}.")


def translation_count(transforms: Sequence[Mapping[str, object]], where: str) -> Found:
    count = sum(transform.get("type") == "translation" for transform in transforms)
    if count > 1:
        yield problem("translation-count", where, f"{count} translations", "Add them up into one.")


def translation_order(transforms: Sequence[Mapping[str, object]], where: str) -> Found:
    kinds = [transform.get("type") for transform in transforms]
    if kinds != ["translation", "scale"]:
        return
    fix = "List the scale first; to keep the same positions, multiply each translation by its scale"
    translation, scale = transforms[0].get("translation"), transforms[1].get("scale")
    if isinstance(translation, list) and isinstance(scale, list) and all(map(is_number, [*translation, *scale])):
        fix += f": {[t * s for t, s in zip(translation, scale, strict=False)]}"
    yield problem("translation-order", where, "the translation stands before the scale", f"{fix}.")


def transform_numbers(transforms: Sequence[Mapping[str, object]], where: str) -> Found:
    for position, transform in enumerate(transforms):
        kind = transform.get("type")
        if kind not in ("scale", "translation"):
            continue
        numbers, at = transform.get(str(kind)), f"{where}/{position}/{kind}"
        if not isinstance(numbers, list | tuple) or not all(map(is_number, numbers)):
            fix = "Write a list of numbers, one for each axis"
            fix += "; numbers kept in an array (path) are not read by today's viewers." if "path" in transform else "."
            yield problem("transform-numbers", at, f"{shown(numbers)} is not a list of finite numbers", fix)


def scale_positive(transforms: Sequence[Mapping[str, object]], where: str) -> Found:
    for position, transform in enumerate(transforms):
        scale = transform.get("scale")
        if transform.get("type") != "scale" or not isinstance(scale, list | tuple):
            continue
        if any(is_number(size) and size <= 0 for size in scale):
            fix = "Give the size of a voxel along each axis; to mirror an axis, store the array mirrored."
            yield problem("scale-positive", f"{where}/{position}/scale", f"a scale of {shown(list(scale))}", fix)


def transform_length(transforms: Sequence[Mapping[str, object]], where: str, axis_count: int) -> Found:
    for position, transform in enumerate(transforms):
        kind = str(transform.get("type"))
        numbers = transform.get(kind)
        if kind in ("scale", "translation") and isinstance(numbers, list | tuple) and len(numbers) != axis_count:
            message = f"{len(numbers)} numbers for {axis_count} axes"
            fix = "Give one number for each axis, in the order of the axes (1 for a scale that does not apply)."
            yield problem("transform-length", f"{where}/{position}/{kind}", message, fix)


def check_transforms(transforms: object, where: str, axis_count: int | None) -> Found:
    """``axis_count`` is None where the axes themselves cannot be counted."""
    yield from list_of_objects("transforms", transforms, where, example=_SCALE_EXAMPLE)
    listed = objects_in(transforms)
    if not listed:
        return
    rules = (transform_type, scale_count, translation_count, translation_order, transform_numbers, scale_positive)
    for rule in rules:
        yield from rule(listed, where)
    if axis_count is not None:
        yield from transform_length(listed, where, axis_count)
