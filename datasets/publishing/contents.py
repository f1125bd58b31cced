"""Which images lie below an address, as far as metadata tell: no folder is searched."""

import re
from urllib.parse import quote

from datasets.storage import objects
from datasets.storage.errors import StorageError
from datasets.storage.hierarchies import ZarrGroup, find_group
from datasets.storage.keys import InvalidKey, canonical_key, join_key
from datasets.storage.roots import Root
from datasets.volumes.groups import GroupKind, describe_group


def images_below(root: Root, key: str, group: ZarrGroup) -> list[str]:
    """Keys of the images that the group at ``key`` tells of, itself not among them; at most a thousand.

    Those that its lists name (labels, the images of a collection, the fields of a well; of a plate those of its first
    well), and those that consolidated metadata know. What is named need not exist.
    """
    description = describe_group(group.attributes)
    match description.kind:
        case GroupKind.LABELS | GroupKind.WELL:
            paths = [join_key(key, member) for member in description.members]
        case GroupKind.SERIES:  # it stands in the group OME, beside the images
            paths = [join_key(key.rpartition("/")[0], member) for member in description.members]
        case GroupKind.BIOFORMATS2RAW:
            paths = _collection(root, key)
        case GroupKind.PLATE:
            paths = [
                join_key(key, well, field)
                for well in description.members[:1]
                for field in _members(root, join_key(key, well), GroupKind.WELL)
            ]
        case GroupKind.IMAGE:
            labels = join_key(key, "labels")
            paths = [join_key(labels, name) for name in _members(root, labels, GroupKind.LABELS)]
        case _:
            paths = []
    paths += [join_key(key, path) for path in _consolidated_images(group)]
    return [path for path in dict.fromkeys(paths) if _is_key(path)]


def _collection(root: Root, key: str) -> list[str]:
    """The images of a bioformats2raw collection: those that OME/ lists, else the numbered groups from 0 on."""
    members = _members(root, join_key(key, "OME"), GroupKind.SERIES)
    if not members:
        members = [name[:-1] for name in objects.list_folder(root, key) if re.fullmatch(r"\d+/", name)]
        members.sort(key=int)
    return [join_key(key, member) for member in members]


def _members(root: Root, key: str, kind: GroupKind) -> list[str]:
    """What a group of that kind lists; nothing where there is no such group or it cannot be read."""
    try:
        group = find_group(root, key)
    except StorageError:
        return []
    description = describe_group(group.attributes if group else {})
    return list(description.members) if description.kind == kind else []


def _consolidated_images(group: ZarrGroup) -> list[str]:
    return sorted(
        path
        for path, node in (group.consolidated or {}).items()
        if path and describe_group(node.attributes).kind == GroupKind.IMAGE
    )


def _is_key(key: str) -> bool:
    try:
        return canonical_key(quote(key).encode()) == key
    except InvalidKey:
        return False
