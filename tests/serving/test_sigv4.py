"""Signatures of S3 requests: botocore signs, the portal verifies."""

import time
from dataclasses import replace
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from datasets.serving.requests import Request, read_headers
from datasets.serving.s3_answers import S3Error
from datasets.serving.s3_listing import read_query
from datasets.serving.sigv4 import read_signature, sign, verify

KEY_ID, SECRET = "CSTEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HOST = "portal.example:8443"

SEGMENTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=8)
KEYS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join)
QUERIES = st.dictionaries(
    st.sampled_from(["prefix", "delimiter", "start-after", "list-type", "max-keys", "acl"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
HEADERS = st.dictionaries(
    st.sampled_from(["Range", "If-Match", "x-amz-meta-odd", "Accept", "x-amz-request-payer"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126) | st.just(" "), max_size=20).map(str.strip),
)


def signed(
    key: str = "a/b",
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    *,
    method: str = "GET",
    secret: str = SECRET,
    scheme: str = "http",
    expires_s: int | None = None,
) -> Request:
    """A request that botocore has signed just now, as it reaches the portal."""
    encoded = "&".join(f"{quote(n, safe='-._~')}={quote(v, safe='-._~')}" for n, v in (query or {}).items())
    url = f"{scheme}://{HOST}/s3/cells/{quote(key, safe='/-._~')}" + (f"?{encoded}" if encoded else "")
    request = AWSRequest(method, url, headers={"Host": HOST, **(headers or {})})
    credentials = Credentials(KEY_ID, secret)
    if expires_s is None:
        S3SigV4Auth(credentials, "s3", "eu-central-1").add_auth(request)
    else:
        S3SigV4QueryAuth(credentials, "s3", "eu-central-1", expires=expires_s).add_auth(request)
    sent = urlsplit(request.url)
    pairs = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    return Request(method, sent.path.encode(), sent.query.encode(), read_headers(pairs, all_of_them=True))


def check(request: Request, *, secret: str = SECRET, later_s: float = 0.0) -> None:
    signature = read_signature(read_query(request.query), request.headers)
    assert signature is not None
    assert signature.access_key_id == KEY_ID
    verify(
        signature,
        secret=secret,
        method=request.method,
        raw_path=request.raw_path,
        query=request.query,
        headers=request.headers,
        now_s=time.time() + later_s,
    )


def refusal(request: Request, *, secret: str = SECRET, later_s: float = 0.0) -> str:
    with pytest.raises(S3Error) as error:
        check(request, secret=secret, later_s=later_s)
    return error.value.code


@given(KEYS, QUERIES, HEADERS, st.sampled_from(["GET", "HEAD"]), st.sampled_from(["http", "https"]), st.booleans())
def test_whatever_botocore_signs_is_accepted(
    key: str, query: dict[str, str], headers: dict[str, str], method: str, scheme: str, presigned: bool
) -> None:
    check(signed(key, query, headers, method=method, scheme=scheme, expires_s=60 if presigned else None))


@given(st.data(), st.booleans())
def test_nothing_that_was_signed_can_be_changed(data: st.DataObject, presigned: bool) -> None:
    request = signed("a/b", {"prefix": "c", "acl": ""}, {"Range": "bytes=0-9"}, expires_s=60 if presigned else None)
    what = data.draw(st.sampled_from(["method", "path", "query", "host", "range", "signature", "secret"]))
    secret = SECRET
    match what:
        case "method":
            request.method = "HEAD"
        case "path":
            path = request.raw_path.decode()
            request.raw_path = data.draw(changes_of(path)).encode("utf-8")
        case "query":
            request.query += data.draw(st.sampled_from([b"&x=1", b"&prefix=d", b"&acl"]))
        case "host":
            request.headers = {**request.headers, b"host": b"other.example"}
        case "range":
            request.headers = {**request.headers, b"range": b"bytes=0-"}
        case "signature":
            request = with_other_digit(request, data.draw(st.integers(0, 63)))
        case "secret":
            secret = data.draw(st.text(min_size=1, max_size=50).filter(lambda text: text != SECRET))
    assert refusal(request, secret=secret) == "SignatureDoesNotMatch"


def changes_of(path: str) -> st.SearchStrategy[str]:
    """One character more, or another one, where it is sent as itself."""
    letters = st.sampled_from("abcz09-._~/")
    longer = st.tuples(st.integers(0, len(path)), letters).map(lambda at: path[: at[0]] + at[1] + path[at[0] :])
    return longer.filter(lambda changed: changed != path)


def with_other_digit(request: Request, place: int) -> Request:
    def changed(text: bytes, name: bytes) -> bytes:
        start = text.index(name) + len(name) + place
        return text[:start] + (b"0" if text[start : start + 1] != b"0" else b"1") + text[start + 1 :]

    if b"X-Amz-Signature=" in request.query:
        return replace(request, query=changed(request.query, b"X-Amz-Signature="))
    authorization = changed(request.headers[b"authorization"], b"Signature=")
    return replace(request, headers={**request.headers, b"authorization": authorization})


def test_a_path_may_be_encoded_otherwise_on_its_way() -> None:
    """Clients sign what the specification has, and some send other characters as themselves."""
    request = signed("a=b/c(1)")
    request.raw_path = b"/s3/cells/a=b/c(1)"
    check(request)


class TestTimes:
    @pytest.mark.parametrize("later_s", [-890, 0, 890])
    def test_may_differ_by_a_quarter_of_an_hour(self, later_s: float) -> None:
        check(signed(), later_s=later_s)

    @pytest.mark.parametrize("later_s", [-910, 910, 1e6])
    def test_may_not_differ_by_more(self, later_s: float) -> None:
        assert refusal(signed(), later_s=later_s) == "RequestTimeTooSkewed"

    def test_of_a_presigned_address_are_a_span(self) -> None:
        request = signed(expires_s=7200)
        check(request, later_s=7190)
        assert refusal(request, later_s=7210) == "AccessDenied"
        assert refusal(request, later_s=-910) == "AccessDenied"

    @pytest.mark.parametrize("expires_s", [0, -1, 604_801])
    def test_of_a_presigned_address_are_a_week_at_most(self, expires_s: int) -> None:
        assert refusal(signed(expires_s=expires_s)) == "AuthorizationQueryParametersError"


class TestForms:
    def test_without_a_signature_one_is_anonymous(self) -> None:
        assert read_signature({"prefix": "a"}, {b"host": b"x"}) is None

    @pytest.mark.parametrize(
        ("authorization", "code"),
        [
            ("AWS key:c2lnbmF0dXJl", "InvalidRequest"),
            ("Bearer x", "InvalidArgument"),
            ("AWS4-HMAC-SHA256", "AuthorizationHeaderMalformed"),
            ("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b", "AuthorizationHeaderMalformed"),
            ("AWS4-ECDSA-P256-SHA256 Credential=a, SignedHeaders=host, Signature=b", "InvalidArgument"),
            ("AWS4-HMAC-SHA256 \xff=\xff,,,=", "AuthorizationHeaderMalformed"),
        ],
    )
    def test_that_are_none_are_named(self, authorization: str, code: str) -> None:
        request = Request("GET", b"/s3/", headers={b"authorization": authorization.encode("latin-1")})
        assert refusal(request) == code

    @pytest.mark.parametrize(
        ("before", "after"),
        [(b"/s3/aws4_request", b"/ec2/aws4_request"), (b"host;", b""), (b"CSTEXAMPLE/20", b"CSTEXAMPLE/19")],
    )
    def test_that_are_for_something_else_are_refused(self, before: bytes, after: bytes) -> None:
        request = signed()
        authorization = request.headers[b"authorization"]
        assert before in authorization
        request.headers = {**request.headers, b"authorization": authorization.replace(before, after)}
        assert refusal(request) == "AuthorizationHeaderMalformed"

    @pytest.mark.parametrize("date", [b"", b"20260199T000000Z", b"yesterday"])
    def test_without_a_time_are_refused(self, date: bytes) -> None:
        request = signed()
        request.headers = {**request.headers, b"x-amz-date": date}
        assert refusal(request) == "AuthorizationHeaderMalformed"

    @pytest.mark.parametrize("name", ["Credential", "SignedHeaders", "Signature", "Date", "Expires", "Algorithm"])
    def test_presigned_need_all_their_parts(self, name: str) -> None:
        request = signed(expires_s=60)
        parts = [part for part in request.query.split(b"&") if not part.startswith(f"X-Amz-{name}=".encode())]
        request.query = b"&".join(parts)
        assert refusal(request) == "AuthorizationQueryParametersError"

    def test_the_older_presigned_address_is_named(self) -> None:
        query = b"AWSAccessKeyId=x&Signature=c2ln&Expires=1"
        assert refusal(Request("GET", b"/s3/cells/a", query)) == "InvalidRequest"

    def test_one_way_at_a_time(self) -> None:
        request = signed(expires_s=60)
        request.headers = {**request.headers, b"authorization": signed().headers[b"authorization"]}
        assert refusal(request) == "InvalidArgument"

    @given(st.text(max_size=60), st.binary(max_size=60))
    def test_nonsense_is_refused_by_name(self, text: str, header: bytes) -> None:
        for query, headers in (
            ({"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": text, "X-Amz-Expires": text}, {}),
            ({}, {b"authorization": b"AWS4-HMAC-SHA256 " + header}),
        ):
            with pytest.raises(S3Error):
                read_signature(query, headers)


def test_the_example_of_the_specification() -> None:
    """ "GET Object" of the Amazon S3 API reference, "Signature Calculations for the Authorization Header"."""
    canonical = (
        "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\n"
        "x-amz-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
        "x-amz-date:20130524T000000Z\n\nhost;range;x-amz-content-sha256;x-amz-date\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    assert sign(
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524T000000Z", "20130524/us-east-1/s3/aws4_request", canonical
    ) == ("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
