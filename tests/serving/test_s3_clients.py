"""The tools that people read buckets with, unchanged, over a folder and a bucket, embedded and behind nginx."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import obstore
import pytest
import tensorstore
import zarr
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session
from obstore.store import S3Store

from tests.serving.conftest import CONTENTS, IMAGE, LARGE, SMALL
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

    def environment(self, home: Path) -> dict[str, str]:
        """Of a program, with nothing of whoever runs the tests."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))}
        keys = {"AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": self.secret} if self.key_id else {}
        return kept | keys | {"HOME": str(home), "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="module", params=["server", pytest.param("nginx", marks=pytest.mark.nginx)])
def endpoint(request: pytest.FixtureRequest, place: str, servers: dict[str, Server], fronts: dict[str, int]) -> str:
    return f"http://127.0.0.1:{servers[place].port if request.param == 'server' else fronts[place]}/s3"


@pytest.fixture(scope="module", params=["public", "private"])
def reading(request: pytest.FixtureRequest, endpoint: str) -> Reading:
    if request.param == "public":
        return Reading(endpoint, "frozen.v1")
    return Reading(endpoint, "secret.v1", KEY_ID, SECRET)


def aws(reading: Reading, home: Path, *arguments: str) -> str:
    unsigned = [] if reading.key_id else ["--no-sign-request"]
    done = subprocess.run(
        [sys.executable, "-m", "awscli", "--endpoint-url", reading.endpoint, *unsigned, "s3", *arguments],
        env=reading.environment(home), cwd=home, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


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


class TestAws:
    def test_lists(self, reading: Reading, tmp_path: Path) -> None:
        assert reading.bucket in aws(reading, tmp_path, "ls")
        lines = aws(reading, tmp_path, "ls", f"s3://{reading.bucket}/").splitlines()
        assert [line.split()[-1] for line in lines] == [
            "c/", "image/", "many/", "odd/", "empty", "large", "page.html", "small", "zarr.json",
        ]  # fmt: skip
        everything = aws(reading, tmp_path, "ls", "--recursive", f"s3://{reading.bucket}").splitlines()
        assert [line[31:] for line in everything] == sorted(OBJECTS)

    def test_copies_and_has_nothing_to_do_a_second_time(self, reading: Reading, tmp_path: Path) -> None:
        aws(reading, tmp_path, "cp", f"s3://{reading.bucket}/large", "large")
        assert (tmp_path / "large").read_bytes() == LARGE
        first, second = (
            aws(reading, tmp_path, "sync", "--exclude", "many/*", f"s3://{reading.bucket}/", "copy") for _ in range(2)
        )
        copied = {it.relative_to(tmp_path / "copy").as_posix(): it for it in (tmp_path / "copy").rglob("*")}
        files = {key: path.read_bytes() for key, path in copied.items() if path.is_file()}
        assert files == {key: content for key, content in OBJECTS.items() if not key.startswith("many/")}
        assert "download:" in first
        assert second == ""


class TestBotocore:
    def test_pages_through_everything(self, reading: Reading) -> None:
        for operation in ("list_objects_v2", "list_objects"):
            pages = list(client(reading).get_paginator(operation).paginate(Bucket=reading.bucket))
            found = [(item["Key"], item["Size"]) for page in pages for item in page["Contents"]]
            assert found == sorted((key, len(content)) for key, content in OBJECTS.items())
            assert len(pages) == -(-len(OBJECTS) // 1000)

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


ZARR_THROUGH_S3FS = """
import json, s3fs, sys, zarr
options, bucket = json.loads(sys.argv[1]), sys.argv[2]
array = zarr.open_array(f"s3://{bucket}/image", mode="r", storage_options=options)
print(array.shape, int(array[...].sum(dtype="u8")), int(array[3, 4, 5]))
files = s3fs.S3FileSystem(**options, skip_instance_cache=True)
print(sorted(files.ls(f"{bucket}/odd")), len(files.find(bucket)), files.info(f"{bucket}/small")["size"])
print(files.cat_file(f"{bucket}/small", start=2, end=5), files.exists(f"{bucket}/absent"), files.isdir(f"{bucket}/c"))
"""


def test_s3fs_and_zarr_read(reading: Reading, tmp_path: Path) -> None:
    """In a process of their own: s3fs ends its connections when it likes."""
    options: dict[str, Any] = {"endpoint_url": reading.endpoint, "client_kwargs": {"region_name": REGION}}
    options |= {"key": reading.key_id, "secret": reading.secret} if reading.key_id else {"anon": True}
    done = subprocess.run(
        [sys.executable, "-c", ZARR_THROUGH_S3FS, json.dumps(options), reading.bucket],
        env=reading.environment(tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{IMAGE.shape} {IMAGE.sum(dtype='u8')} {IMAGE[3, 4, 5]}",
        f"['{reading.bucket}/odd/a b#c?d%é.txt', '{reading.bucket}/odd/x:y'] {len(OBJECTS)} {len(SMALL)}",
        f"{SMALL[2:5]!r} False True",
    ]


@pytest.fixture
def obstore_of(reading: Reading) -> S3Store:
    keys = {"access_key_id": reading.key_id, "secret_access_key": reading.secret} if reading.key_id else {}
    return S3Store(
        reading.bucket,
        config={"endpoint": reading.endpoint, "region": REGION, **keys},  # type: ignore[typeddict-item]
        skip_signature=not reading.key_id,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )


def test_obstore_and_zarr_read(obstore_of: S3Store) -> None:
    found = {item["path"]: item["size"] for page in obstore.list(obstore_of) for item in page}
    assert found == {key: len(content) for key, content in OBJECTS.items()}
    below = obstore.list_with_delimiter(obstore_of, "odd/")
    assert [item["path"] for item in below["objects"]] == ["odd/a b#c?d%é.txt"]
    assert list(below["common_prefixes"]) == ["odd/x:y"]
    assert bytes(obstore.get_range(obstore_of, "large", start=1000, end=2000)) == LARGE[1000:2000]
    array = zarr.open_array(zarr.storage.ObjectStore(obstore_of, read_only=True), path="image", mode="r")
    np.testing.assert_array_equal(array[...], IMAGE)


def test_tensorstore_reads(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    if reading.key_id:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", reading.key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", reading.secret)
    store = {
        "driver": "s3",
        "bucket": reading.bucket,
        "path": "image/",
        "endpoint": reading.endpoint,
        "aws_region": REGION,
        "aws_credentials": {"type": "environment" if reading.key_id else "anonymous"},
    }
    array = tensorstore.open({"driver": "zarr3", "kvstore": store}, read=True).result()
    np.testing.assert_array_equal(array.read().result(), IMAGE)
    keys = tensorstore.KvStore.open(store).result().list().result()
    assert sorted(key.decode() for key in keys) == sorted(
        key.removeprefix("image/") for key in OBJECTS if key.startswith("image/")
    )


def test_rclone_copies_and_has_nothing_to_do_a_second_time(reading: Reading, rclone: Path, tmp_path: Path) -> None:
    settings = {"type": "s3", "provider": "Other", "endpoint": reading.endpoint, "region": REGION}
    if reading.key_id:
        settings |= {"access_key_id": reading.key_id, "secret_access_key": reading.secret}
    (tmp_path / "rclone.conf").write_text("[portal]\n" + "".join(f"{n} = {v}\n" for n, v in settings.items()))

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [rclone, "--config", tmp_path / "rclone.conf", "-v", *arguments],
            env=reading.environment(tmp_path), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    source, copy = f"portal:{reading.bucket}", tmp_path / "copy"
    assert run("lsf", source).splitlines()[:2] == ["c/", "empty"]
    said = [run("copy", "--exclude", "/many/**", source, str(copy)) for _ in range(2)]
    files = {it.relative_to(copy).as_posix(): it.read_bytes() for it in copy.rglob("*") if it.is_file()}
    assert files == {key: content for key, content in OBJECTS.items() if not key.startswith("many/")}
    assert "Copied (new)" in said[0]
    assert "Copied" not in said[1]
    run("check", "--exclude", "/many/**", source, str(copy))
