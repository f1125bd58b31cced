"""Where the keys of a version are: a list of paths, each mounted on a place in a root. The longest match wins."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from datasets.storage.buckets import Bucket
from datasets.storage.files import LocalFolder
from datasets.storage.keys import is_below
from datasets.volumes.errors import CisternaError


class StorageBackendNotServed(CisternaError):
    """The bytes lie in a root that the portal no longer has."""

    slug = "storage-backend-not-served"
    status = 503
    title = "This storage is not served"
    retry_after_s = 3600


@dataclass(frozen=True, slots=True)
class Mount:
    """A path of a version, prefix or single object, and where its bytes are.

    ``source`` is None where the root is not configured any more. ``immutable``: in the portal's own root, never written
    again.
    """

    path: str
    source: LocalFolder | Bucket | None
    key: str
    single: bool = False
    immutable: bool = False

    def covers(self, key: str) -> bool:
        return key == self.path if self.single else is_below(key, self.path)

    def reach(self) -> LocalFolder | Bucket:
        """The root's folder or bucket.

        Raises:
            StorageBackendNotServed: it has none.
        """
        if self.source is None:
            raise StorageBackendNotServed("The data lie in a root that is not configured")
        return self.source

    def storage_key(self, key: str) -> str:
        """The key in the root of ``key``, which this mount covers."""
        if self.single:
            return self.key
        rest = key[len(self.path) + 1 :] if self.path else key
        return f"{self.key}/{rest}" if self.key and rest else self.key or rest


class Mounts:
    """The mounts of one version."""

    mounts: tuple[Mount, ...]

    def __init__(self, mounts: tuple[Mount, ...]) -> None:
        self.mounts = mounts

    @cached_property
    def _singles(self) -> Mapping[str, Mount]:
        return {mount.path: mount for mount in self.mounts if mount.single}

    @cached_property
    def _prefixes(self) -> tuple[Mount, ...]:
        return tuple(sorted((m for m in self.mounts if not m.single), key=lambda m: len(m.path), reverse=True))

    def find_mount(self, key: str) -> Mount | None:
        """The longest mount that covers ``key``."""
        return self._singles.get(key) or self.find_prefix(key)

    def find_prefix(self, folder: str) -> Mount | None:
        """The longest prefix mount in which ``folder`` lies, or which it is."""
        for mount in self._prefixes:
            if not mount.path or is_below(folder, mount.path):
                return mount
        return None

    def mounts_below(self, folder: str) -> list[Mount]:
        """The mounts strictly below ``folder``."""
        return [mount for mount in self.mounts if mount.path != folder and is_below(mount.path, folder)]
