"""The core alone: what needs no transport, a clock, or a hostile guess."""

import asyncio
import gc
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.serving.answers import Answer, FileSlice
from datasets.serving.core import Credentials, CredentialsRefused, answer, know_nobody
from datasets.serving.requests import Request, read_headers
from datasets.serving.snapshot import Snapshot
from tests.serving.conftest import LARGE, SMALL
from tests.serving.plane import EMBARGO_END_S, snapshot_of
from tests.serving.transports import open_files

NOW_S = 1_800_000_000.0


@pytest.fixture(scope="module")
def snapshot(folder: Path) -> Snapshot:
    return snapshot_of(str(folder))


def get(snapshot: Snapshot, path: str | bytes, method: str = "GET", now_s: float = NOW_S, **headers: bytes) -> Answer:
    raw_path = path if isinstance(path, bytes) else path.encode()
    lower = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    outcome = answer(Request(method, raw_path, b"", lower), snapshot, now_s)
    assert isinstance(outcome, Answer)
    return outcome


def body(result: Answer) -> bytes:
    if isinstance(result.body, bytes):
        return result.body
    try:
        return result.body.file.read(result.body.start, result.body.length)
    finally:
        result.body.close()


def test_an_embargo_ends_by_the_clock_alone(snapshot: Snapshot) -> None:
    assert get(snapshot, "/data/later@1/small", now_s=EMBARGO_END_S - 0.001).status == 404
    after = get(snapshot, "/data/later@1/small", now_s=EMBARGO_END_S)
    assert (after.status, after.body) == (200, SMALL)
    assert (b"cache-control", b"public, max-age=31536000, immutable") in after.headers


class TestIdentity:
    def ask(self, snapshot: Snapshot, path: bytes, **headers: bytes) -> Answer | Credentials:
        return answer(Request("GET", path, b"", {n.encode(): v for n, v in headers.items()}), snapshot, NOW_S)

    @pytest.mark.parametrize("dataset", [b"secret", b"nobody", b"later", b"cells@draft"])
    def test_is_asked_for_exactly_when_it_could_matter(self, snapshot: Snapshot, dataset: bytes) -> None:
        path = b"/data/" + dataset + b"/small"
        assert self.ask(snapshot, path, cookie=b"a=b") == Credentials(cookie=b"a=b")
        assert self.ask(snapshot, path, authorization=b"Bearer x") == Credentials(authorization=b"Bearer x")
        assert isinstance(self.ask(snapshot, path), Answer)
        assert isinstance(self.ask(snapshot, b"/data/frozen/small", cookie=b"a=b"), Answer)
        assert self.ask(snapshot, b"/data/~t/frozen/small") == Credentials(share_token=b"t")

    def test_a_grant_opens_one_dataset(self, snapshot: Snapshot) -> None:
        def status(path: bytes, *grants: str) -> int:
            outcome = answer(Request("GET", path), snapshot, NOW_S, grants=frozenset(grants))
            assert isinstance(outcome, Answer)
            return outcome.status

        assert status(b"/data/secret/small", "secret") == 200
        assert status(b"/data/secret/small", "cells", "later") == 404
        assert status(b"/data/cells@draft/small", "secret") == 404
        assert status(b"/data/cells@draft/small", "cells") == 200

    def test_is_never_shown(self) -> None:
        assert "opensesame" not in repr(Credentials(b"opensesame", b"opensesame", b"opensesame"))

    def test_without_tokens_a_portal_refuses_them_and_ignores_cookies(self) -> None:
        assert asyncio.run(know_nobody(Credentials(cookie=b"sessionid=1"))) == frozenset()
        for credentials in (Credentials(authorization=b"Bearer x"), Credentials(share_token=b"x")):
            with pytest.raises(CredentialsRefused):
                asyncio.run(know_nobody(credentials))


@given(st.sampled_from(["small", "large", "empty"]), st.integers(0, 2**22), st.integers(0, 2**22))
def test_any_range_is_that_slice_of_the_bytes(snapshot: Snapshot, key: str, first: int, length: int) -> None:
    content = {"small": SMALL, "large": LARGE, "empty": b""}[key]
    result = get(snapshot, f"/data/frozen@1/{key}", range=b"bytes=%d-%d" % (first, first + length))
    if not content:
        assert (result.status, body(result)) == (200, b"")
        return
    if first >= len(content):
        assert (result.status, dict(result.headers)[b"content-range"]) == (416, b"bytes */%d" % len(content))
        return
    part = content[first : first + length + 1]
    headers = dict(result.headers)
    assert (result.status, body(result)) == (206, part)
    assert headers[b"content-length"] == b"%d" % len(part)
    assert headers[b"content-range"] == b"bytes %d-%d/%d" % (first, first + len(part) - 1, len(content))


PATHS = st.lists(
    st.sampled_from(
        ["frozen@1", "cells", "secret", "~t", "em", "s1", "linked@1", "out", "out-absolute", "secret", "..", ".", "",
         "small",
         "%2e%2e", "%2f", "outside", "own", "odd", "\\", "%00", "%zz", "absolute", "x" * 300]
    ),
    max_size=8,
).map("/".join)  # fmt: skip


@given(PATHS | st.text("./%2eEfF\\~@ab1", max_size=30), st.sampled_from(["", "bytes=0-3", "bytes=-2"]))
def test_no_path_breaks_the_rules(snapshot: Snapshot, path: str, byte_range: str) -> None:
    """Whatever is asked: a status that was meant, CORS, nothing from outside, and HEAD as GET."""
    raw_path = f"/data/{path}".encode()
    headers = {b"range": byte_range.encode()} if byte_range else {}
    get, head = (
        answer(Request(method, raw_path, b"", headers), snapshot, NOW_S, grants=frozenset())
        for method in ("GET", "HEAD")
    )
    assert isinstance(get, Answer)
    assert isinstance(head, Answer)
    assert get.status in (200, 206, 400, 404, 410, 416, 503)
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")
    headers_sent = dict(get.headers)
    assert headers_sent[b"access-control-allow-origin"] == b"*"
    assert len(headers_sent) == len(get.headers)
    content = body(get)
    assert headers_sent[b"content-length"] == b"%d" % len(content)
    assert content != b"outside"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors through /proc")
def test_every_answer_gives_its_file_back(snapshot: Snapshot, folder: Path) -> None:
    def open_objects() -> list[str]:
        return [name for name in open_files("self") if name.startswith(f"{folder}/") and not Path(name).is_dir()]

    def ask_everything() -> None:
        for key in ("frozen@1/small", "frozen@1/large", "frozen@1/empty", "frozen@1/absent", "frozen@1/many/",
                    "linked@1/out", "linked@1/fifo"):  # fmt: skip
            for method in ("GET", "HEAD"):
                for headers in ({}, {"range": b"bytes=1-2"}, {"range": b"bytes=9999999-"}, {"if_none_match": b"*"},
                                {"if_match": b'"x"'}):  # fmt: skip
                    body(get(snapshot, f"/data/{key}", method, **headers))

    ask_everything()
    gc.collect()
    gc.disable()  # what is closed by the collector alone would be found here
    try:
        ask_everything()
        assert open_objects() == []
    finally:
        gc.enable()


def test_a_large_body_is_left_to_be_sent_in_blocks(snapshot: Snapshot) -> None:
    result = get(snapshot, "/data/frozen@1/large")
    assert isinstance(result.body, FileSlice)
    assert body(result) == LARGE


def test_a_problem_names_the_key_asked_for_and_not_the_storage(snapshot: Snapshot) -> None:
    result = get(snapshot, "/data/cells@2/lost/zarr.json")
    assert isinstance(result.body, bytes)
    assert json.loads(result.body)["where"] == "lost/zarr.json"


def test_headers_sent_twice_are_one_list() -> None:
    headers = read_headers([(b"if-none-match", b'"a"'), (b"x-other", b"1"), (b"if-none-match", b'"b"')])
    assert headers == {b"if-none-match": b'"a", "b"'}
