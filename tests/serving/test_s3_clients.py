"""What botocore makes of the answers, over a folder and a bucket, embedded and behind nginx. All clients read whole
datasets in tests/journeys/test_s3_clients.py."""

from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from tests.serving.conftest import CONTENTS, SMALL
from tests.serving.plane import KEY_ID, SECRET
from tests.serving.transports import Server

REGION = "us-east-1"
OBJECTS = {
    key.removeprefix("own/cells/1/"): content
    for key, content in CONTENTS.items()
    if key.startswith("own/cells/1/") and "\\" not in key
}
"""What ``frozen``, which is public, and ``secret``, which is not, both hold."""


@dataclass(frozen=True)
class Reading:
    """A bucket, the endpoint at which it is, and with what it is read: a key or nothing."""

    endpoint: str
    bucket: str
    key_id: str = ""
    secret: str = ""


@pytest.fixture(scope="module", params=["server", pytest.param("nginx", marks=pytest.mark.nginx)])
def endpoint(request: pytest.FixtureRequest, place: str, servers: dict[str, Server], fronts: dict[str, int]) -> str:
    return f"http://127.0.0.1:{servers[place].port if request.param == 'server' else fronts[place]}/s3"


@pytest.fixture(scope="module")
def reading(endpoint: str, place: str, servers: dict[str, Server]) -> Reading:
    """What is public over a folder from the server and over a bucket through nginx, what is not the other way round:
    each pair of the three meets."""
    is_folder, is_server = not place.startswith("http:"), endpoint == f"http://127.0.0.1:{servers[place].port}/s3"
    if is_folder == is_server:
        return Reading(endpoint, "frozen.v1")
    return Reading(endpoint, "secret.v1", KEY_ID, SECRET)


def client(reading: Reading, **options: Any) -> Any:
    signing = {"signature_version": "s3v4"} if reading.key_id else {"signature_version": UNSIGNED}
    return Session().create_client(
        "s3",
        endpoint_url=reading.endpoint,
        region_name=REGION,
        aws_access_key_id=reading.key_id or None,
        aws_secret_access_key=reading.secret or None,
        config=Config(**signing, retries={"max_attempts": 1}, **options),
    )


class TestBotocore:
    def test_pages_through_everything(self, reading: Reading) -> None:
        for operation in ("list_objects_v2", "list_objects"):
            pages = list(client(reading).get_paginator(operation).paginate(Bucket=reading.bucket))
            found = [(item["Key"], item["Size"]) for page in pages for item in page["Contents"]]
            assert found == sorted((key, len(content)) for key, content in OBJECTS.items())
            assert len(pages) == -(-len(OBJECTS) // 1000)

    def test_takes_an_empty_last_page_for_the_end(self, reading: Reading, place: str) -> None:
        """Of a bucket a page is full before it is known that what follows cannot be asked for."""
        last = [[]] if place.startswith("http:") else []
        for operation in ("list_objects_v2", "list_objects"):
            asked = {"Bucket": reading.bucket, "Prefix": "odd/", "PaginationConfig": {"PageSize": 1}}
            pages = list(client(reading).get_paginator(operation).paginate(**asked))
            found = [[item["Key"] for item in page.get("Contents", [])] for page in pages]
            assert found == [["odd/a b#c?d%é.txt"], ["odd/x:y/z"], *last]

    def test_reads(self, reading: Reading) -> None:
        s3 = client(reading)
        for key in ("small", "large", "empty", "odd/a b#c?d%é.txt", "odd/x:y/z"):
            assert s3.get_object(Bucket=reading.bucket, Key=key)["Body"].read() == OBJECTS[key]
            head = s3.head_object(Bucket=reading.bucket, Key=key)
            assert (head["ContentLength"], head["AcceptRanges"]) == (len(OBJECTS[key]), "bytes")
        part = s3.get_object(Bucket=reading.bucket, Key="small", Range="bytes=-4")
        assert (part["Body"].read(), part["ContentRange"]) == (SMALL[-4:], "bytes 7-10/11")
        s3.head_bucket(Bucket=reading.bucket)
        assert s3.get_bucket_location(Bucket=reading.bucket)["LocationConstraint"] is None

    def test_is_told_what_is_wrong(self, reading: Reading) -> None:
        s3 = client(reading)

        def code(operation: str, **parameters: Any) -> str:
            with pytest.raises(ClientError) as error:
                getattr(s3, operation)(**{"Bucket": reading.bucket, **parameters})
            return str(error.value.response["Error"]["Code"])

        assert code("get_object", Key="absent") == "NoSuchKey"
        assert code("get_object", Key="small", IfMatch='"x"') == "PreconditionFailed"
        assert code("get_object", Key="small", Range="bytes=99-") == "InvalidRange"
        assert code("get_object", Key="small", IfNoneMatch="*") == "304"
        assert code("head_object", Key="absent") == "404"
        assert code("list_objects_v2", Bucket="nobody") == "NoSuchBucket"
        assert code("list_objects_v2", Bucket="cells.v1") == "AccessDenied"
        assert code("put_object", Key="new", Body=b"x") == "MethodNotAllowed"
        assert code("delete_object", Key="small") == "MethodNotAllowed"
        assert code("delete_objects", Delete={"Objects": [{"Key": "small"}]}) == "MethodNotAllowed"
        assert code("get_object_acl", Key="small") == "NotImplemented"
        assert code("get_object", Bucket="trouble", Key="x") == "ServiceUnavailable"

    def test_presigns(self, endpoint: str) -> None:
        s3 = client(Reading(endpoint, "secret", KEY_ID, SECRET))
        url = s3.generate_presigned_url("get_object", {"Bucket": "secret", "Key": "odd/a b#c?d%é.txt"}, ExpiresIn=60)
        with urlopen(url) as answer:
            assert answer.read() == b"odd"
            assert answer.headers["cache-control"] == "private, no-store"
        with pytest.raises(HTTPError) as refused:
            urlopen(url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"))
        assert b"<Code>SignatureDoesNotMatch</Code>" in refused.value.read()
        refused.value.close()

    @pytest.mark.parametrize(
        ("key_id", "secret", "code"),
        [(KEY_ID, "wrong", "SignatureDoesNotMatch"), ("CSTNOBODY", SECRET, "InvalidAccessKeyId")],
    )
    @pytest.mark.parametrize("bucket", ["secret", "frozen", "nobody"])
    def test_is_refused_with_a_wrong_key(self, endpoint: str, bucket: str, key_id: str, secret: str, code: str) -> None:
        with pytest.raises(ClientError) as error:
            client(Reading(endpoint, bucket, key_id, secret)).list_objects_v2(Bucket=bucket)
        assert error.value.response["Error"]["Code"] == code

    def test_a_key_opens_what_is_its_holders_alone(self, endpoint: str) -> None:
        s3 = client(Reading(endpoint, "", KEY_ID, SECRET))
        names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
        assert {"secret", "secret.v1", "frozen"} <= names
        assert not {"later", "later.v1"} & names
        with pytest.raises(ClientError) as error:
            s3.list_objects_v2(Bucket="later")
        assert error.value.response["Error"]["Code"] == "NoSuchBucket"
