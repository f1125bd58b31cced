"""The inventory of a version: every key in the order of its bytes, with size, ETag and SHA-256, as a Parquet file.

Its *root digest* is the SHA-256 of the list that ``sha256sum`` makes of the same files in the same order
(:func:`checksum_line`). It stands for every byte of the version and for none of Parquet's: whoever has the files, or
that list, computes it with ``sha256sum`` alone (docs/guides/operating.md, "Digests").
"""

from __future__ import annotations

import io
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from datasets.storage import objects
from datasets.storage.entries import Entry
from datasets.storage.errors import ObjectAbsent, StorageError
from datasets.storage.keys import is_below
from datasets.storage.mounts import Mounts
from datasets.storage.roots import Root
from datasets.storage.union import list_keys

if TYPE_CHECKING:
    from pyarrow import Schema, Table
    from pyarrow.parquet import ParquetFile

SCHEMA = 1
"""Raised when a column changes its meaning. The file's metadata say it, and what each column is."""

COLUMNS = {
    "key": "the object's key in the version, UTF-8, in ascending order of its bytes",
    "size_bytes": "its size in bytes",
    "etag": "its ETag when it was read, without the quotes; a digest only where the storage made it one",
    "sha256": "the SHA-256 of its bytes, 64 lower-case hexadecimal digits",
}
ROW_GROUP = 8192
"""Rows of a row group, the least that is read at a time."""

_METADATA = b"cisterna.inventory"
_PAGE_KEYS = 5000


class InventoryUnreadable(StorageError):
    """The inventory that the catalogue names is missing, or is none."""

    slug = "inventory-unreadable"
    status = 503
    title = "The inventory cannot be read"
    retry_after_s = 60


class Row(NamedTuple):
    """An object of a version. ``sha256`` is None where nobody has computed it; ``etag`` is without its quotes."""

    key: str
    size_bytes: int
    etag: str
    sha256: str | None


class Extent(NamedTuple):
    """How much there is."""

    objects: int
    size_bytes: int


def checksum_line(sha256_hex: str, key: str) -> str:
    """The line of ``sha256sum`` for a file: with a backslash before it where its name has to be escaped (GNU coreutils,
    "md5sum invocation"). The name ``-``, which would be the standard input, is written ``./-``."""
    name = "./-" if key == "-" else key
    if "\\" in name or "\n" in name or "\r" in name:
        name = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
        return f"\\{sha256_hex}  {name}\n"
    return f"{sha256_hex}  {name}\n"


def list_rows(mounts: Mounts, path: str = "") -> Iterator[Row]:
    """What is at ``path`` and below it, as the storage lists it now: without digests.

    Raises:
        StorageError: something on the way cannot be read.
    """
    for entry in list_objects(mounts, path):
        yield Row(entry.key, entry.size_bytes, entry.etag.strip('"'), None)


def list_objects(mounts: Mounts, path: str = "") -> Iterator[Entry]:
    """The objects at ``path`` and below it, in ascending order, a page at a time."""
    if path:
        page = list_keys(mounts, prefix=path, limit=1)
        yield from (entry for entry in page.entries if entry.key == path)
    prefix = f"{path}/" if path else ""
    after, more_follow = "", True
    while more_follow:
        page = list_keys(mounts, prefix=prefix, after=after, limit=_PAGE_KEYS)
        yield from page.entries
        more_follow = page.is_truncated
        if page.entries:
            after = page.entries[-1].key


def write_inventory(file: Path, rows: Iterable[Row], *, version: str) -> str:
    """Write ``rows``, which come in ascending order and with their digests, to ``file``.

    Args:
        version: whose they are, for whoever opens the file.

    Returns:
        The root digest.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    root_digest, count, size_bytes = sha256(), 0, 0
    schema = _schema()
    with ParquetWriter(file, schema, compression="zstd", use_dictionary=False, write_statistics=["key"]) as writer:
        for group in _groups(rows, ROW_GROUP):
            keys, sizes, etags, digests = zip(*group, strict=True)
            writer.write_table(pa.table([keys, sizes, etags, digests], schema=schema), row_group_size=ROW_GROUP)
            root_digest.update("".join(map(checksum_line, digests, keys)).encode())
            count, size_bytes = count + len(group), size_bytes + sum(sizes)
        facts = {
            "schema": SCHEMA,
            "version": version,
            "objects": count,
            "size_bytes": size_bytes,
            "root_digest": root_digest.hexdigest(),
            "columns": COLUMNS,
        }
        writer.add_key_value_metadata({_METADATA: json.dumps(facts).encode()})
    return root_digest.hexdigest()


class Inventory:
    """An inventory that is in its place. Nothing is kept open: a reader that pauses holds a row group, no file."""

    def __init__(self, root: Root, key: str) -> None:
        self.root = root
        self.key = key

    @cached_property
    def _file(self) -> ParquetFile:
        from pyarrow.parquet import ParquetFile

        with self._named():
            return ParquetFile(_ObjectFile(self.root, self.key), pre_buffer=True)

    @cached_property
    def _facts(self) -> dict[str, Any]:
        with self._named():
            facts: dict[str, Any] = json.loads(self._file.metadata.metadata[_METADATA])
            return facts

    @property
    def root_digest(self) -> str:
        """The one that is written down in it."""
        return str(self._facts["root_digest"])

    def compute_root_digest(self) -> str:
        """The one of its rows."""
        digest = sha256()
        for row in self.rows():
            digest.update(checksum_line(row.sha256 or "", row.key).encode())
        return digest.hexdigest()

    def rows(self, path: str = "") -> Iterator[Row]:
        """The rows of what is at ``path`` and below it, in ascending order; only the row groups that may have any are
        read.

        Raises:
            InventoryUnreadable, StorageError: it cannot be read.
        """
        for table in self._tables(path, list(COLUMNS)):
            for start in range(0, len(table), 1024):
                part = table.slice(start, 1024)
                yield from map(Row, *(column.to_pylist() for column in part.columns))

    def measure(self, path: str = "") -> Extent:
        """How much is at ``path`` and below it.

        Raises:
            InventoryUnreadable, StorageError: it cannot be read.
        """
        if not path:
            return Extent(self._facts["objects"], self._facts["size_bytes"])
        count = size_bytes = 0
        for table in self._tables(path, ["size_bytes"]):
            count, size_bytes = count + len(table), size_bytes + sum(table["size_bytes"].to_pylist())
        return Extent(count, size_bytes)

    def _tables(self, path: str, columns: list[str]) -> Iterator[Table]:
        """The columns of the rows at ``path`` and below it; keys are read where these are not known to be all."""
        metadata = self._file.metadata
        for number in range(metadata.num_row_groups):
            statistics = metadata.row_group(number).column(0).statistics
            # Everything at and below a path lies between it and the path with the character that follows the slash.
            if path and statistics is not None and (statistics.max < path or statistics.min > f"{path}0"):
                continue
            is_all = not path or (
                statistics is not None and statistics.min.startswith(f"{path}/") and statistics.max < f"{path}0"
            )
            with self._named():
                table = self._file.read_row_group(number, columns if is_all else ["key", *columns])
            yield table.select(columns) if is_all else _only_below(table, path).select(columns)

    @contextmanager
    def _named(self) -> Iterator[None]:
        from pyarrow import ArrowException

        try:
            yield
        except (ObjectAbsent, ArrowException, KeyError, TypeError, ValueError) as error:
            raise InventoryUnreadable(
                "The inventory is missing or damaged",
                where=self.root.url_of(self.key),
                fix="The operator runs manage.py manifest for this version, which makes it anew",
            ) from error


def _only_below(table: Table, path: str) -> Table:
    import pyarrow as pa

    keys = table["key"].to_pylist()
    first, last = bisect_left(keys, path), bisect_left(keys, f"{path}0")
    wanted = pa.array([is_below(key, path) for key in keys[first:last]], pa.bool_())
    return table.slice(first, last - first).filter(wanted)


def _groups(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in rows:
        group.append(row)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _schema() -> Schema:
    import pyarrow as pa

    types = {"key": pa.string(), "size_bytes": pa.int64(), "etag": pa.string(), "sha256": pa.string()}
    return pa.schema([pa.field(name, types[name], nullable=False) for name in COLUMNS])


class _ObjectFile(io.RawIOBase):
    """An object as a file that Arrow reads parts of."""

    def __init__(self, root: Root, key: str) -> None:
        self._root = root
        self._key = key
        self._size_bytes = objects.stat(root, key).size_bytes
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size_bytes}[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        stop = min(self._position + len(buffer), self._size_bytes)
        if stop <= self._position:
            return 0
        content = objects.read_range(self._root, self._key, self._position, stop)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)
