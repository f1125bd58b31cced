"""What a misspelt word may have been meant for."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 3
"""So many words are as near as each other at most; more are no help."""


def far_enough(word: str) -> int:
    """How many letters of a word may be wrong."""
    return 0 if len(word) < 4 or not word.isalpha() else 1 if len(word) <= 8 else 2


class Spelling:
    """Words, of which the nearest to another are found.

    A wrong letter changes at most two of the letters that occur, so words are first compared by which letters they
    have; what is left is measured. A hundred thousand words take some milliseconds.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._by_length: dict[int, list[tuple[int, str]]] = {}
        for word in sorted(set(words)):
            self._by_length.setdefault(len(word), []).append((_letters(word), word))

    def nearest(self, word: str) -> tuple[int, list[str]]:
        """The words at the least distance, and that; none where all are further than :func:`far_enough`.

        Of those the ones that begin alike, where some do: the first letter is seldom the wrong one.
        """
        most = far_enough(word)
        letters = _letters(word)
        for allowed in range(1, most + 1):
            found = [
                other
                for length in range(len(word) - allowed, len(word) + allowed + 1)
                for mask, other in self._by_length.get(length, ())
                if (mask ^ letters).bit_count() <= 2 * allowed and distance(word, other) <= allowed
            ]
            if found:
                return allowed, [other for other in found if other[0] == word[0]] or found
        return most + 1, []


def distance(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many, or stand in the place of their neighbour (Damerau 1964)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, theirs in enumerate(other, 1):
            cost = min(line[column - 1] + 1, last[column] + 1, last[column - 1] + (letter != theirs))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == theirs:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        before, last = last, line
    return last[-1]


def _letters(word: str) -> int:
    mask = 0
    for letter in word:
        mask |= 1 << (ord(letter) % 61)
    return mask
