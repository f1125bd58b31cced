"""Signed addresses: the specification's example, and what another program signs."""

from datetime import UTC, datetime
from unittest.mock import patch
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from datasets.storage.signing import encoded, presigned_address

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SIGNED_S = datetime(2013, 5, 24, tzinfo=UTC).timestamp()


def test_the_example_of_the_specification() -> None:
    """ "Authenticating Requests: Using Query Parameters" of the Amazon S3 API reference."""
    address = presigned_address(
        "https://examplebucket.s3.amazonaws.com/test.txt",
        method="GET", key=KEY, secret=SECRET, region="us-east-1", signed_s=SIGNED_S, expires_s=86_400,
    )  # fmt: skip
    signature = dict(parse_qsl(urlsplit(address).query))["X-Amz-Signature"]
    assert signature == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"


@pytest.mark.parametrize("path", ["/bucket/em/s0/c/0/1/2", "/bucket/a%20b%23c%3Fd%25%C3%A9.txt", "/bucket/x%3Ay/~z"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_botocore_signs_the_same(path: str, method: str) -> None:
    address = f"http://127.0.0.1:8333{path}"
    request = AWSRequest(method=method, url=address)
    with patch("botocore.auth.get_current_datetime", return_value=datetime(2013, 5, 24, tzinfo=UTC)):
        S3SigV4QueryAuth(Credentials(KEY, SECRET), "s3", "eu-west-1", expires=600).add_auth(request)
    ours = presigned_address(
        address, method=method, key=KEY, secret=SECRET, region="eu-west-1", signed_s=SIGNED_S, expires_s=600
    )
    assert sorted(parse_qsl(urlsplit(ours).query)) == sorted(parse_qsl(urlsplit(request.url).query))
    assert urlsplit(ours).path == urlsplit(request.url).path


@given(
    st.lists(st.sampled_from([b"aZ09-._~", b"/", b"%41", b"%2F", b"%", b" ", b"=", b"\xe9", b"%C3%A9"])), st.booleans()
)
def test_text_is_encoded_one_way_however_it_was_before(parts: list[bytes], is_path: bool) -> None:
    text, safe = b"".join(parts), "/" if is_path else ""
    assert encoded(text, safe) == quote(unquote_to_bytes(text), safe=f"{safe}-._~")
