"""Canonical keys: what is one, what is none, and that no two name the same object."""

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from datasets.storage.keys import MAX_KEY_BYTES, InvalidKey, canonical_key, is_below, is_segment, join_key

SEGMENTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1).filter(
    lambda text: text not in (".", "..")
)
KEYS = st.lists(SEGMENTS, min_size=1, max_size=6).map("/".join).filter(lambda key: len(key.encode()) <= MAX_KEY_BYTES)


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"zarr.json", "zarr.json"),
        (b"em/s0/c/10/2/3", "em/s0/c/10/2/3"),
        (b".zattrs", ".zattrs"),
        (b"..a/b..", "..a/b.."),
        (b"...", "..."),
        (b"a%20b+c", "a b+c"),
        (b"%c3%a9", "é"),
        ("é".encode(), "é"),
        (b"%252e%252e", "%2e%2e"),
        (b"%252F", "%2F"),
        (b"a:b@c~d", "a:b@c~d"),
        (b"x" * 1024, "x" * 1024),
    ],
)
def test_a_path_is_decoded_once(raw: bytes, key: str) -> None:
    assert canonical_key(raw) == key


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"/",
        b"/a",
        b"a/",
        b"a//b",
        b".",
        b"..",
        b"./a",
        b"../a",
        b"a/.",
        b"a/..",
        b"a/./b",
        b"a/../b",
        b"%2e",
        b"%2e%2E/a",
        b"a/.%2e/b",
        b"a%2fb",
        b"a%2Fb",
        b"a\\b",
        b"a%5Cb",
        b"a%00",
        b"a\x00",
        b"a%0d%0ab",
        b"a\n",
        b"..\n",
        b"%7f",
        b"%c2%80",
        b"%",
        b"%1",
        b"%zz",
        b"100%/a",
        b"%ff",
        b"\xff",
        b"%ed%a0%80",
        b"%c0%ae%c0%ae",
        b"x" * 1025,
        b"%78" * 1025,
        b"%c3%a9" * 513,
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(raw: bytes) -> None:
    with pytest.raises(InvalidKey) as caught:
        canonical_key(raw)
    assert caught.value.what
    assert caught.value.fix
    assert caught.value.status == 400


@given(KEYS)
@example("a b")
@example("%2e%2e/%2F")
def test_every_key_has_a_path_that_leads_back(key: str) -> None:
    assert canonical_key(quote(key).encode()) == key
    assert all(is_segment(segment) for segment in key.split("/"))


@given(st.binary(max_size=60) | st.text("./%25eEfF\\a\x00").map(str.encode))
def test_whatever_is_accepted_keeps_the_rules(raw: bytes) -> None:
    try:
        key = canonical_key(raw)
    except InvalidKey:
        return
    assert len(key.encode()) <= MAX_KEY_BYTES
    assert not set(key.split("/")) & {"", ".", ".."}
    assert "\\" not in key
    assert all(character.isprintable() or ord(character) > 0x9F for character in key)
    # An escaped slash never becomes a separator.
    assert key.count("/") == raw.count(b"/")
    assert canonical_key(quote(key).encode()) == key


@given(st.text())
def test_a_name_is_a_segment_exactly_when_it_is_a_key_without_slashes(name: str) -> None:
    try:
        is_key = canonical_key(quote(name).encode()) == name and "/" not in name
    except (InvalidKey, UnicodeEncodeError):
        is_key = False
    assert is_segment(name) == is_key


@pytest.mark.parametrize("name", ["a\udcff", "", ".", "..", "a/b", "a\\b", "a\tb"])
def test_a_name_that_no_key_can_have(name: str) -> None:
    assert not is_segment(name)


@given(KEYS, KEYS)
def test_joining_and_lying_below(folder: str, rest: str) -> None:
    assert join_key(folder, rest) == f"{folder}/{rest}"
    assert join_key("", rest) == join_key(rest, "") == rest
    assert is_below(join_key(folder, rest), folder)
    assert is_below(folder, folder)
    assert is_below(rest, "")
    assert not is_below(f"{folder}x", folder)
