"""Putting a folder of finished objects into the portal's own root, so that it appears at once or not at all."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from datasets.storage import objects
from datasets.storage.errors import StorageError
from datasets.storage.keys import join_key
from datasets.storage.roots import Root

WRITERS = 8


class UploadDiffers(StorageError):
    """What was read back from the storage is not what was written."""

    slug = "upload-differs"
    status = 503
    title = "The storage holds something else than was written"
    retry_after_s = 60


def upload_folder(folder: Path, root: Root, key: str, *, last: Sequence[str]) -> None:
    """Write every file below ``folder`` to the same place below ``key``, and read it back to compare.

    A bucket has no folder to rename, so what makes the rest known comes ``last`` (``zarr.json`` of a Zarr: without it
    there is no group). Cut off before, it leaves objects that nobody refers to, and the next run writes over them.

    Args:
        folder: what to upload; it must hold ``last``.
        root: the portal's own root.
        key: where the folder's contents go.
        last: names, relative to ``folder``, that are written after all others, in this order.

    Raises:
        UploadDiffers: an object reads back differently; ``last`` is not written.
        StorageError: it cannot be written.
    """
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

    def put(name: str) -> None:
        content, target = (folder / name).read_bytes(), join_key(key, name)
        objects.write(root, target, content)
        if objects.read(root, target) != content:
            raise UploadDiffers(
                "Reading back gave other bytes", where=root.url_of(target), fix="Check the storage, then try again"
            )

    with ThreadPoolExecutor(WRITERS, thread_name_prefix="upload") as threads:
        for done in [threads.submit(put, name) for name in names if name not in last]:
            done.result()
    for name in last:
        put(name)
