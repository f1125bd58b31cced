"""Finding words in the database: SQLite's FTS5 or PostgreSQL's full text behind the same functions.

Neither makes words of texts, stems, or ranks. Both hold the words they are given, each in one or more of three fields,
and find what has all of some words in some of the fields. So both find the same, in the same order.

FTS5 has a column for each field, and finds in several. PostgreSQL has a column for each combination that is asked for:
weights in one column would do, but are not in its index, so that each row would be read to see them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from datasets.catalogue.models import SearchEntry
from datasets.catalogue.search.questions import Question, Term, Word

TABLE = "catalogue_searchtext"
NAMES, TERMS, TEXT = "names", "terms", "text"
FIELDS = (NAMES, TERMS, TEXT)
_ABOUT, _ANYWHERE = "names+terms", "names+terms+text"
_COLUMNS = {NAMES: "names", TERMS: "terms", _ABOUT: "about", _ANYWHERE: "words"}
"""PostgreSQL's, by the fields whose words they hold."""

type Words = Mapping[str, Iterable[str]]
"""The words of something, by field."""


@dataclass(frozen=True)
class _Tier:
    """What stands together in the order of relevance: all words of the question in each of ``places``, which are fields
    joined by ``+``; as they are, or as beginnings of words, too. What a tier has, those behind it may have again."""

    places: tuple[str, ...]
    begins: bool


_WHOLE = 0
"""The tier of what has the question as the whole of a name; said by one word, so that its ``places`` are not asked."""

_TIERS = (
    _Tier((NAMES,), False),
    _Tier((NAMES, TERMS), False),
    _Tier((NAMES,), False),
    _Tier((_ABOUT,), False),
    _Tier((_ANYWHERE,), False),
    _Tier((NAMES, TERMS), True),
    _Tier((NAMES,), True),
    _Tier((_ABOUT,), True),
    _Tier((_ANYWHERE,), True),
)
ANYWHERE = len(_TIERS) - 1
ABOUT_EXACTLY, ABOUT = 3, 7
"""The last tiers of what is about the words, as they are or as beginnings: all are in its names and terms."""

_IN_TEXT = (4, 8)
_NAMES = tuple(SearchEntry.Kind.values)
_KINDS = {kind: number for number, kind in enumerate(_NAMES)}
_ROOM = 60
"""Bits of an entry's id below those of its kind: of a time and of a key."""

_KEYS = 30


@dataclass(frozen=True)
class Ranked:
    """An entry that was found, and the tier in which it stands."""

    kind: str
    tier: int
    entry: int

    @property
    def key(self) -> int:
        """Of the row that the entry is of."""
        return key_of(self.entry)

    @property
    def is_about(self) -> bool:
        """Whether it is about the words, and does not only mention them."""
        return self.tier not in _IN_TEXT


def entry_id(kind: str, second: int, key: int) -> int:
    """The id of an entry: its kind, then the later the higher, then its row's key.

    Args:
        second: since 2020, from 0 to 2³⁰ − 1, in 2054.
        key: from 1 to 2³⁰ − 1.
    """
    return (_KINDS[kind] << _ROOM) + (min(max(second, 0), (1 << _ROOM - _KEYS) - 1) << _KEYS) + key % (1 << _KEYS)


def person_id(key: int) -> int:
    """The id of a person's entry: nobody is newer than another."""
    return entry_id(SearchEntry.Kind.PERSON, 0, key)


def key_of(entry: int) -> int:
    """The key of the row that an entry is of."""
    return entry % (1 << _KEYS)


def kind_of(entry: int) -> str:
    """The kind of an entry."""
    return _NAMES[entry >> _ROOM]


def whole_word(joined: str) -> str:
    """All words of a name as one, told from words by a sign that none has."""
    return f"·{joined}" if joined else ""


def newest(kinds: Sequence[str], question: Question, most: int) -> dict[str, list[int]]:
    """By kind, the entries that have all words of ``question``: the newest, at most ``most``."""
    found: dict[str, list[int]] = {kind: [] for kind in kinds}
    for kind, _, entry in _ask(question, kinds, [ANYWHERE], most):
        found[kind].append(entry)
    return found


def tiers(found: Mapping[str, Sequence[int]], question: Question) -> dict[int, int]:
    """The tiers of what :func:`newest` found of some kinds, where it is all there is."""
    most = max(map(len, found.values()), default=0)
    places = {entry: ANYWHERE for entries in found.values() for entry in entries}
    for _, tier, entry in _ask(question, found, range(ANYWHERE), most):
        places[entry] = min(tier, places[entry])
    return places


def rank(kind: str, question: Question, most: int) -> list[Ranked]:
    """The entries of a kind that have all words of ``question``, in the order of relevance, at most ``most``; within a
    tier the newest stand first. What is common is in the first tiers, and the others are not asked."""
    found: dict[int, int] = {}
    for tier in range(len(_TIERS)):
        for _, _, entry in _ask(question, [kind], [tier], most):
            if len(found) < most:
                found.setdefault(entry, tier)
        if len(found) >= most:
            break
    return [Ranked(kind, tier, entry) for entry, tier in found.items()]


def tier_of(words: Mapping[str, Collection[str]], question: Question) -> int | None:
    """The tier in which something with these words stands, for what is in no table; None: it has not all words."""
    if any(whole_word(whole) in words[NAMES] for whole in question.wholes):
        return _WHOLE
    if not all(is_said(words, term, begins=True) for term in question.terms):
        return None
    for number, tier in enumerate(_TIERS):
        if number != _WHOLE and all(
            all(is_said(words, term, place, begins=tier.begins) for term in question.terms) for place in tier.places
        ):
            return number
    return None


def is_said(words: Mapping[str, Collection[str]], term: Term, place: str = _ANYWHERE, *, begins: bool) -> bool:
    """Whether ``term`` is in some fields of these words."""
    there = [words[field] for field in place.split("+")]
    return any(all(any(has_word(each, word, begins=begins) for each in there) for word in way) for way in term.ways)


def has_word(words: Collection[str], word: Word, *, begins: bool) -> bool:
    """Whether ``word`` is one of ``words``, or the beginning of one."""
    if word.exact in words:
        return True
    return begins and bool(word.begins) and any(each.startswith(word.begins) for each in words)


def all_found(kind: str, question: Question) -> list[int]:
    """The ids of all entries of a kind that have all words of ``question``, however many, the newest first."""
    return [entry for _, _, entry in _ask(question, [kind], [ANYWHERE], None)]


def write(entries: Sequence[tuple[int, Words]]) -> None:
    """Hold the words of entries that have none, by their ids."""
    rows: list[Any]
    columns: tuple[str, ...]
    if connection.vendor == "sqlite":
        columns = ("rowid", *FIELDS)
        rows = [(key, *(" ".join(sorted(set(words[field]))) for field in FIELDS)) for key, words in entries]
    else:
        columns = ("id", *_COLUMNS.values())
        rows = [(key, *(_vector(words, place) for place in _COLUMNS)) for key, words in entries]
    places = ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO {TABLE} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def remove(entries: Iterable[int]) -> None:
    """Forget the words of entries, by their ids."""
    with connection.cursor() as cursor:
        cursor.executemany(f"DELETE FROM {TABLE} WHERE {_id()} = %s", [(key,) for key in entries])  # noqa: S608


def remove_all() -> None:
    """Forget all words."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")  # noqa: S608


def _ask(
    question: Question, kinds: Collection[str], tiers: Collection[int], most: int | None
) -> list[tuple[str, int, int]]:
    """The entries of some kinds in some tiers, of each at most ``most``, the newest first: kind, tier and id.

    FTS5 looks for a tier once for all kinds: it puts together the lists of all words that begin in some way before it
    looks at the first entry. PostgreSQL would read all entries for that, and ends early for each kind by itself.
    """
    if not kinds:
        return []
    together = [sorted(map(_KINDS.__getitem__, kinds))]
    places = together if connection.vendor == "sqlite" else [[number] for number in together[0]]
    statements: list[str] = []
    parameters: list[str] = []
    for tier in tiers:
        condition, values = _matches(question, tier)
        for numbers in places:
            limit = "" if most is None or len(numbers) > 1 else f" LIMIT {most}"
            first, end = numbers[0] << _ROOM, (numbers[-1] + 1) << _ROOM
            statements.append(
                f"SELECT * FROM (SELECT {tier} AS tier, {_id()} AS id FROM {TABLE}"  # noqa: S608
                f" WHERE {condition} AND {_id()} >= {first} AND {_id()} < {end}"
                f" ORDER BY {_id()} DESC{limit}) found{len(statements)}"
            )
            parameters += values
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), parameters)
        rows = cursor.fetchall()
    found: dict[tuple[int, int], list[int]] = {(tier, number): [] for tier in tiers for number in together[0]}
    for tier, entry in rows:
        there = found.get((tier, entry >> _ROOM))
        if there is not None and (most is None or len(there) < most):
            there.append(entry)
    return [(_NAMES[number], tier, entry) for (tier, number), there in found.items() for entry in there]


def _id() -> str:
    return "rowid" if connection.vendor == "sqlite" else "id"


def _matches(question: Question, number: int) -> tuple[str, list[str]]:
    """The condition of a tier, and its parameters."""
    tier = _TIERS[number]
    asked = [(place, _has(question.terms, tier.begins)) for place in tier.places]
    if number in (_WHOLE, ANYWHERE):
        whole = _any([_exactly(whole_word(whole)) for whole in question.wholes])
        asked = [(NAMES, whole)] if number == _WHOLE else [(_ANYWHERE, _any([asked[0][1], whole]))]
    if connection.vendor == "sqlite":
        parts = [f"({{{place.replace('+', ' ')}}} : {each})" if place != _ANYWHERE else each for place, each in asked]
        return f"{TABLE} MATCH %s", [_all(parts)]
    return " AND ".join(f"{_COLUMNS[place]} @@ %s::tsquery" for place, _ in asked), [each for _, each in asked]


def _has(terms: Sequence[Term], begins: bool) -> str:
    """All of ``terms``, in the database's own words."""
    each = _beginning if begins else lambda word: _exactly(word.exact)
    return _all([_any([_all([each(word) for word in way]) for way in term.ways]) for term in terms])


def _exactly(word: str) -> str:
    return f'"{word}"' if connection.vendor == "sqlite" else f"'{word}'"


def _beginning(word: Word) -> str:
    if not word.begins:
        return _exactly(word.exact)
    begins = f'"{word.begins}" *' if connection.vendor == "sqlite" else f"'{word.begins}':*"
    return _any([_exactly(word.exact), begins])


def _all(asked: Sequence[str]) -> str:
    return f"({(' AND ' if connection.vendor == 'sqlite' else ' & ').join(asked)})"


def _any(asked: Sequence[str]) -> str:
    return f"({(' OR ' if connection.vendor == 'sqlite' else ' | ').join(asked)})"


def _vector(words: Words, place: str) -> str:
    found = {word for field in place.split("+") for word in words[field]}
    return " ".join(f"'{word}'" for word in sorted(found))
