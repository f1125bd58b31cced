"""Every client of S3 reads the demo and a dataset that is not public, byte for byte: over a folder and over a bucket,
half of them from the portal itself, half through nginx."""

import hashlib
import html
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import obstore
import pytest
import tensorstore
import zarr
from botocore import UNSIGNED
from botocore.config import Config
from botocore.session import Session
from obstore.store import S3Store

from tests.journeys.conftest import CHECKOUT, Demo, alone, clean_environment, files_in
from tests.nginx import nginx_in_front

REGION = "us-east-1"
PROGRAMS = Path(sys.executable).parent
GUARDED = np.random.default_rng(41).integers(1, 255, (20, 24, 28), dtype=np.uint8)
BESIDE = {
    "odd/a b#c?d%é.txt": b"odd", "odd/x:y/z": b"colon", "odd/p+q&r=s;t": b"signs", "odd.b": b"dot", "odd0": b"",
    "large": bytes(range(256)) * 40_000,
}  # fmt: skip
"""What lies beside the layer in its folder: awkward names in an awkward order, and what clients read in parts."""
SPECIFICATION = """
name = "guarded"
title = "Guarded"
licence = "CC0-1.0"
data = "own:guarded"
acquisition.method = "FIB-SEM"

[[volumes]]
path = "em"
kind = "em"
title = "Image"
"""


@dataclass(frozen=True)
class Reading:
    """A bucket, where it is, what it holds, and with what it is read: a key or nothing.

    Args:
        files: by key.
        array: the key of an array in it, and its values.
    """

    endpoint: str
    bucket: str
    files: dict[str, bytes]
    array: tuple[str, np.ndarray]
    key_id: str = ""
    secret: str = ""

    def environment(self, home: Path) -> dict[str, str]:
        """Of a program, with nothing of whoever runs the tests."""
        keys = {"AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": self.secret} if self.key_id else {}
        return alone(home, **keys)

    def run(self, command: list[str | Path], home: Path, *, fails: bool = False) -> str:
        """What a program says."""
        done = subprocess.run(
            command, env=self.environment(home), cwd=home, capture_output=True, text=True, check=False
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stdout + done.stderr


@dataclass(frozen=True)
class Stocked:
    """The demo, a dataset in it that is not public, and a token that opens it."""

    demo: Demo
    public: dict[str, bytes]
    private: dict[str, bytes]
    key_id: str
    secret: str
    bearer: str


@pytest.fixture(scope="module")
def stocked(either_demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Stocked:
    folder = tmp_path_factory.mktemp("guarded")
    scale = [{"type": "scale", "scale": [8.0, 8.0, 8.0]}]
    axes = [{"name": axis, "type": "space", "unit": "nanometer"} for axis in "zyx"]
    multiscale = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}
    zarr.create_group(folder / "data" / "em", attributes={"ome": {"version": "0.5", "multiscales": [multiscale]}})
    zarr.create_array(folder / "data" / "em" / "0", data=GUARDED, chunks=(8, 8, 8))
    for key, content in BESIDE.items():
        path = folder / "data" / "em" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    either_demo.put(folder / "data", "guarded")
    (folder / "guarded.toml").write_text(SPECIFICATION)
    published = either_demo.manage("publish", str(folder / "guarded.toml"))
    assert published.returncode == 0, published.stderr
    subprocess.run(
        [sys.executable, "manage.py", "createsuperuser", "--noinput", "--username=holder", "--email="],
        cwd=CHECKOUT, check=True, capture_output=True,
        env=clean_environment(either_demo.home) | either_demo.settings | {"DJANGO_SUPERUSER_PASSWORD": "long and odd"},
    )  # fmt: skip
    shown = either_demo.manage("token", "create", "holder").stdout
    names = ("S3 access key id", "S3 secret access key", "Bearer token")
    keys = [re.findall(rf"{name} +(\S+)", shown)[0] for name in names]
    return Stocked(either_demo, files_in(either_demo.sample), files_in(folder / "data"), *keys)


BEHIND_NGINX = pytest.mark.parametrize("endpoint", [pytest.param("nginx", marks=pytest.mark.nginx)], indirect=True)
FROM_THE_PORTAL = pytest.mark.parametrize("endpoint", ["server"], indirect=True)
"""Each client reads over a folder and over a bucket, with a key and without, through one of the two; half of them meet
either, and botocore both, in tests/serving."""


@pytest.fixture(scope="module")
def endpoint(
    request: pytest.FixtureRequest, stocked: Stocked, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "server":
        yield f"{stocked.demo.url}/s3"
        return
    folder = tmp_path_factory.mktemp("nginx")
    port = int(stocked.demo.url.rpartition(":")[2])
    with nginx_in_front(folder, home=stocked.demo.home, application_port=port) as front:
        yield f"http://127.0.0.1:{front.port}/s3"


@pytest.fixture(scope="module")
def reading(endpoint: str, stocked: Stocked) -> Reading:
    """What is public over a folder from the portal and over a bucket through nginx, what is not the other way round."""
    is_folder, is_portal = not stocked.demo.settings, endpoint.startswith(stocked.demo.url)
    if is_folder != is_portal:
        keys = (stocked.key_id, stocked.secret)
        return Reading(endpoint, "guarded.v1", stocked.private, ("em/0", GUARDED), *keys)
    layer = "labels/ffn/0"
    values = np.asarray(zarr.open_array(stocked.demo.sample / layer, mode="r")[...])
    return Reading(endpoint, "fib25-ts2.v1", stocked.public, (layer, values))


def aws(reading: Reading, home: Path, *arguments: str, **options: bool) -> str:
    unsigned = [] if reading.key_id else ["--no-sign-request"]
    command = [sys.executable, "-m", "awscli", "--endpoint-url", reading.endpoint, *unsigned, "s3", *arguments]
    return reading.run([*command], home, **options)


def s5cmd(reading: Reading, home: Path, *arguments: str, **options: bool) -> str:
    unsigned = [] if reading.key_id else ["--no-sign-request"]
    command = [PROGRAMS / "s5cmd", "--endpoint-url", reading.endpoint, *unsigned, *arguments]
    return reading.run(command, home, **options)


def rclone(reading: Reading, home: Path, *arguments: str, **options: bool) -> str:
    settings = {"type": "s3", "provider": "Other", "endpoint": reading.endpoint, "region": REGION}
    if reading.key_id:
        settings |= {"access_key_id": reading.key_id, "secret_access_key": reading.secret}
    (home / "rclone.conf").write_text("[portal]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
    return reading.run(["rclone", "--config", home / "rclone.conf", "-v", *arguments], home, **options)


def sha256(files: dict[str, bytes]) -> dict[str, str]:
    return {key: hashlib.sha256(content).hexdigest() for key, content in files.items()}


def assert_whole(reading: Reading, copy: Path) -> None:
    assert len(reading.files) > 10
    assert sha256(files_in(copy)) == sha256(reading.files)


class TestCopies:
    """Of a whole dataset; a second one moves nothing."""

    @BEHIND_NGINX
    def test_aws(self, reading: Reading, tmp_path: Path) -> None:
        first, second = (aws(reading, tmp_path, "sync", f"s3://{reading.bucket}/", "copy") for _ in range(2))
        assert_whole(reading, tmp_path / "copy")
        assert first.count("download:") == len(reading.files)
        assert second == ""

    @pytest.mark.usefixtures("rclone")
    @FROM_THE_PORTAL
    def test_rclone(self, reading: Reading, tmp_path: Path) -> None:
        source = f"portal:{reading.bucket}"
        first, second = (rclone(reading, tmp_path, "copy", source, "copy") for _ in range(2))
        assert_whole(reading, tmp_path / "copy")
        assert first.count("Copied (new)") == len(reading.files)
        assert "Copied" not in second
        rclone(reading, tmp_path, "check", source, "copy")

    @BEHIND_NGINX
    def test_s5cmd(self, reading: Reading, tmp_path: Path) -> None:
        source = f"s3://{reading.bucket}/*"
        first, second = (s5cmd(reading, tmp_path, "sync", source, "copy/") for _ in range(2))
        assert_whole(reading, tmp_path / "copy")
        assert len(first.splitlines()) == len(reading.files)
        assert second == ""


@FROM_THE_PORTAL
def test_s5cmd_lists_copies_and_shows(reading: Reading, tmp_path: Path) -> None:
    listed = s5cmd(reading, tmp_path, "ls", f"s3://{reading.bucket}/*").splitlines()
    assert [line[39:] for line in listed] == sorted(reading.files)
    assert "em/" in s5cmd(reading, tmp_path, "ls", f"s3://{reading.bucket}/")
    s5cmd(reading, tmp_path, "cp", f"s3://{reading.bucket}/em/*", "em/")
    below = {key.removeprefix("em/"): file for key, file in reading.files.items() if key.startswith("em/")}
    assert files_in(tmp_path / "em") == below
    assert s5cmd(reading, tmp_path, "cat", f"s3://{reading.bucket}/em/zarr.json").encode() == below["zarr.json"]
    below = {key: file for key, file in below.items() if "?" not in key}  # which it takes for a pattern, quoted or not
    commands = [shlex.join(["cp", f"s3://{reading.bucket}/em/{key}", f"run/{key}"]) for key in below]
    (tmp_path / "commands").write_text("\n".join(commands))
    s5cmd(reading, tmp_path, "run", "commands")
    assert files_in(tmp_path / "run") == below


@BEHIND_NGINX
def test_botocore_reads_every_object(reading: Reading) -> None:
    signing: dict[str, Any] = {} if reading.key_id else {"signature_version": UNSIGNED}
    s3 = Session().create_client(
        "s3", endpoint_url=reading.endpoint, region_name=REGION, config=Config(**signing),
        aws_access_key_id=reading.key_id or None, aws_secret_access_key=reading.secret or None,
    )  # fmt: skip
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=reading.bucket, PaginationConfig={"PageSize": 7})
    found = [(item["Key"], item["Size"]) for page in pages for item in page["Contents"]]
    assert found == sorted((key, len(content)) for key, content in reading.files.items())
    read = {key: s3.get_object(Bucket=reading.bucket, Key=key)["Body"].read() for key, _ in found}
    assert sha256(read) == sha256(reading.files)


@FROM_THE_PORTAL
def test_obstore_reads_every_object_and_zarr_through_it(reading: Reading) -> None:
    keys = {"access_key_id": reading.key_id, "secret_access_key": reading.secret} if reading.key_id else {}
    store = S3Store(
        reading.bucket,
        config={"endpoint": reading.endpoint, "region": REGION, **keys},  # type: ignore[typeddict-item]
        skip_signature=not reading.key_id,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    found = [item["path"] for page in obstore.list(store) for item in page]
    assert sha256({key: bytes(obstore.get(store, key).bytes()) for key in found}) == sha256(reading.files)
    key, values = reading.array
    array = zarr.open_array(zarr.storage.ObjectStore(store, read_only=True), path=key, mode="r")
    np.testing.assert_array_equal(array[...], values)


@BEHIND_NGINX
def test_tensorstore_reads(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    if reading.key_id:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", reading.key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", reading.secret)
    key, values = reading.array
    store = {
        "driver": "s3",
        "bucket": reading.bucket,
        "path": f"{key}/",
        "endpoint": reading.endpoint,
        "aws_region": REGION,
        "aws_credentials": {"type": "environment" if reading.key_id else "anonymous"},
    }
    array = tensorstore.open({"driver": "zarr3", "kvstore": store}, read=True).result()
    np.testing.assert_array_equal(array.read().result(), values)
    opened = tensorstore.KvStore.open({**store, "path": ""}).result()
    assert sorted(key.decode() for key in opened.list().result()) == sorted(reading.files)


ZARR_THROUGH_S3FS = """
import json, hashlib, s3fs, sys, zarr
options, bucket, key, folder = json.loads(sys.argv[1]), *sys.argv[2:]
array = zarr.open_array(f"s3://{bucket}/{key}", mode="r", storage_options=options)
files = s3fs.S3FileSystem(**options, skip_instance_cache=True)
print(hashlib.sha256(array[...].tobytes()).hexdigest(), len(files.find(bucket)), sorted(files.ls(bucket))[0])
files.get(f"{bucket}/em/", folder, recursive=True)
"""


@FROM_THE_PORTAL
def test_s3fs_and_zarr_read(reading: Reading, tmp_path: Path) -> None:
    """In a process of their own: s3fs ends its connections when it likes."""
    options: dict[str, Any] = {"endpoint_url": reading.endpoint, "client_kwargs": {"region_name": REGION}}
    options |= {"key": reading.key_id, "secret": reading.secret} if reading.key_id else {"anon": True}
    key, values = reading.array
    program = [sys.executable, "-c", ZARR_THROUGH_S3FS, json.dumps(options), reading.bucket, key, "em"]
    digest, count, first = reading.run([*program], tmp_path).split()
    assert digest == hashlib.sha256(values.tobytes()).hexdigest()
    assert (int(count), first) == (len(reading.files), f"{reading.bucket}/em")
    below = {key.removeprefix("em/"): file for key, file in reading.files.items() if key.startswith("em/")}
    assert files_in(tmp_path / "em") == below


@pytest.mark.usefixtures("rclone")
@pytest.mark.parametrize("read", [aws, rclone, s5cmd])
@pytest.mark.parametrize("either_demo", ["folder"], indirect=True)
def test_programs_say_what_is_wrong(stocked: Stocked, tmp_path: Path, read: Any) -> None:
    endpoint = f"{stocked.demo.url}/s3"

    def said(bucket: str, key_id: str = "", secret: str = "") -> str:
        known = Reading(endpoint, bucket, {}, ("", GUARDED), key_id, secret)
        place = f"portal:{bucket}" if read is rclone else f"s3://{bucket}/"
        return str(read(known, tmp_path, "ls", place, fails=True))

    assert "SignatureDoesNotMatch" in said("guarded.v1", stocked.key_id, "wrong")
    assert "InvalidAccessKeyId" in said("guarded.v1", "CSTNOBODY", stocked.secret)
    absent = "directory not found" if read is rclone else "NoSuchBucket"
    assert absent in said("guarded.v1")


@pytest.mark.parametrize("either_demo", ["folder"], indirect=True)
def test_aws_says_that_the_clock_is_wrong(stocked: Stocked, faketime: Path, tmp_path: Path) -> None:
    known = Reading(f"{stocked.demo.url}/s3", "guarded.v1", {}, ("", GUARDED), stocked.key_id, stocked.secret)
    command = [sys.executable, "-m", "awscli", "--endpoint-url", known.endpoint, "s3", "ls", "s3://guarded.v1/"]
    assert "RequestTimeTooSkewed" in known.run([faketime, "-f", "+20m", *command], tmp_path, fails=True)
    assert "PRE em/" in known.run([faketime, "-f", "-10m", *command], tmp_path)


SIGN_IN = """
from django.contrib.auth import get_user_model, login
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
request = HttpRequest()
request.session = SessionStore()
login(request, get_user_model().objects.get(username="holder"), "django.contrib.auth.backends.ModelBackend")
request.session.save()
print(request.session.session_key)
"""


@pytest.mark.usefixtures("rclone")
@pytest.mark.parametrize("either_demo", ["folder"], indirect=True)
def test_a_selection_of_what_is_not_public_comes_as_its_page_says(stocked: Stocked, tmp_path: Path) -> None:
    url, manage = stocked.demo.url, stocked.demo.manage
    body = json.dumps({"layers": ["guarded@1/em", "fib25-ts2@1/labels/ffn"]}).encode()
    headers = {"Authorization": f"Bearer {stocked.bearer}", "Content-Type": "application/json"}
    with urlopen(Request(f"{url}/api/v1/selections", body, headers)) as answer:
        identifier = json.load(answer)["id"]
    session = manage("shell", "--no-imports", "-c", SIGN_IN).stdout.strip()
    with urlopen(Request(f"{url}/selections/{identifier}/", headers={"Cookie": f"sessionid={session}"})) as answer:
        page = answer.read().decode()
    private, public = ({k.removeprefix(p): v for k, v in files.items() if k.startswith(p)} for p, files in (
        ("em/", stocked.private), ("labels/ffn/", stocked.public),
    ))  # fmt: skip
    for tool in ("aws", "rclone"):
        found = re.search(rf'id="download-{tool}"[^>]*>(?:<code>)?([^<]*)<', page, re.DOTALL)
        assert found
        (tmp_path / tool).mkdir()
        known = Reading(f"{url}/s3", "", {}, ("", GUARDED), stocked.key_id, stocked.secret)
        known.run(["sh", "-ec", html.unescape(found[1])], tmp_path / tool)
        copy = tmp_path / tool / f"selection-{identifier}"
        assert files_in(copy / "guarded@1" / "em") == private
        assert files_in(copy / "fib25-ts2@1" / "labels" / "ffn") == public
