"""What can go wrong with a bucket, each as it really happens, on a real S3 server: every trouble has its own name."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from datasets.storage import objects
from datasets.storage.errors import (
    AbsenceHidden,
    BucketMissing,
    CredentialsRefusedByStorage,
    ObjectAbsent,
    StorageError,
    StorageForbidden,
    StorageTimeout,
    StorageUnavailable,
    StorageUnreachable,
)
from datasets.storage.roots import Root
from tests.s3_proxy import proxy_before, silent_endpoint
from tests.s3_server import S3Server

CALLS: dict[str, Callable[[Root], object]] = {
    "read": lambda root: objects.read(root, "cells/object"),
    "read_range": lambda root: objects.read_range(root, "cells/object", 1, 3),
    "read_suffix": lambda root: objects.read_suffix(root, "cells/object", 3),
    "stat": lambda root: objects.stat(root, "cells/object"),
    "list": lambda root: objects.list_folder(root, "cells"),
    "check": lambda root: objects.check(root),
    "write": lambda root: objects.write(root, "cells/object", b"content"),
}
READS = [name for name in CALLS if name != "write"]


@pytest.fixture(scope="module")
def bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="troubles")
    s3.put_object(Bucket="troubles", Key="cells/object", Body=b"content")
    return "s3://troubles"


def failure(call: str, root: Root) -> StorageError:
    with pytest.raises(StorageError) as caught:
        CALLS[call](root)
    assert caught.value.status == 503
    assert caught.value.retry_after_s
    assert caught.value.where
    return caught.value


@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_key_or_secret_is_named(s3_server: S3Server, bucket: str, call: str) -> None:
    for wrong in ({"key": "nobody"}, {"secret": "wrong"}):
        error = failure(call, s3_server.root(bucket, "own", **wrong))
        assert type(error) is CredentialsRefusedByStorage
        assert "CISTERNA_ROOT_OWN_SECRET" in error.fix
        assert "wrong" not in str(error)


@pytest.mark.parametrize("call", CALLS)
def test_a_bucket_that_does_not_exist_is_named(s3_server: S3Server, call: str) -> None:
    error = failure(call, s3_server.root("s3://nowhere/prefix", "own"))
    assert type(error) is BucketMissing
    assert error.where == "s3://nowhere/prefix"


@pytest.mark.parametrize("call", CALLS)
def test_an_endpoint_that_refuses_is_named(s3_server: S3Server, bucket: str, call: str) -> None:
    error = failure(call, s3_server.root(bucket, "own", endpoint="http://127.0.0.1:1"))
    assert type(error) is StorageUnreachable
    assert "CISTERNA_ROOT_OWN_ENDPOINT" in error.fix


@pytest.mark.parametrize("call", ["read", "list", "check"])
def test_an_endpoint_that_never_answers_is_named_and_given_up(s3_server: S3Server, bucket: str, call: str) -> None:
    with silent_endpoint() as endpoint:
        assert type(failure(call, s3_server.root(bucket, endpoint=endpoint))) is StorageTimeout


def test_an_answer_that_breaks_off_is_no_object(s3_server: S3Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket="troubles", Key="large", Body=bytes(1_000_000))
    with proxy_before(s3_server.port) as proxy:
        proxy.cut_after_bytes = 300_000
        with pytest.raises(StorageUnavailable):
            objects.read(s3_server.root(bucket, endpoint=proxy.endpoint), "large")


def test_a_wrong_endpoint_that_says_404_knows_nothing_of_the_object(s3_server: S3Server) -> None:
    """An ordinary web server: its 404 is not S3's, and nothing is absent by it."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class NotFound(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), NotFound) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        try:
            root = s3_server.root("s3://troubles", endpoint=f"http://127.0.0.1:{web.server_port}")
            for call in ("read", "stat"):
                assert type(failure(call, root)) is StorageUnavailable
        finally:
            web.shutdown()


def test_a_bucket_that_vanishes_and_comes_back(s3_server: S3Server, s3: Any) -> None:
    s3.create_bucket(Bucket="vanishing")
    root = s3_server.root("s3://vanishing")
    with pytest.raises(ObjectAbsent):
        objects.read(root, "cells/object")
    s3.delete_bucket(Bucket="vanishing")
    for call in READS:
        assert type(failure(call, root)) is BucketMissing
    s3.create_bucket(Bucket="vanishing")
    s3.put_object(Bucket="vanishing", Key="cells/object", Body=b"content")
    assert objects.read(root, "cells/object") == b"content"


@pytest.fixture(scope="module")
def hiding(s3_server: S3Server, s3: Any) -> Root:
    s3.create_bucket(Bucket="hiding")
    s3.put_object(Bucket="hiding", Key="cells/object", Body=b"content")
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::hiding/*"}
    s3.put_bucket_policy(Bucket="hiding", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    return s3_server.root("s3://hiding", anonymous=True, key="", secret="")


class TestABucketThatHidesAbsence:
    """Everybody may read its objects, nobody but the owner may list them: S3 then answers 403 for what is absent."""

    def test_is_read(self, hiding: Root) -> None:
        assert objects.read(hiding, "cells/object") == b"content"

    def test_never_calls_anything_absent(self, hiding: Root) -> None:
        for call in (objects.read, objects.stat):
            with pytest.raises(StorageForbidden) as caught:
                call(hiding, "cells/absent")
            assert caught.value.status == 503

    def test_is_found_by_the_check_with_the_remedy(self, hiding: Root) -> None:
        error = failure("check", hiding)
        assert type(error) is AbsenceHidden
        assert "s3:ListBucket" in error.fix
        assert "CISTERNA_ROOT_BUCKET_FORBIDDEN_MEANS_ABSENT=1" in error.fix

    def test_is_used_when_its_operator_has_declared_it(self, s3_server: S3Server, hiding: Root) -> None:
        declared = s3_server.root(hiding.url, anonymous=True, key="", secret="", forbidden_means_absent=True)
        objects.check(declared)
        assert objects.read(declared, "cells/object") == b"content"
        for call in (objects.read, objects.stat):
            with pytest.raises(ObjectAbsent):
                call(declared, "cells/absent")

    def test_declared_or_not_a_wrong_secret_is_no_absence(self, s3_server: S3Server, hiding: Root) -> None:
        wrong = s3_server.root(hiding.url, secret="wrong", forbidden_means_absent=True)
        for call in READS:
            assert type(failure(call, wrong)) is CredentialsRefusedByStorage


def test_errors_and_roots_show_no_secret(s3_server: S3Server, bucket: str) -> None:
    root = s3_server.root(bucket, key="AKIAVISIBLE", secret="do-not-show")
    error = failure("read", root)
    assert "do-not-show" not in f"{error}{error!r}{root!r}{error.__cause__!r}"
