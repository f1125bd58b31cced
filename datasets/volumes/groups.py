"""What a Zarr group of OME-Zarr is, by its attributes: an image, or something that holds images."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from datasets.volumes.image_rules import locate_image
from datasets.volumes.problems import Problem
from datasets.volumes.rules import SUPPORTED_VERSIONS, UNSUPPORTED_FIX, objects_in, shown

MAX_MEMBERS: Final = 1000
"""So many names are taken from a list; what a person reads needs no more."""


class GroupKind(StrEnum):
    IMAGE = "image"
    PLATE = "plate"
    WELL = "well"
    LABELS = "labels"
    SERIES = "series"
    BIOFORMATS2RAW = "bioformats2raw"
    SCENE = "scene"
    IMAGE_LABEL = "image-label"
    GROUP = "group"


# The key that tells a kind, in the order in which they are looked for: an image of labels also has image-label.
_KEYS: Final = {
    "multiscales": GroupKind.IMAGE,
    "plate": GroupKind.PLATE,
    "well": GroupKind.WELL,
    "labels": GroupKind.LABELS,
    "series": GroupKind.SERIES,
    "bioformats2raw.layout": GroupKind.BIOFORMATS2RAW,
    "scene": GroupKind.SCENE,
    "image-label": GroupKind.IMAGE_LABEL,
    # What OME-Zarr 0.6 writes of coordinate systems stands in a group of its own, too.
    "coordinateSystems": GroupKind.SCENE,
    "coordinateTransformations": GroupKind.SCENE,
}

# kind → id of the problem, what the group is, and what to do
_NOT_AN_IMAGE: Final = {
    GroupKind.PLATE: ("plate-not-publishable", "a plate of wells", "Give the address of one field of one well"),
    GroupKind.WELL: ("well-not-publishable", "a well of a plate", "Give the address of one of its fields"),
    GroupKind.LABELS: ("labels-not-image", "a list of label images", "Give the address of one of them"),
    GroupKind.SERIES: ("collection-not-image", "a list of images", "Give the address of one of them"),
    GroupKind.BIOFORMATS2RAW: (
        "collection-not-image",
        "a collection of images as bioformats2raw writes it",
        "Give the address of one of them",
    ),
    GroupKind.SCENE: (
        "scene-not-publishable",
        "a scene of coordinate systems and transformations",
        "Give the address of one image",
    ),
    GroupKind.IMAGE_LABEL: (
        "label-without-image",
        "a description of labels (image-label) without the image it belongs to",
        "Write multiscales beside image-label",
    ),
    GroupKind.GROUP: (
        "not-ome-zarr",
        "a Zarr group without any metadata of OME-Zarr",
        "Give the address of the group whose attributes hold multiscales",
    ),
}


@dataclass(frozen=True)
class GroupDescription:
    """What a group is.

    ``version`` as written, ``None`` where it is not; ``where`` it would stand, as a JSON pointer. ``members`` are the
    paths that the group itself lists: wells, fields, labels, images of a series.
    """

    kind: GroupKind
    version: object
    where: str
    members: tuple[str, ...] = ()


def describe_group(attributes: Mapping[str, object]) -> GroupDescription:
    """Read what the attributes of a group say it is. Never raises, whatever they hold."""
    image = locate_image(attributes)
    key = next((key for key in _KEYS if key in image.body), None)
    kind = _KEYS[key] if key else GroupKind.GROUP
    content = image.body.get(key) if key else None
    place, version = image.where, image.body.get("version")
    if not image.is_ome_namespaced:  # before 0.5 the version stands inside
        inner = content[0] if isinstance(content, list) and content else content
        if isinstance(inner, Mapping):
            place, version = f"/{key}" + ("/0" if isinstance(content, list) else ""), inner.get("version")
    return GroupDescription(kind, version, f"{place}/version", _members(kind, content))


def _members(kind: GroupKind, content: object) -> tuple[str, ...]:
    found: list[object] = []
    if kind in (GroupKind.LABELS, GroupKind.SERIES) and isinstance(content, list):
        found = content
    elif kind == GroupKind.PLATE and isinstance(content, Mapping):
        found = [well.get("path") for well in objects_in(content.get("wells"))]
    elif kind == GroupKind.WELL and isinstance(content, Mapping):
        found = [field.get("path") for field in objects_in(content.get("images"))]
    return tuple(path.strip("/") for path in found[:MAX_MEMBERS] if isinstance(path, str) and path.strip("/"))


def check_group(group: GroupDescription, attributes: Mapping[str, object]) -> list[Problem]:
    """Why a group that is no image cannot be published: its kind by name, and its version where that is another."""
    if group.kind == GroupKind.IMAGE:
        return []
    slug, what, fix = _NOT_AN_IMAGE[group.kind]
    found = [Problem(slug, "error", locate_image(attributes).where or "/", f"This is {what}", fix, "publishing")]
    if group.version is not None and group.version not in SUPPORTED_VERSIONS:
        message = f"the version is {shown(group.version)}"
        found.append(Problem("ngff-version-unsupported", "error", group.where, message, UNSUPPORTED_FIX, "publishing"))
    elif group.kind == GroupKind.SCENE and group.version is None:
        message = "coordinate systems are of OME-Zarr 0.6"
        found.append(Problem("ngff-version-unsupported", "error", group.where, message, UNSUPPORTED_FIX, "publishing"))
    return found
