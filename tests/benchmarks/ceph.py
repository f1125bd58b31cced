"""Ceph's S3 server as a line of a table, and what it is measured with.

It has the first processor to itself, and all who ask it, the load included, share the others: so it is the bottleneck,
as a server elsewhere would be. Its reads are signed for everybody: asked directly, by presigned addresses.
"""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.session import Session

from tests.benchmarks.load import Target, workloads
from tests.benchmarks.servers import OBJECTS_BELOW
from tests.s3_server import KEY, REGION, SECRET, S3Server, s3_server_in

BUCKET = "bench"


@contextmanager
def filled_bucket(top: Path, files: Path) -> Iterator[S3Server]:
    """The server, over a new folder in ``top``, with what the workloads ask for in ``BUCKET``."""
    with ExitStack() as running:
        with on_processors(first=True):
            server = running.enter_context(s3_server_in(top / "s3"))
        client = client_of(server.endpoint, KEY, SECRET)
        client.create_bucket(Bucket=BUCKET)
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(partial(_put, client, files), all_keys()))
        yield server


@contextmanager
def bare(server: S3Server, top: Path, place: str) -> Iterator[Target]:
    """The S3 server itself. Its processes: gateway, store and monitor."""
    addresses = presigned(server.endpoint, BUCKET, f"{OBJECTS_BELOW}/", KEY, SECRET)
    yield Target(server.port, server.process_ids, addresses=addresses)


def presigned(endpoint: str, bucket: str, prefix: str, key_id: str, secret: str) -> dict[str, str]:
    """An address that is signed, without the host, for each of the workloads' keys."""
    client, host = client_of(endpoint, key_id, secret), "/".join(endpoint.split("/")[:3])
    return {key: _presigned(client, bucket, prefix + key).removeprefix(host) for key in all_keys()}


def client_of(endpoint: str, key_id: str, secret: str) -> Any:
    return Session().create_client(
        "s3", endpoint_url=endpoint, region_name=REGION, aws_access_key_id=key_id, aws_secret_access_key=secret,
        config=Config(signature_version="s3v4"),
    )  # fmt: skip


def all_keys() -> Iterable[str]:
    return sorted({key for workload in workloads() for key in workload.keys})


@contextmanager
def on_processors(*, first: bool) -> Iterator[None]:
    """What is started meanwhile has the first processor, or all but it."""
    before = os.sched_getaffinity(0)
    one = {min(before)}
    os.sched_setaffinity(0, one if first else (before - one) or one)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _presigned(client: Any, bucket: str, key: str) -> str:
    what = {"Bucket": bucket, "Key": key}
    return str(client.generate_presigned_url("get_object", Params=what, ExpiresIn=86_400))


def _put(client: Any, files: Path, key: str) -> None:
    client.put_object(Bucket=BUCKET, Key=f"{OBJECTS_BELOW}/{key}", Body=(files / key).read_bytes())
