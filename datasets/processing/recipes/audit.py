"""A part of a published version's objects, read again and compared with its inventory; another part each time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.inventories import DigestsAbsent, find_inventory
from datasets.catalogue.queries.mounts import mounts_of
from datasets.catalogue.queries.places import place_of_key
from datasets.processing.actions.alarms import Found, record_audit
from datasets.processing.models import Alarm, Job, JobState
from datasets.processing.recipe import Estimate
from datasets.processing.runs import Run
from datasets.storage.digests import hash_of_object
from datasets.storage.errors import ObjectAbsent
from datasets.storage.inventory import Inventory

PARTS = 20
"""So many audits read everything once."""


def estimate(version: DatasetVersion, parameters: Mapping[str, Any]) -> Estimate:
    extent = _inventory(version).measure()
    return Estimate(
        reads_bytes=extent.size_bytes // PARTS,
        memory_bytes=64 * 1024**2,
        said=(f"Reads one object of {PARTS}, others each time",),
    )


def run(run: Run) -> None:
    version = run.version()
    inventory = _inventory(version)
    done = Job.objects.filter(recipe=run.recipe.name, version=version, state=JobState.DONE)
    turn = done.count() % PARTS
    total, size_bytes, found = inventory.measure().objects, 0, []
    for number, row in enumerate(inventory.rows(), start=1):
        run.show("Reading one object of twenty", done=number, total=total, unit="objects")
        if row.sha256 is not None and crc32(row.key.encode()) % PARTS == turn:
            found.append(Found(row.key, _judge(version, row.key, row.sha256)))
            size_bytes += row.size_bytes
    wrong = [it.key for it in found if it.kind]
    for key in wrong[:20]:
        run.say(f"{key} is not what it was")
    with run.commit({"part": turn + 1, "objects": len(found), "size_bytes": size_bytes, "wrong": len(wrong)}):
        record_audit(version, found)


def _inventory(version: DatasetVersion) -> Inventory:
    inventory = find_inventory(version)
    if inventory is None:
        raise DigestsAbsent(
            "There is nothing to compare with", where=str(version), fix=f"Run the recipe manifest on {version} first"
        )
    return inventory


def _judge(version: DatasetVersion, key: str, sha256_hex: str) -> str:
    """What is wrong with an object; nothing where it is what it was. What cannot be read is no answer: it is raised."""
    place = place_of_key(version, key)
    if place is None:
        return Alarm.Kind.MISSING
    try:
        digest, _ = hash_of_object(*place)
    except ObjectAbsent:
        _require_mounted(version, key)
        return Alarm.Kind.MISSING
    return "" if digest.hex() == sha256_hex else Alarm.Kind.CHANGED


def _require_mounted(version: DatasetVersion, key: str) -> None:
    """That what the version mounts there is there: a disk that is not mounted holds no object, either.

    Raises:
        StorageUnavailable
    """
    mount = mounts_of(version).find_prefix(key)
    if mount is not None:
        mount.reach().list_names(mount.key, limit=1, within=mount.key)
