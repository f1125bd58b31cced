"""What a version shows, whichever roots it is in."""

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.mounts import mounts_of
from datasets.storage.inventory import list_objects


def shown_by(version: DatasetVersion) -> dict[str, bytes]:
    """All that a version shows, by key."""
    mounts = mounts_of(DatasetVersion.objects.get(pk=version.pk))
    found = {}
    for entry in list_objects(mounts):
        mount = mounts.find_mount(entry.key)
        assert mount is not None
        file = mount.reach().open_file(mount.storage_key(entry.key))  # type: ignore[union-attr]
        found[entry.key] = file.read(0, file.size_bytes)
        file.close()
    return found
