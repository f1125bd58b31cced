"""JSON files as sources of an import: an error in one names the file, the line and the field."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.volumes.errors import CisternaError

MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
MAX_NUMBER = 1e15
MAX_LEVELS = 100

ADDRESS = r"(?:https?|s3|gs)://[^\s/]\S*"
"""Where data that stay elsewhere may be; this, whole."""

type FieldPath = tuple[str | int, ...]


class ImportInvalid(CisternaError):
    """A file of an import cannot be read as what it should be; nothing was imported."""

    slug = "import-invalid"
    status = 400
    title = "The import cannot be used"


@dataclass(frozen=True)
class Document:
    """A part of a JSON file: its value, and where it stands."""

    path: Path
    text: str
    value: Any
    field: FieldPath = ()

    def part(self, *keys: str | int) -> Document:
        """What stands below this one at ``keys``, which must be there."""
        value = self.value
        for key in keys:
            value = value[key]
        return Document(self.path, self.text, value, (*self.field, *keys))

    def refuse(self, what: str, *keys: str | int, fix: str = "") -> ImportInvalid:
        """The error that tells of this document's field at ``keys``."""
        field = (*self.field, *keys)
        where = f"{self.path}, line {line_of(self.text, field)}"
        return ImportInvalid(what, where=f"{where}, {_spell(field)}" if field else where, fix=fix)


def read_file(path: Path, encoding: str = "utf-8") -> str:
    """Read a file of an import whole.

    Raises:
        ImportInvalid: it cannot be read, is too large, or is not UTF-8.
    """
    try:
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            raise ImportInvalid("The file is larger than 256 MiB", where=str(path), fix="Split it by dataset")
        return path.read_bytes().decode(encoding)
    except OSError as error:
        raise ImportInvalid(f"The file cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError:
        raise ImportInvalid("The file is not UTF-8", where=str(path)) from None


def read_document(path: Path) -> Document:
    """Read a JSON file whole.

    Raises:
        ImportInvalid: it cannot be read, is too large, or is not JSON.
    """
    text = read_file(path)
    try:
        document = Document(path, text, json.loads(text, parse_float=_number, object_pairs_hook=_Members))
    except json.JSONDecodeError as error:
        raise ImportInvalid(f"The file is not JSON: {error.msg}", where=f"{path}, line {error.lineno}") from None
    except (ValueError, RecursionError) as error:
        raise ImportInvalid(f"The file is not JSON: {error}", where=str(path)) from None
    for field, what in _flaws(document.value, ()):
        raise document.refuse(what, *field)
    return document


def line_of(text: str, field: FieldPath) -> int:
    """The line, counted from one, at which a field of a JSON text begins; that of the last part that is there."""
    position = _skip_space(text, 0)
    for key in field:
        found = _find_member(text, position, key)
        if found is None:
            break
        position = found
    return text.count("\n", 0, position) + 1


_decoder = json.JSONDecoder()


def _find_member(text: str, position: int, key: str | int) -> int | None:
    """Where the value of ``key`` begins in the object or list at ``position``; None where there is none."""
    opening = text[position]
    if opening not in "{[":
        return None
    position = _skip_space(text, position + 1)
    index = 0
    while text[position] not in "}]":
        name: Any = index
        if opening == "{":
            name, position = _decoder.raw_decode(text, position)
            position = _skip_space(text, _skip_space(text, position) + 1)
        if name == key:
            return position
        _, position = _decoder.raw_decode(text, position)
        position = _skip_space(text, position)
        if text[position] == ",":
            position = _skip_space(text, position + 1)
        index += 1
    return None


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _number(text: str) -> float | int:
    """A number is the same whether it is written 4 or 4.0: one form of a dataset writes this, another that."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


class _Members(dict[str, Any]):
    """An object of a JSON text, and the names that it has twice."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]


def _flaws(value: Any, field: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    """What no database takes, and what says two things at once, anywhere below ``field``."""
    if isinstance(value, _Members):
        for name in value.repeated:
            yield field, f"The field {name!r} is here twice"
    if len(field) > MAX_LEVELS:
        yield field[:MAX_LEVELS], f"Nothing is nested deeper than {MAX_LEVELS} levels"
    elif isinstance(value, Mapping | list):
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            if isinstance(key, str):
                yield from _flaws(key, (*field, key))
            yield from _flaws(inner, (*field, key))
    elif isinstance(value, float) and not math.isfinite(value):
        yield field, "It is not a finite number"
    elif isinstance(value, str) and "\x00" in value:
        yield field, "A text has no character 0"
    elif isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        yield field, "A text has no half of a character"


def _spell(field: FieldPath) -> str:
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in field).removeprefix(".")
    return path.encode("utf-8", "replace").decode()


def read_text(document: Document, *keys: str | int, most: int = 0) -> str:
    """The text at ``keys``; raises :class:`ImportInvalid` where there is none."""
    value = _find(document, keys)
    if not isinstance(value, str):
        raise document.refuse(f"A text is expected here, not {_name(value)}", *keys)
    if most and len(value) > most:
        raise document.refuse(f"A text of {most} characters at most is expected here", *keys)
    return value


def read_number(document: Document, *keys: str | int) -> float:
    """The number at ``keys``; raises :class:`ImportInvalid` where there is none, or one larger than any measure."""
    value = _find(document, keys)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise document.refuse(f"A number is expected here, not {_name(value)}", *keys)
    if abs(value) > MAX_NUMBER:
        raise document.refuse("The number is too large", *keys)
    return value


def read_choice(document: Document, choices: Sequence[str], *keys: str | int) -> str:
    """The text at ``keys``, one of ``choices``; raises :class:`ImportInvalid` where it is none of them."""
    value = read_text(document, *keys)
    if value not in choices:
        raise document.refuse(f"{value[:60]!r} is not known here", *keys, fix=f"Known: {', '.join(choices)}")
    return value


def read_list(document: Document, *keys: str | int, length: int | None = None) -> list[Document]:
    """The members of the list at ``keys``; raises :class:`ImportInvalid` where there is none of that length."""
    value = _find(document, keys)
    if not isinstance(value, list):
        raise document.refuse(f"A list is expected here, not {_name(value)}", *keys)
    if length is not None and len(value) != length:
        raise document.refuse(f"{length} members are expected here, not {len(value)}", *keys)
    return [document.part(*keys, index) for index in range(len(value))]


def read_object(document: Document, *keys: str | int) -> Document:
    """The object at ``keys``; raises :class:`ImportInvalid` where there is none."""
    value = _find(document, keys)
    if not isinstance(value, dict):
        raise document.refuse(f"An object is expected here, not {_name(value)}", *keys)
    return document.part(*keys)


def _find(document: Document, keys: Sequence[str | int]) -> Any:
    value = document.value
    for depth, key in enumerate(keys):
        if isinstance(value, Mapping) and key not in value:
            raise document.refuse(f"The field {key!r} is missing", *keys[:depth])
        if not isinstance(value, Mapping if isinstance(key, str) else Mapping | list):
            raise document.refuse(f"An object is expected here, not {_name(value)}", *keys[:depth])
        value = value[key]
    return value


def _name(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {bool: "true or false", str: "a text", int | float: "a number", list: "a list"}
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), "an object")
