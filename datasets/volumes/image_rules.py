"""The rules of NGFF 0.4 and 0.5 that concern a whole image: its version, its levels, its channels' display."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from datasets.volumes.label_rules import check_image_label
from datasets.volumes.problems import Problem
from datasets.volumes.rules import (
    SUPPORTED_VERSIONS,
    UNSUPPORTED_FIX,
    Found,
    check_axes,
    check_transforms,
    is_number,
    list_of_objects,
    objects_in,
    problem,
    shown,
)


@dataclass(frozen=True)
class ImageAttributes:
    """Where an image's metadata stands in the attributes of its group: at the top (0.4) or below "ome" (0.5)."""

    where: str
    body: Mapping[str, object]

    @property
    def is_ome_namespaced(self) -> bool:
        return self.where == "/ome"

    def version_of(self, multiscale: Mapping[str, object]) -> object:
        """The version as written: beside the multiscales in 0.5, inside each before. None where it is not written."""
        return (self.body if self.is_ome_namespaced else multiscale).get("version")


def locate_image(attributes: Mapping[str, object]) -> ImageAttributes:
    """The namespace "ome" wins where both places are filled, as in the viewer."""
    ome = attributes.get("ome")
    return ImageAttributes("/ome", ome) if isinstance(ome, Mapping) else ImageAttributes("", attributes)


# --- version ----------------------------------------------------------------------------------------------------------


def other_form(multiscale: Mapping[str, object]) -> str:
    """Which version other than 0.4 and 0.5 the form of a multiscale is of; ``""`` for none.

    0.1 and 0.2 have no axes, 0.3 names them in plain texts, and none of them has transformations; 0.6 keeps the axes in
    coordinate systems.
    """
    if "coordinateSystems" in multiscale:
        return "0.6"
    axes, datasets = multiscale.get("axes"), objects_in(multiscale.get("datasets"))
    if not datasets or any("coordinateTransformations" in dataset for dataset in datasets):
        return ""
    if axes is None:
        return "0.1 or 0.2"
    return "0.3" if isinstance(axes, list) and axes and all(isinstance(axis, str) for axis in axes) else ""


def version(found: object, where: str, is_ome_namespaced: bool, other: str = "") -> Found:
    expected = "0.5" if is_ome_namespaced else "0.4"
    if found is None and other:
        message = f"no version is stated, and the metadata has the form of {other}"
        yield problem("ngff-version-unsupported", f"{where}/version", message, UNSUPPORTED_FIX)
    elif found is None:
        fix = f'Add "version": "{expected}"' + ("." if is_ome_namespaced else " to each multiscale.")
        yield problem("version-missing", f"{where}/version", "the version is not stated", fix)
    elif found not in SUPPORTED_VERSIONS:
        message = f"the version is {shown(found)}"
        yield problem("ngff-version-unsupported", f"{where}/version", message, UNSUPPORTED_FIX)
    elif found != expected:
        place = "below ome" if is_ome_namespaced else "at the top of the attributes"
        message = f"the version is {found}, but the metadata stands {place}"
        fix = f'Write "version": "{expected}" if that is what it is, or move the metadata where {found} has it.'
        yield problem("ngff-version-unsupported", f"{where}/version", message, fix)


# --- levels -----------------------------------------------------------------------------------------------------------


def dataset_path(dataset: Mapping[str, object], where: str) -> Found:
    path = dataset.get("path")
    fix = 'Write the path of the array relative to this group, such as "0" or "s0".'
    if not isinstance(path, str) or not path.strip("/"):
        message = "the dataset has no path" if path is None else f"the path is {shown(path)}"
        yield problem("dataset-path", f"{where}/path", message, fix)
    elif path.startswith("/") or {".", ".."} & set(path.split("/")):
        yield problem("dataset-path", f"{where}/path", f"the path {shown(path)} leads out of the group", fix)


def dataset_paths_unique(datasets: Sequence[Mapping[str, object]], where: str) -> Found:
    paths = [path.strip("/") for dataset in datasets if isinstance(path := dataset.get("path"), str)]
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        message = f'{paths.count(path)} datasets have the path "{path}"'
        yield problem("dataset-paths-unique", where, message, "List every array once.")


def scale_of(dataset: Mapping[str, object]) -> list[float] | None:
    """The scale of a dataset, where it states exactly one and in numbers."""
    scales = [t.get("scale") for t in objects_in(dataset.get("coordinateTransformations")) if t.get("type") == "scale"]
    if len(scales) != 1 or not isinstance(scales[0], list | tuple) or not all(map(is_number, scales[0])):
        return None
    return [float(number) for number in scales[0]]


def levels_order(datasets: Sequence[Mapping[str, object]], where: str) -> Found:
    for position in range(1, len(datasets)):
        finer, coarser = scale_of(datasets[position - 1]), scale_of(datasets[position])
        if finer is None or coarser is None or len(finer) != len(coarser):
            continue
        at = f"{where}/{position}"
        if any(b < a for a, b in zip(finer, coarser, strict=True)):
            message = f"scale {coarser} is finer than {finer}, that of the dataset before"
            yield problem("levels-order", at, message, "List the datasets from the highest resolution to the lowest.")
        elif finer == coarser:
            message = f"the scale {coarser} is that of the dataset before"
            fix = "State the size of this level's voxels, or remove the level."
            yield problem("levels-same-scale", at, message, fix)


def check_datasets(datasets: object, where: str, axis_count: int | None) -> Found:
    example = '[{"path": "0", "coordinateTransformations": […]}, …]'
    yield from list_of_objects("datasets", datasets, where, example=example)
    if isinstance(datasets, list | tuple):
        for position, dataset in enumerate(datasets):
            if isinstance(dataset, Mapping):
                at = f"{where}/{position}"
                yield from dataset_path(dataset, at)
                transforms = dataset.get("coordinateTransformations")
                yield from check_transforms(transforms, f"{at}/coordinateTransformations", axis_count)
    listed = objects_in(datasets)
    yield from dataset_paths_unique(listed, where)
    yield from levels_order(listed, where)


def name_missing(multiscale: Mapping[str, object], where: str) -> Found:
    if not multiscale.get("name"):
        yield problem("name-missing", f"{where}/name", "the multiscale has no name", 'Add a "name".')


def downsampling_type_missing(multiscale: Mapping[str, object], where: str) -> Found:
    if len(objects_in(multiscale.get("datasets"))) > 1 and not multiscale.get("type"):
        message = "nothing says how the lower levels were made"
        fix = 'Add "type", such as "mean" for images or "mode" for labels.'
        yield problem("downsampling-type-missing", f"{where}/type", message, fix)


def check_multiscale(multiscale: Mapping[str, object], where: str) -> Found:
    yield from name_missing(multiscale, where)
    yield from downsampling_type_missing(multiscale, where)
    axes = multiscale.get("axes")
    yield from check_axes(axes, f"{where}/axes")
    axis_count = len(axes) if isinstance(axes, list | tuple) and axes else None
    yield from check_datasets(multiscale.get("datasets"), f"{where}/datasets", axis_count)
    if "coordinateTransformations" in multiscale:
        transforms = multiscale["coordinateTransformations"]
        yield from check_transforms(transforms, f"{where}/coordinateTransformations", axis_count)


# --- display of the channels ------------------------------------------------------------------------------------------


def omero_window(window: object, where: str) -> Found:
    fix = 'Write {"min": …, "max": …, "start": …, "end": …}, all numbers.'
    if not isinstance(window, Mapping):
        yield problem("omero-window", where, f"the window is {shown(window)}", fix)
        return
    for key in ("min", "max", "start", "end"):
        if not is_number(window.get(key)):
            found = shown(window[key]) if key in window else "missing"
            yield problem("omero-window", f"{where}/{key}", f"{key} is {found}", fix)
    start, end = window.get("start"), window.get("end")
    if isinstance(start, int | float) and isinstance(end, int | float) and start >= end:
        message = f"the window starts at {start} and ends at {end}"
        yield problem("omero-window-order", where, message, "Write the darker value as start.")


def is_colour(color: object) -> bool:
    """Six hexadecimal digits, as many write them with a number sign before."""
    return isinstance(color, str) and re.fullmatch(r"#?[0-9a-fA-F]{6}", color) is not None


def omero_color(color: object, where: str) -> Found:
    if not is_colour(color):
        yield problem("omero-color", where, f"the color is {shown(color)}", 'Write six hexadecimal digits: "00FF00".')


def check_omero(omero: object, where: str, *, is_complete_required: bool) -> Found:
    """The schema of 0.4 demands a window and a color of every channel, that of 0.5 does not."""
    if not isinstance(omero, Mapping):
        yield problem("omero", where, f"omero is {shown(omero)}", "Write an object with channels, or remove it.")
        return
    channels = omero.get("channels")
    if not isinstance(channels, list | tuple):
        message = "omero has no list of channels"
        yield problem("omero", f"{where}/channels", message, "List the channels, or remove omero.")
        return
    for position, channel in enumerate(channels):
        at = f"{where}/channels/{position}"
        if not isinstance(channel, Mapping):
            yield problem("omero", at, f"the channel is {shown(channel)}", "Write an object for each channel.")
            continue
        for key, rule in (("window", omero_window), ("color", omero_color)):
            if key in channel:
                yield from rule(channel[key], f"{at}/{key}")
            else:
                severity_rule = f"omero-{key}" if is_complete_required else "omero-channel-incomplete"
                yield problem(severity_rule, at, f"the channel has no {key}", f'Add "{key}", or remove omero.')


# --- the image --------------------------------------------------------------------------------------------------------


def check_image(attributes: Mapping[str, object]) -> list[Problem]:
    """Check the attributes of an image group against NGFF 0.4 and 0.5.

    ``attributes`` are the Zarr attributes of the group: the content of .zattrs, or "attributes" in zarr.json. Without
    errors among the problems the metadata conforms. A unit outside NGFF's list is a warning here, as in the
    specification; parsing refuses it on a space axis, where no size could be told.
    """
    image = locate_image(attributes)
    if "multiscales" not in image.body:
        fix = "Give the address of an OME-Zarr image group."
        return [problem("not-ome-zarr", image.where, "the attributes hold no multiscales", fix)]

    where = f"{image.where}/multiscales"
    multiscales = image.body["multiscales"]
    found = list(list_of_objects("multiscales", multiscales, where, example='[{"axes": […], "datasets": […]}]'))
    if image.is_ome_namespaced:
        found += version(image.body.get("version"), image.where, is_ome_namespaced=True)
    # The rules of another version are other rules: nothing more to say about it.
    if any(item.id == "ngff-version-unsupported" for item in found) or not isinstance(multiscales, list | tuple):
        return found
    for position, multiscale in enumerate(multiscales):
        if not isinstance(multiscale, Mapping):
            continue
        at = f"{where}/{position}"
        versions = []
        if not image.is_ome_namespaced:
            versions = list(version(multiscale.get("version"), at, False, other_form(multiscale)))
        found += versions
        if not any(item.id == "ngff-version-unsupported" for item in versions):
            found += check_multiscale(multiscale, at)
    if any(item.id == "ngff-version-unsupported" for item in found):
        return found
    if "omero" in image.body:
        omero_where = f"{image.where}/omero"
        found += check_omero(image.body["omero"], omero_where, is_complete_required=not image.is_ome_namespaced)
    if "image-label" in image.body:
        found += check_image_label(image.body["image-label"], f"{image.where}/image-label")
    return found
