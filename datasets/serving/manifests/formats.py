"""The formats of manifests. Every tool takes its own as it is, and all name the files alike: a folder that one of them
filled is checked or completed by another.

A key holds no backslash and no control character (:mod:`datasets.storage.keys`), so a line stays a line. Addresses are
percent-encoded; what else a format has to escape is said at its function.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from json.encoder import encode_basestring_ascii as json_text
from urllib.parse import quote

from datasets.catalogue.queries.inventories import DigestsAbsent
from datasets.catalogue.state_requests import QueryInvalid
from datasets.serving.manifests.parts import Part
from datasets.storage.inventory import Row, checksum_line

BLOCK_ROWS = 1024

_needs_no_escape = re.compile(r"[A-Za-z0-9_.~/-]+").fullmatch


def url_of(part: Part, key: str) -> str:
    """The absolute address of an object, percent-encoded; a pattern is a quarter of the work for nearly every key."""
    return part.data_url + (key if _needs_no_escape(key) else quote(key))


def jsonl_lines(part: Part, rows: Iterable[Row]) -> Iterator[str]:
    """A JSON object a line, in ASCII: no reader finds another end of a line in it."""
    for row in rows:
        key, url = json_text(part.folder + row.key), json_text(url_of(part, row.key))
        digest = f'"{row.sha256}"' if row.sha256 else "null"
        yield f'{{"key": {key}, "size_bytes": {row.size_bytes}, "sha256": {digest}, "url": {url}}}\n'


def csv_lines(part: Part, rows: Iterable[Row]) -> Iterator[str]:
    """The same columns as CSV (RFC 4180, with the lines' ends of everyone else); an absent digest is empty."""
    for row in rows:
        key = part.folder + row.key
        if not _needs_no_escape(key):
            key = '"' + key.replace('"', '""') + '"'
        yield f"{key},{row.size_bytes},{row.sha256 or ''},{url_of(part, row.key)}\n"


def sha256sum_lines(part: Part, rows: Iterable[Row]) -> Iterator[str]:
    """What ``sha256sum -c`` reads."""
    for row in rows:
        assert row.sha256 is not None, "without an inventory this format is refused"
        yield checksum_line(row.sha256, part.folder + row.key)


def aria2_lines(part: Part, rows: Iterable[Row]) -> Iterator[str]:
    """What ``aria2c -i`` reads (its manual, "Input File"): the digest is checked, where there is one.

    aria2 takes the spaces off the ends of a file's name. It finds one at the beginning behind ``./``; what ends in one
    it cannot be told, and a comment says so.
    """
    for row in rows:
        name = part.folder + row.key
        url = url_of(part, row.key)
        if name[-1] == " ":
            yield f"# aria2 cannot write a name that ends in a space: {url}\n"
            continue
        digest = f" checksum=sha-256={row.sha256}\n" if row.sha256 else ""
        yield f"{url}\n out={name if name[0] != ' ' else f'./{name}'}\n{digest}"


def s5cmd_lines(part: Part, rows: Iterable[Row]) -> Iterator[str]:
    """What ``s5cmd run`` reads: a copy a line, quoted as for a shell. ``--raw``: no character stands for others. What
    is there already in the same size is left."""
    for row in rows:
        source, name = f"s3://{part.bucket}/{row.key}", part.folder + row.key
        yield f"cp -s --raw {shlex.quote(source)} {shlex.quote(name if name[0] != '-' else f'./{name}')}\n"


def url_lines(part: Part, rows: Iterable[Row]) -> Iterator[str]:
    """An address a line."""
    return (f"{url_of(part, row.key)}\n" for row in rows)


@dataclass(frozen=True)
class Format:
    """A format of manifests, and the end of its files' names.

    Args:
        head: what its first line is.
        needs_digests: it is refused where there are none.
        needs_bucket: it is refused for drafts, which are not read over S3.
    """

    name: str
    media_type: str
    suffix: str
    lines: Callable[[Part, Iterable[Row]], Iterator[str]]
    head: str = ""
    needs_digests: bool = False
    needs_bucket: bool = False


_TEXT = "text/plain; charset=utf-8"
FORMATS = {
    it.name: it
    for it in (
        Format("jsonl", "application/jsonl", ".jsonl", jsonl_lines),
        Format("csv", "text/csv; charset=utf-8", ".csv", csv_lines, head="key,size_bytes,sha256,url\n"),
        Format("sha256sum", _TEXT, ".sha256", sha256sum_lines, needs_digests=True),
        Format("aria2", _TEXT, ".aria2.txt", aria2_lines),
        Format("s5cmd", _TEXT, ".s5cmd.txt", s5cmd_lines, needs_bucket=True),
        Format("urls", _TEXT, ".urls.txt", url_lines),
    )
}


def find_format(name: str) -> Format:
    """The format called ``name``.

    Raises:
        QueryInvalid: there is none.
    """
    if name not in FORMATS:
        raise QueryInvalid(
            f"No manifest has the format {name[:40]!r}", where="format", fix=f"One of {', '.join(FORMATS)}"
        )
    return FORMATS[name]


def require_format(chosen: Format, parts: Sequence[Part]) -> None:
    """Whether ``parts`` can be listed in it.

    Raises:
        DigestsAbsent: it takes digests that nobody has computed yet.
        QueryInvalid: it takes S3, and a part is of a draft.
    """
    for part in parts:
        if chosen.needs_digests and part.inventory is None:
            raise DigestsAbsent(
                "Nobody has computed the SHA-256 of its objects yet",
                where=part.version,
                fix="Ask for another format; the operator runs manage.py manifest",
            )
        if chosen.needs_bucket and not part.bucket:
            raise QueryInvalid("A draft is not read over S3", where=part.version, fix="Ask for format=aria2 or urls")


def write_blocks(chosen: Format, parts: Sequence[Part]) -> Generator[bytes]:
    """The manifest of ``parts``, some :data:`BLOCK_ROWS` lines at a time.

    Raises:
        NotFound, StorageError: as :meth:`Part.rows` has them, before or between blocks.
    """
    head = chosen.head
    for part in parts:
        rows = part.rows()
        while block := list(islice(rows, BLOCK_ROWS)):
            yield (head + "".join(chosen.lines(part, block))).encode()
            head = ""
    if head:
        yield head.encode()
