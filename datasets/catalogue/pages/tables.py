"""Lists as files: what a page shows as a table, as CSV or JSON."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.http import StreamingHttpResponse

FORMATS = ("csv", "json")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What the csv module writes a line to."""

    def write(self, line: str) -> str:
        return line


def table_response(kind: str, name: str, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Any:
    """The rows as a file called ``name``, sent as they come.

    Args:
        kind: one of :data:`FORMATS`.
        columns: in order; a row has each.
    """
    if kind == "csv":
        lines, content_type = _csv(rows, columns), "text/csv; charset=utf-8"
    else:
        lines, content_type = _json(rows, columns), "application/json"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse((line.encode() for line in lines), content_type=content_type, headers=headers)


def _csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    writer = csv.writer(_Line(), lineterminator="\r\n")
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_cell(row[name]) for name in columns])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        value = "; ".join(str(it) for it in value)
    text = str(value)
    # A spreadsheet takes such a text for a formula, and a dataset's title is anybody's words.
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, int | float) else text


def _json(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    between = "["
    for row in rows:
        said = {name: value.isoformat() if isinstance(value := row[name], dt.date) else value for name in columns}
        yield f"{between}\n{json.dumps(said, ensure_ascii=False)}"
        between = ","
    yield "\n]\n" if between == "," else "[]\n"
