"""An entry of a listing: what is known of an object without a request of its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """An object, or a folder.

    Args:
        key: below what was listed; a folder's ends in ``/``, and it has no facts.
        mtime_s: when it was modified, in whole seconds since the epoch.
        etag: its strong tag with its quotes, the one that reading it shows.
        is_link: whether a link of a file system leads there.
    """

    key: str
    size_bytes: int = 0
    mtime_s: int = 0
    etag: str = ""
    is_link: bool = False

    @property
    def is_folder(self) -> bool:
        return self.key.endswith("/")
