"""Heads that need no parsing are only such as the parser reads in the same way."""

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from datasets.serving.heads import Head, may_repeat, take_apart

HEAD = b"GET /data/cells%401/em/s0/c/0/1/2 HTTP/1.1\r\nHost: here\r\nRange: bytes=0-99\r\nAccept: */*\r\n\r\n"

PIECES = st.sampled_from(
    [
        *(
            b"GET ",
            b"HEAD ",
            b"get ",
            b"/data/",
            b"/data/a/b",
            b"/data/a%2Fb",
            b"?x=1",
            b"#",
            b" ",
            b"\t",
            b"\0",
            b"\xff",
        ),
        *(
            b" HTTP/1.1",
            b" HTTP/1.0",
            b" HTTP/2.0",
            b"\r\n",
            b"\n",
            b"\r",
            b"\r\n\r\n",
            b"Host: here\r\n",
            b"Host:\r\n",
        ),
        *(b"Range: bytes=0-99\r\n", b"range: bytes=-5\r\n", b"RANGE:bytes=1-\r\n", b"Range : bytes=1-2\r\n"),
        *(b"X: Range: bytes=1-2\r\n", b" folded\r\n", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"),
        *(b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"),
        *(b"Expect: 100-continue\r\n", b"Cookie: a=b\r\n", b"no colon\r\n", b": empty\r\n"),
    ]
)
HEADERS = st.lists(PIECES, max_size=6).map(b"".join)
SOUND = st.lists(
    st.sampled_from(
        [
            b"Host: here\r\n",
            b"Accept: */*\r\n",
            b"X: Range: bytes=1-2\r\n",
            b"Cookie: a=b\r\n",
            b"Connection: close\r\n",
            b"Content-Length: 3\r\n",
            b"Range: bytes=7-9\r\n",
            b"Upgrade: h2c\r\nConnection: upgrade\r\n",
        ]
    ),
    max_size=5,
).map(b"".join)
TARGETS = st.from_regex(rb"/data/[A-Za-z0-9_.~!$&'()*+,;=:@%/-]{1,30}", fullmatch=True)
RANGES = st.one_of(st.none(), st.from_regex(rb"bytes=[0-9]{0,20}-[0-9]{0,20}", fullmatch=True))


class Parsed:
    """What the server's parser makes of one piece of data."""

    def __init__(self, data: bytes) -> None:
        self.url, self.headers, self.messages, self.body = b"", list[tuple[bytes, bytes]](), 0, b""
        self.failed = self.keeps_alive = False
        self._parser = httptools.HttpRequestParser(self)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.failed = True
        except httptools.HttpParserUpgrade:
            self.upgraded = True

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.messages += 1
        self.keeps_alive = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self.body += body


def head_of(target: bytes, span: bytes | None, rest: bytes) -> bytes:
    return b"GET %b HTTP/1.1\r\n%b%b\r\n" % (target, b"" if span is None else b"Range: %b\r\n" % span, rest)


def test_a_head_comes_apart_into_path_range_and_the_rest() -> None:
    head = take_apart(HEAD)
    assert head == Head(b"/data/cells%401/em/s0/c/0/1/2", b"bytes=0-99", b"\r\nHost: here\r\nAccept: */*\r\n\r\n")


@given(st.binary(max_size=40).flatmap(lambda noise: st.lists(PIECES, max_size=9).map(lambda p: b"".join([*p, noise]))))
@example(HEAD)
@example(HEAD + HEAD)
@example(HEAD.replace(b"\r\nHost", b"\nHost"))
def test_what_comes_apart_is_read_alike_by_the_parser(data: bytes) -> None:
    head = take_apart(data)
    parsed = Parsed(data)
    if head is not None and not parsed.failed:
        assert parsed.messages <= 1
        assert parsed.url == head.target


@given(TARGETS, RANGES, SOUND, TARGETS, RANGES)
def test_a_head_that_repeats_says_what_the_parser_would(
    first_target: bytes, first_range: bytes | None, rest: bytes, target: bytes, span: bytes | None
) -> None:
    """The server knows the second by the first: the parser must agree with it."""
    first = head_of(first_target, first_range, rest)
    second = head_of(target, span, rest)
    known, repeated = take_apart(first), take_apart(second)
    assert known is not None
    assert repeated is not None
    read = Parsed(first)
    if read.failed or not read.keeps_alive or not may_repeat(known, read.headers) or repeated.rest != known.rest:
        return
    parsed = Parsed(second)
    assert (parsed.failed, parsed.messages, parsed.keeps_alive, parsed.body) == (False, 1, True, b"")
    assert parsed.url == repeated.target
    expected = {name: value for name, value in read.headers if name != b"range"}
    if repeated.range is not None:
        expected[b"range"] = repeated.range
    assert dict(parsed.headers) == expected


@pytest.mark.parametrize(
    "line",
    [
        *(b"Content-Length: 3", b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"Upgrade: h2c"),
        b"Range: bytes=5-6",  # a second one
    ],
)
def test_what_is_more_than_a_head_is_known_by_none(line: bytes) -> None:
    data = HEAD.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n")
    head = take_apart(data)
    assert head is not None
    assert not may_repeat(head, Parsed(data).headers)


@pytest.mark.parametrize(
    "data",
    [
        *(HEAD[:-1], HEAD + b"\r\n", HEAD + HEAD, HEAD.replace(b"GET", b"HEAD"), HEAD.replace(b"1.1", b"1.0")),
        *(HEAD.replace(b"/c/", b"/c?"), HEAD.replace(b"/c/", b"/ c/"), HEAD.replace(b"/data/", b"/datasets/")),
    ],
)
def test_other_forms_are_the_parsers(data: bytes) -> None:
    assert take_apart(data) is None
