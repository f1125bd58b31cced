"""CSV files as sources of an import: an error in one names the file, the line and the column."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from datasets.publishing.imports.documents import MAX_NUMBER, ImportInvalid, read_file


@dataclass(frozen=True)
class Row:
    """One line of a table: its cells by column, and where it stands."""

    path: Path
    line: int
    cells: dict[str, str]

    def refuse(self, what: str, column: str = "", *, fix: str = "") -> ImportInvalid:
        """The error that tells of this row's ``column``."""
        where = f"{self.path}, line {self.line}"
        return ImportInvalid(what, where=f"{where}, {column}" if column else where, fix=fix)

    def text(self, column: str, *, most: int, pattern: str = "", says: str = "") -> str:
        """The cell, of ``most`` characters at most, and matching ``pattern`` as ``says`` tells.

        Raises:
            ImportInvalid: it is longer, or does not match.
        """
        cell = self.cells[column]
        if len(cell) > most:
            raise self.refuse(f"A text of {most} characters at most is expected here", column)
        if pattern and not re.fullmatch(pattern, cell):
            raise self.refuse(f"{cell[:60]!r} does not do: {says}", column)
        return cell

    def numbers(self, column: str) -> tuple[float, float, float]:
        """The three numbers of a cell such as ``[2.0;4.0;8.0]``.

        Raises:
            ImportInvalid: they are not three, not finite, or larger than any measure.
        """
        parts = self.cells[column].strip().removeprefix("[").removesuffix("]").split(";")
        try:
            z, y, x = (float(part) for part in parts)
        except ValueError:
            raise self.refuse(
                f"{self.cells[column][:60]!r} is not three numbers", column, fix="Write them as [z;y;x]"
            ) from None
        if not all(math.isfinite(number) for number in (z, y, x)):
            raise self.refuse("A number here is not finite", column)
        if any(abs(number) > MAX_NUMBER for number in (z, y, x)):
            raise self.refuse("A number here is too large", column)
        return z, y, x


@dataclass(frozen=True)
class Table:
    """A CSV file with a header."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def holds(self, columns: Collection[str]) -> bool:
        """Whether it has all of ``columns``."""
        return set(columns) <= set(self.columns)


def read_table(path: Path) -> Table:
    """Read a CSV file whole.

    Raises:
        ImportInvalid: it cannot be read, is too large, names a column twice, or has rows of other columns.
    """
    text = read_file(path, "utf-8-sig")
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise ImportInvalid("A text has no character 0", where=f"{path}, line {line}")
    rows = tuple(_read_rows(path, text))
    return Table(path, tuple(rows[0].cells) if rows else (), rows[1:])


def _read_rows(path: Path, text: str) -> Iterator[Row]:
    """The header as a row of itself, then the others; blank lines are none."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    while True:
        line = lines.line_num + 1
        try:
            cells = next(lines, None)
        except csv.Error as error:
            raise ImportInvalid(f"The file is not CSV: {error}", where=f"{path}, line {line}") from None
        if cells is None:
            return
        if not header:
            header = cells
            if twice := [name for name in header if header.count(name) > 1]:
                raise ImportInvalid(f"The column {twice[0][:60]!r} is here twice", where=f"{path}, line {line}")
        if cells and len(cells) != len(header):
            raise ImportInvalid(f"{len(header)} columns are expected, not {len(cells)}", where=f"{path}, line {line}")
        if cells:
            yield Row(path, line, dict(zip(header, cells, strict=True)))
