"""Uploading a folder: it appears whole or not at all, and a killed upload is done again."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datasets.storage.errors import StorageError
from datasets.storage.uploads import UploadDiffers, upload_folder
from tests.s3_proxy import proxy_before
from tests.s3_server import S3Server

CHECKOUT = Path(__file__).parents[2]
UPLOAD = """
import sys
from pathlib import Path
from datasets.storage.uploads import upload_folder
from tests.s3_server import S3Server
server = S3Server(Path(), int(sys.argv[1]))
upload_folder(Path(sys.argv[2]), server.root("s3://uploads/own", "own"), "group", last=["zarr.json"])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "zarr.json").write_bytes(b"{}")
    for number in range(100):
        path = tmp_path / "c" / str(number % 7) / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(str(number).encode() * 100)
    return tmp_path


@pytest.fixture
def uploaded(s3: Any) -> Callable[[], dict[str, bytes]]:
    """What is in the bucket, read by another program."""
    s3.create_bucket(Bucket="uploads")

    def read() -> dict[str, bytes]:
        found = s3.list_objects_v2(Bucket="uploads", Prefix="own/group/").get("Contents", ())
        return {
            item["Key"].removeprefix("own/group/"): s3.get_object(Bucket="uploads", Key=item["Key"])["Body"].read()
            for item in found
        }

    for item in s3.list_objects_v2(Bucket="uploads").get("Contents", ()):
        s3.delete_object(Bucket="uploads", Key=item["Key"])
    return read


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_killed_upload_leaves_no_group_and_is_done_again(
    s3_server: S3Server, folder: Path, uploaded: Callable[[], dict[str, bytes]]
) -> None:
    arguments = [sys.executable, "-c", UPLOAD, str(s3_server.port), str(folder)]
    process = subprocess.Popen(arguments, cwd=CHECKOUT)
    while not uploaded():
        assert process.poll() is None, "the upload ended before anything was there"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = uploaded()
    assert 0 < len(left) < 101
    assert "zarr.json" not in left
    subprocess.run(arguments, cwd=CHECKOUT, check=True)
    assert uploaded() == contents(folder)


def test_what_makes_the_rest_known_comes_last(
    s3_server: S3Server, folder: Path, uploaded: Callable[[], dict[str, bytes]]
) -> None:
    with proxy_before(s3_server.port) as proxy:
        upload_folder(
            folder, s3_server.root("s3://uploads/own", "own", endpoint=proxy.endpoint), "group", last=["zarr.json"]
        )
    writes = [request for request in proxy.requests if request.startswith("PUT")]
    assert len(writes) == 101
    assert writes[-1] == "PUT /uploads/own/group/zarr.json"
    assert uploaded() == contents(folder)


def test_a_failure_leaves_the_last_unwritten(
    s3_server: S3Server, folder: Path, uploaded: Callable[[], dict[str, bytes]]
) -> None:
    with proxy_before(s3_server.port) as proxy:
        proxy.swap = (b"979797", b"979798")  # a byte changes on its way back
        root = s3_server.root("s3://uploads/own", "own", endpoint=proxy.endpoint)
        with pytest.raises(UploadDiffers):
            upload_folder(folder, root, "group", last=["zarr.json"])
    assert "zarr.json" not in uploaded()


def test_a_folder_into_a_local_root(tmp_path: Path, folder: Path) -> None:
    from datasets.storage.roots import Root

    own = tmp_path.parent / f"{tmp_path.name}-own"
    own.mkdir()
    upload_folder(folder, Root(name="own", url=own.as_uri()), "group", last=["zarr.json"])
    assert contents(own / "group") == contents(folder)


def test_a_bucket_that_is_missing_is_named(s3_server: S3Server, folder: Path) -> None:
    with pytest.raises(StorageError, match="CISTERNA_ROOT_OWN"):
        upload_folder(folder, s3_server.root("s3://nowhere", "own"), "group", last=["zarr.json"])
