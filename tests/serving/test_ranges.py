"""Ranges as slices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.serving.ranges import UNSATISFIABLE, parse_range

POSITIONS = st.integers(0, 60)


@given(st.binary(max_size=40), POSITIONS, POSITIONS)
def test_from_first_to_last(content: bytes, first: int, last: int) -> None:
    span = parse_range(b"bytes=%d-%d" % (first, last), len(content))
    if last < first:
        assert span is None
    else:
        check(span, content, content[first : last + 1])


@given(st.binary(max_size=40), POSITIONS)
def test_from_first_on(content: bytes, first: int) -> None:
    check(parse_range(b"bytes=%d-" % first, len(content)), content, content[first:])


@given(st.binary(max_size=40), POSITIONS)
def test_the_last_so_many(content: bytes, length: int) -> None:
    check(parse_range(b"bytes=-%d" % length, len(content)), content, content[-length:] if length else b"")


def check(span: object, content: bytes, expected: bytes) -> None:
    if expected:
        assert isinstance(span, tuple)
        assert content[slice(*span)] == expected
        assert 0 <= span[0] < span[1] <= len(content)
    else:
        assert span is UNSATISFIABLE


@given(st.binary(max_size=30) | st.text("bytes=-0123456789, ", max_size=20).map(str.encode), st.integers(0, 10**15))
def test_no_header_leads_outside_the_object(header: bytes, size: int) -> None:
    span = parse_range(header, size)
    if isinstance(span, tuple):
        assert 0 <= span[0] < span[1] <= size


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"bytes",
        b"bytes=",
        b"bytes=-",
        b"bytes=a-b",
        b"bytes=5",
        b"bytes=5-3",
        b"bytes=0-1,2-3",
        b"bytes=+1-2",
        b"bytes=0 -1",
        b"lines=0-1",
        b"bytes=0x0-0x1",
        b"bytes=--1",
        "bytes=٠-١".encode(),
    ],
)
def test_what_is_malformed_or_more_than_one_is_as_if_not_asked(header: bytes) -> None:
    assert parse_range(header, 100) is None


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (b"bytes= 0-1 ", (0, 2)),
        (b"BYTES=0-1", (0, 2)),
        (b"bytes=000-0000000000000000000001", (0, 2)),
        (b"bytes=0-" + b"9" * 5000, (0, 100)),
        (b"bytes=-" + b"9" * 5000, (0, 100)),
        (b"bytes=" + b"9" * 5000 + b"-", UNSATISFIABLE),
    ],
)
def test_spelling(header: bytes, span: object) -> None:
    assert parse_range(header, 100) == span
