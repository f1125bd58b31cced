"""Lists as files: what a page shows as a table, as CSV or JSON."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from datasets.catalogue.pages.sorting import Asked
from datasets.catalogue.queries.row_lists import RowList
from datasets.catalogue.state_requests import read_choice

FORMATS = ("csv", "json")
MOST_ROWS = 10_000
"""Rows of a file."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Line:
    """What the csv module writes a line to."""

    def write(self, line: str) -> str:
        return line


def asks_for_file(request: HttpRequest) -> bool:
    """Whether a list is asked for as a file.

    Raises:
        QueryInvalid: as a kind of file that it cannot be.
    """
    return "format" in request.GET and bool(read_choice(request.GET, "format", *FORMATS))


def list_response(request: HttpRequest, name: str, listed: RowList[Any], asked: Asked) -> StreamingHttpResponse:
    """The list as a file called ``name``, in the order that was asked for."""
    return table_response(request, name, listed.kind, listed.rows(asked.sort, MOST_ROWS))


def table_response(request: HttpRequest, name: str, row_type: type[Any], rows: Iterable[Any]) -> StreamingHttpResponse:
    """The list that was asked for as a file called ``name``, sent as the rows come.

    Args:
        row_type: a dataclass whose fields are the columns. Of these ``url`` is made whole.
    """
    kind = read_choice(request.GET, "format", *FORMATS)
    columns = [it.name for it in fields(row_type)]
    said = ({column: getattr(row, column) for column in columns} | _whole_url(request, row.url) for row in rows)
    if kind == "csv":
        lines, content_type = _csv(said, columns), "text/csv; charset=utf-8"
    else:
        lines, content_type = _json(said, columns), "application/json"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse((line.encode() for line in lines), content_type=content_type, headers=headers)


def _whole_url(request: HttpRequest, url: str) -> dict[str, str]:
    return {"url": request.build_absolute_uri(url) if url else ""}


def _csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    writer = csv.writer(_Line(), lineterminator="\r\n")
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_cell(row[name]) for name in columns])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        is_number = all(isinstance(it, int | float) for it in value)
        text = "; ".join(str(it) for it in value)
    else:
        is_number = isinstance(value, int | float)
        text = str(value)
    # A spreadsheet takes such a text for a formula, and a dataset's title is anybody's words.
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text


def _json(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    between = "["
    for row in rows:
        said = {name: value.isoformat() if isinstance(value := row[name], dt.date) else value for name in columns}
        yield f"{between}\n{json.dumps(said, ensure_ascii=False)}"
        between = ","
    yield "\n]\n" if between == "," else "[]\n"
