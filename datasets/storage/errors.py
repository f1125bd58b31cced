"""What can go wrong while reading or writing objects. Absent, forbidden and unreadable are three different things.

Neuroglancer and zarr paint "absent" as empty space, so calling trouble "absent" would be silent data corruption.
"""

from datasets.volumes.errors import CisternaError


class StorageError(CisternaError):
    """The base of the storage errors."""


class ObjectAbsent(StorageError):
    """The object is known not to exist: the storage was reached and said so."""

    slug = "object-absent"
    status = 404
    title = "No such object"


class StorageForbidden(StorageError):
    """The storage refuses to let the portal read; whether the object exists is not known."""

    slug = "storage-forbidden"
    status = 503
    title = "The storage refuses access"
    retry_after_s = 60


class StorageUnavailable(StorageError):
    """The storage cannot be reached or read; whether the object exists is not known."""

    slug = "storage-unavailable"
    status = 503
    title = "The storage cannot be read at the moment"
    retry_after_s = 5
