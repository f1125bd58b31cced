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


class ObjectChanged(StorageUnavailable):
    """The object is not the one any more that was looked at first: it was written meanwhile."""

    slug = "object-changed"
    title = "The object changed while it was read"


class StorageUnreachable(StorageUnavailable):
    """Nobody answers at the storage's address: the connection is refused, or the name leads nowhere."""

    slug = "storage-unreachable"
    title = "The storage cannot be reached"


class StorageTimeout(StorageUnavailable):
    """The storage was reached and did not answer in time."""

    slug = "storage-timeout"
    title = "The storage did not answer in time"


class CredentialsRefusedByStorage(StorageForbidden):
    """The storage knows neither the portal's access key nor what was signed with it."""

    slug = "storage-credentials-refused"
    title = "The storage refuses the portal's key"


class BucketMissing(StorageError):
    """The bucket does not exist, or exists no longer."""

    slug = "bucket-missing"
    status = 503
    title = "The bucket does not exist"
    retry_after_s = 60


class AbsenceHidden(StorageForbidden):
    """The bucket answers "forbidden" for what is not there, so nothing can be known to be absent."""

    slug = "storage-hides-absence"
    title = "The bucket hides which objects exist"
