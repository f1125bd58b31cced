"""A few thousand random requests, valid and not, to the real server and through nginx (``make soak`` sends more)."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.serving import s3
from datasets.serving.answers import Answer
from datasets.serving.core import answer
from datasets.serving.requests import Request, read_headers
from datasets.serving.s3 import KeyHolder, answer_error, unknown_key
from datasets.serving.sigv4 import Signature
from datasets.serving.snapshot import Snapshot
from tests.serving.fuzzing import Fuzzer, Wrong, arranged, judge
from tests.serving.malformed_requests import distorted
from tests.serving.plane import KEY_ID, SECRET, snapshot_of
from tests.serving.random_case import Case
from tests.serving.random_place import DRAFTED_BYTES, FROZEN, LINKED, write_place
from tests.serving.random_requests import burst
from tests.serving.wire import WireReply

REQUESTS = 3000
SEED = "the tests"


@pytest.mark.parametrize("arrangement", ["server", pytest.param("nginx", marks=pytest.mark.nginx)])
def test_no_request_is_answered_wrongly(arrangement: str) -> None:
    with arranged(arrangement) as port:
        fuzzer = Fuzzer(port, SEED)
        assert fuzzer.run(REQUESTS) >= REQUESTS
    met = fuzzer.statuses
    # Every kind of answer was met, in number.
    for status in (200, 204, 206, 304, 400, 401, 403, 404, 405, 410, 412, 416, 418):
        assert met[str(status)] >= 3, met
    assert met["400 malformed"] >= 100, met


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("random")
    write_place(folder)
    return snapshot_of(str(folder))


@given(st.integers(0, 10**9))
def test_the_core_alone_answers_as_the_reference(snapshot: Snapshot, number: int) -> None:
    for case in burst("hypothesis", number, 4):
        result = _ask(snapshot, case)
        body = result.body
        if not isinstance(body, bytes):
            with_file, body = body, body.file.read(body.start, body.length)  # type: ignore[union-attr]
            with_file.close()  # type: ignore[union-attr]
        judge(case, WireReply(result.status, result.headers, body, b"%r" % (result.headers,) + body))


def _ask(snapshot: Snapshot, case: Case) -> Answer:
    path, _, query = case.target.partition(b"#")[0].partition(b"?")
    headers = read_headers((name.lower(), value) for name, value in case.headers)
    if case.speaks_s3:
        return _ask_s3(snapshot, case)
    if not path.startswith(b"/data/"):
        return Answer(418, ())
    grants = frozenset({"secret", "cells"}) if case.shows_token else frozenset()
    outcome = answer(Request(case.method.decode(), path, query, headers), snapshot, 1.8e9, grants=frozenset(grants))
    assert isinstance(outcome, Answer)
    return outcome


def _ask_s3(snapshot: Snapshot, case: Case) -> Answer:
    path, _, query = case.target.partition(b"#")[0].partition(b"?")
    headers = read_headers(((name.lower(), value) for name, value in case.headers), all_of_them=True)
    request = Request(case.method.decode(), path, query, headers)
    outcome = s3.answer(request, snapshot, time.time())
    if isinstance(outcome, Signature):
        holder = KeyHolder(SECRET, frozenset({"secret", "cells"})) if outcome.access_key_id == KEY_ID else None
        outcome = s3.answer(request, snapshot, time.time(), holder=holder) if holder else answer_error(unknown_key())
    assert isinstance(outcome, Answer)
    return outcome


def test_the_same_seed_makes_the_same_requests() -> None:
    assert burst("a", 7, 16) == burst("a", 7, 16) != burst("a", 8, 16)
    assert distorted("a", 7) == distorted("a", 7) != distorted("a", 8)


CASE = Case("1", b"GET", b"/data/frozen@1/small", ((b"Host", b"here"),), expected=(200, FROZEN["small"]))
HEADERS = (
    (b"content-length", b"11"), (b"etag", b'"6553f100-b"'), (b"access-control-allow-origin", b"*"),
)  # fmt: skip


def _reply(
    status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = HEADERS, body: bytes = FROZEN["small"]
) -> WireReply:
    return WireReply(status, headers, body, b"%r%b" % (headers, body))


def test_a_right_answer_passes() -> None:
    judge(CASE, _reply())


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (_reply(500), "status 500"),
        (_reply(404), "in the place of 200"),
        (_reply(body=b"0123456789B"), "other bytes"),
        (_reply(headers=HEADERS[1:]), "bytes in the place of 11"),
        (_reply(headers=(*HEADERS, HEADERS[2])), "twice"),
        (_reply(headers=HEADERS[:2]), "no page may read it"),
        (_reply(headers=(HEADERS[0], (b"etag", b'"x"'), HEADERS[2])), "another tag"),
        (_reply(headers=(*HEADERS, (b"x", b"withheld-7f3a"))), "a name"),
        (_reply(body=DRAFTED_BYTES[:100]), "bytes that nobody may read"),
    ],
)
def test_a_wrong_answer_is_found(reply: WireReply, what: str) -> None:
    with pytest.raises(Wrong, match=what):
        judge(CASE, reply)


LISTED = Case("2", b"GET", b"/s3/linked?list-type=2", ((b"Host", b"here"),))
SIGNED = Case("3", b"GET", b"/s3/secret/small", ((b"Host", b"here"),), is_signed=True, code="SignatureDoesNotMatch")
PLAIN_XML = ((b"content-type", b"application/xml"), (b"access-control-allow-origin", b"*"))


def _xml(
    content: str, name: str = "ListBucketResult", xmlns: str = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
) -> bytes:
    return f"<{name}{xmlns}>{content}</{name}>".encode()


def _listing(*keys: str, more: str = "false") -> bytes:
    contents = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in keys)
    return _xml(f"<Prefix></Prefix><IsTruncated>{more}</IsTruncated>{contents}")


def _error(code: str) -> bytes:
    return _xml(f"<Code>{code}</Code><Message>x</Message>", "Error", "")


def test_a_right_answer_of_s3_passes() -> None:
    judge(LISTED, _reply(headers=PLAIN_XML, body=_listing(*sorted(LINKED))))
    judge(SIGNED, _reply(403, PLAIN_XML, _error("SignatureDoesNotMatch")))


@pytest.mark.parametrize(
    ("case", "reply", "what"),
    [
        (LISTED, _reply(headers=PLAIN_XML, body=_listing("small")), "another listing"),
        (LISTED, _reply(headers=PLAIN_XML, body=_listing(*LINKED, "out")), "another listing"),
        (LISTED, _reply(headers=PLAIN_XML, body=_listing(*LINKED, more="true")), "whether more follows"),
        (LISTED, _reply(headers=PLAIN_XML, body=_listing(*LINKED)[:-1]), "not well formed"),
        (LISTED, _reply(500, PLAIN_XML, _error("InternalError")), "status 500"),
        (LISTED, _reply(503, PLAIN_XML, _error("ServiceUnavailable")), "trouble where there is none"),
        (SIGNED, _reply(403, PLAIN_XML, _error("NoSuchBucket")), "another error"),
        (SIGNED, _reply(404, PLAIN_XML, _error("SignatureDoesNotMatch")), "not refused"),
        (replace(SIGNED, code=""), _reply(), "no such object"),
        (replace(SIGNED, method=b"PUT", code=""), _reply(), "more than reading"),
    ],
)
def test_a_wrong_answer_of_s3_is_found(case: Case, reply: WireReply, what: str) -> None:
    with pytest.raises(Wrong, match=what):
        judge(case, reply)
