"""Finding words in the database: SQLite's FTS5 or PostgreSQL's full text behind the same functions.

Neither makes words of texts, stems, or ranks. Both hold the words they are given, each in one or more of three fields,
and find what has all of some words in some of the fields. So both find the same, in the same order.

FTS5 has a column for each field, PostgreSQL a weight: ``A`` names, ``B`` terms, ``C`` text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from datasets.catalogue.search.questions import Question, Term, Word

TABLE, ENTRIES = "catalogue_searchtext", "catalogue_searchentry"
NAMES, TERMS, TEXT = "names", "terms", "text"
FIELDS = (NAMES, TERMS, TEXT)
_WEIGHTS = {NAMES: "A", TERMS: "B", TEXT: "C"}

type Words = Mapping[str, Iterable[str]]
"""The words of something, by field."""


@dataclass(frozen=True)
class _Tier:
    """What stands together in the order of relevance: all words of the question in each of ``fields``, which are names
    of fields joined by ``+``; whole, or as beginnings of words, too."""

    fields: tuple[str, ...]
    begins: bool
    behind: tuple[int, ...]
    """The tiers before it that hold all others before it."""


_ANYWHERE = "names+terms+text"
_WHOLE = 0
_TIERS = (
    _Tier((NAMES,), False, ()),  # the question is the whole of a name
    _Tier((NAMES, TERMS), False, (0,)),
    _Tier((NAMES,), False, (0, 1)),
    _Tier(("names+terms",), False, (0, 2)),
    _Tier((_ANYWHERE,), False, (0, 3)),
    _Tier((NAMES, TERMS), True, (0, 4)),
    _Tier((NAMES,), True, (0, 4, 5)),
    _Tier(("names+terms",), True, (0, 4, 6)),
    _Tier((_ANYWHERE,), True, (0, 4, 7)),
)
ANYWHERE = len(_TIERS) - 1
ABOUT_EXACTLY, ABOUT = 3, 7
"""The last tiers of what is about the words, as they are or as beginnings: all are in its names and terms."""


_IN_TEXT = (4, 8)


@dataclass(frozen=True)
class Ranked:
    """An entry that was found, and the tier in which it stands."""

    kind: str
    tier: int
    key: int
    dataset: int | None
    group: int
    entry: int

    @property
    def is_about(self) -> bool:
        """Whether it is about the words, and does not only mention them."""
        return self.tier not in _IN_TEXT


def whole_word(joined: str) -> str:
    """All words of a name as one, told from words by a sign that none has."""
    return f"·{joined}" if joined else ""


def rank(kinds: Sequence[str], question: Question, most: int, start: int = 0) -> list[Ranked]:
    """The entries that have all words of ``question``, in the order of relevance; within a tier the newest stand first.

    Args:
        most: so many of each kind, after the first ``start``.
    """
    tiers = " UNION ALL ".join(
        f"SELECT {number} AS tier, {_key()} AS id FROM {TABLE} WHERE {_matches()}"  # noqa: S608
        for number in range(len(_TIERS))
    )
    order = "t.tier, e.at DESC, e.object_id DESC"
    placed = (
        f"SELECT t.tier, e.id, e.kind, e.object_id, e.dataset_id, e.grouped_as,"  # noqa: S608
        f" ROW_NUMBER() OVER (PARTITION BY e.kind ORDER BY {order}) AS place"
        f" FROM ({tiers}) t JOIN {ENTRIES} e ON e.id = t.id WHERE e.kind IN ({', '.join(['%s'] * len(kinds))})"
    )
    statement = (
        f"SELECT kind, tier, object_id, dataset_id, grouped_as, id FROM ({placed}) p"  # noqa: S608
        " WHERE place > %s AND place <= %s ORDER BY kind, place"
    )
    parameters = [_of_tier(question, number) for number in range(len(_TIERS))]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, *kinds, start, start + most])
        return [Ranked(*row) for row in cursor.fetchall()]


def tier_of(words: Mapping[str, Collection[str]], question: Question) -> int | None:
    """The tier in which something with these words stands, for what is in no table; None: it has not all words."""
    if any(whole_word(whole) in words[NAMES] for whole in question.wholes):
        return _WHOLE
    for number, tier in enumerate(_TIERS):
        if number != _WHOLE and all(
            all(is_said(words, term, fields, begins=tier.begins) for term in question.terms) for fields in tier.fields
        ):
            return number
    return None


def is_said(words: Mapping[str, Collection[str]], term: Term, fields: str = _ANYWHERE, *, begins: bool) -> bool:
    """Whether ``term`` is in some fields of these words."""
    there = [words[field] for field in fields.split("+")]
    return any(all(any(has_word(each, word, begins=begins) for each in there) for word in way) for way in term.ways)


def has_word(words: Collection[str], word: Word, *, begins: bool) -> bool:
    """Whether ``word`` is one of ``words``, or the beginning of one."""
    if word.exact in words:
        return True
    return begins and bool(word.begins) and any(each.startswith(word.begins) for each in words)


def found_by(question: Question) -> RawSQL:
    """The ids of the entries that have all words of ``question`` anywhere, for a query's ``id__in=``."""
    parts = [_of_tier(question, number, behind=False) for number in (_WHOLE, ANYWHERE)]
    statement = f"SELECT {_key()} FROM {TABLE} WHERE {_matches()}"  # noqa: S608
    return RawSQL(statement, [_any(parts)])  # noqa: S611


def write(entries: Sequence[tuple[int, Words]]) -> None:
    """Hold the words of entries that have none, by their ids."""
    if connection.vendor == "sqlite":
        statement = f"INSERT INTO {TABLE} (rowid, names, terms, text) VALUES (%s, %s, %s, %s)"  # noqa: S608
        rows: list[Any] = [(key, *(" ".join(sorted(set(words[field]))) for field in FIELDS)) for key, words in entries]
    else:
        statement = f"INSERT INTO {TABLE} (id, words) VALUES (%s, %s::tsvector)"  # noqa: S608
        rows = [(key, _vector(words)) for key, words in entries]
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def remove(entries: Iterable[int]) -> None:
    """Forget the words of entries, by their ids."""
    with connection.cursor() as cursor:
        cursor.executemany(f"DELETE FROM {TABLE} WHERE {_key()} = %s", [(key,) for key in entries])  # noqa: S608


def remove_all() -> None:
    """Forget all words."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")  # noqa: S608


def _key() -> str:
    return f"{TABLE}.{'rowid' if connection.vendor == 'sqlite' else 'id'}"


def _matches() -> str:
    return f"{TABLE} MATCH %s" if connection.vendor == "sqlite" else f"{TABLE}.words @@ %s::tsquery"


def _of_tier(question: Question, number: int, *, behind: bool = True) -> str:
    """What the database is asked for a tier, without those before it."""
    tier = _TIERS[number]
    if number == _WHOLE:
        asked = _in_fields(_any([_plain(Word(whole_word(whole)), NAMES) for whole in question.wholes]), NAMES)
    else:
        asked = _all([_has(question.terms, fields, tier.begins) for fields in tier.fields])
    if not behind or not tier.behind:
        return asked
    others = _any([_of_tier(question, other, behind=False) for other in tier.behind])
    return f"{asked} NOT {others}" if connection.vendor == "sqlite" else f"{asked} & !{others}"


def _has(terms: Sequence[Term], fields: str, begins: bool) -> str:
    """All of ``terms`` in some fields."""
    each = _begin if begins else _plain
    return _in_fields(
        _all([_any([_all([each(word, fields) for word in way]) for way in term.ways]) for term in terms]), fields
    )


def _in_fields(asked: str, fields: str) -> str:
    if connection.vendor != "sqlite" or fields == _ANYWHERE:
        return asked
    return f"({{{fields.replace('+', ' ')}}} : {asked})"


def _plain(word: Word, fields: str) -> str:
    return f'"{word.exact}"' if connection.vendor == "sqlite" else f"'{word.exact}':{_weights(fields)}"


def _begin(word: Word, fields: str) -> str:
    if not word.begins:
        return _plain(word, fields)
    if connection.vendor == "sqlite":
        return f'("{word.exact}" OR "{word.begins}" *)'
    return f"({_plain(word, fields)} | '{word.begins}':*{_weights(fields)})"


def _weights(fields: str) -> str:
    return "".join(_WEIGHTS[field] for field in fields.split("+"))


def _all(asked: Sequence[str]) -> str:
    return f"({(' AND ' if connection.vendor == 'sqlite' else ' & ').join(asked)})"


def _any(asked: Sequence[str]) -> str:
    return f"({(' OR ' if connection.vendor == 'sqlite' else ' | ').join(asked)})"


def _vector(words: Words) -> str:
    places: dict[str, list[str]] = {}
    for place, field in enumerate(FIELDS, 1):
        for word in set(words[field]):
            places.setdefault(word, []).append(f"{place}{_WEIGHTS[field]}")
    return " ".join(f"'{word}':{','.join(each)}" for word, each in sorted(places.items()))
