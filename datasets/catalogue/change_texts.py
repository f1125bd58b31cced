"""Changes between two versions, as people read them: values in a line, texts word by word. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from datasets.catalogue.record_changes import Place, RecordChange

NOTHING = "–"
LONGEST_SUMMARY = 300
LONGEST_COMPARED = 10_000
"""Longer texts are shown as they are: to find the words in which they differ takes long: its square counts."""
_KEPT_AROUND = 80
"""Of a long run of words that are the same in both, so many letters are shown at each end."""
_WORD = re.compile(r"\s*\S+|\s+$")


@dataclass(frozen=True)
class Piece:
    """A part of a text; ``is_changed`` where the other text has something else, or nothing, in its place."""

    text: str
    is_changed: bool = False


def say_where(change: RecordChange) -> str:
    """What has changed, as the way to it: ``Volumes › em › title``."""
    return " › ".join(change.words)


def say_value(value: Any) -> str:
    """What a record says, in a line."""
    match value:
        case None:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.10g}"
        case str() | int():
            return str(value)
        case list():
            return _say_list(value)
        case dict():
            return _shortened(value.get("title") or _say_fields(value))
        case _:
            return json.dumps(value, ensure_ascii=False)


def say_place(place: Place | None, *, shows_places: bool) -> str:
    """Where a mount leads: its place in storage, where that may be told, and its revision."""
    if place is None:
        return NOTHING
    said = [f"{place.root}:{place.key or '/'}"] if shows_places else []
    said += [f"revision {place.revision}"] if place.revision else []
    said += ["one object"] if place.single else []
    return ", ".join(said) or "mounted"


def compare_texts(before: Any, after: Any) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Two values in pieces: of two texts those words are marked that are in one of them alone."""
    one, other = say_value(before), say_value(after)
    is_text = isinstance(before, str) and isinstance(after, str)
    if not is_text or " " not in before.strip() + after.strip() or len(one) + len(other) > 2 * LONGEST_COMPARED:
        return (Piece(one),), (Piece(other),)
    ours, theirs = _WORD.findall(one), _WORD.findall(other)
    steps = SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
    left = [Piece("".join(ours[a:b]), tag != "equal") for tag, a, b, _, _ in steps if a < b]
    right = [Piece("".join(theirs[a:b]), tag != "equal") for tag, _, _, a, b in steps if a < b]
    return tuple(_with_gaps(left)), tuple(_with_gaps(right))


def _with_gaps(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces without the middle of long ones that are the same in both."""
    for place, piece in enumerate(pieces):
        head = "" if place == 0 else piece.text[:_KEPT_AROUND].rpartition(" ")[0]
        tail = "" if place == len(pieces) - 1 else piece.text[-_KEPT_AROUND:].partition(" ")[2]
        is_long = not piece.is_changed and len(piece.text) > 4 * _KEPT_AROUND
        yield Piece(f"{head} … {tail}") if is_long else piece


def _say_list(values: Sequence[Any]) -> str:
    if all(isinstance(it, list) for it in values):
        return "; ".join(" ".join(map(say_value, row)) for row in values)
    text = ", ".join(map(say_value, values))
    return _shortened(text) if any(isinstance(it, dict) for it in values) else text


def _say_fields(fields: Mapping[str, Any]) -> str:
    said = {name: it for name, it in fields.items() if it not in (None, "", {}, [])}
    return ", ".join(f"{name.replace('_', ' ')} {say_value(it)}" for name, it in said.items())


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SUMMARY else f"{text[:LONGEST_SUMMARY]}…"
