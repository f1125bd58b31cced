"""The data plane over a bucket, beside the S3 server asked directly; what nginx keeps of it, beside nginx's own files.

Reads of the S3 server are signed for everybody: asked directly, by presigned addresses. It has the first processor to
itself, and all who ask it, the load included, share the others: so it is the bottleneck, as a server elsewhere would
be.
"""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from botocore.session import Session

from tests.benchmarks import slow_clients
from tests.benchmarks.load import Target, workloads, write_objects
from tests.benchmarks.options import Options, Report
from tests.benchmarks.servers import OBJECTS_BELOW, REFERENCE, Line, embedded, in_front
from tests.benchmarks.tables import compare, started
from tests.s3_server import KEY, REGION, SECRET, S3Server, find_programs, s3_server_in

BUCKET = "bench"


def run(options: Options, report: Report) -> None:
    if find_programs() is None:
        report.note("Left out: buckets. Ceph's S3 server is not installed (deploy/toolchain/system-parts installs it)")
        return
    with tempfile.TemporaryDirectory(prefix="bench-buckets-") as name:
        top = Path(name)
        top.chmod(0o755)
        files = top / OBJECTS_BELOW
        write_objects(files)
        with _on_processors(first=True):
            running = ExitStack()
            server = running.enter_context(s3_server_in(top / "s3"))
        with running:
            client = Session().create_client(
                "s3", endpoint_url=server.endpoint, region_name=REGION,
                aws_access_key_id=KEY, aws_secret_access_key=SECRET,
            )  # fmt: skip
            _fill(client, files)
            place = f"{server.endpoint}/{BUCKET}"
            bare = Line("Ceph RGW", partial(_bare, server, client))
            proxied = Line("embedded, proxied", embedded(1))
            redirecting = Line("embedded, redirecting", embedded(1, redirects=True))
            kept = Line("nginx arrangement, kept by nginx", in_front())
            if options.wants(proxied.name):
                servers = started([bare, proxied, redirecting], {"": place}, top / "proxied", report)
                with _on_processors(first=False), servers as targets:
                    compare("Bucket", bare.name, targets, files, options, report)
                    slow_clients.compare({name: t for name, t in targets.items() if not t.redirects}, report)
            if options.wants(kept.name):
                places = {"": str(top), kept.name: place}
                with started([REFERENCE, kept], places, top / "kept", report) as targets:
                    compare("Bucket, read before", REFERENCE.name, targets, files, options, report)


@contextmanager
def _on_processors(*, first: bool) -> Iterator[None]:
    """What is started meanwhile has the first processor, or all but it."""
    before = os.sched_getaffinity(0)
    one = {min(before)}
    os.sched_setaffinity(0, one if first else (before - one) or one)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _fill(client: Any, files: Path) -> None:
    client.create_bucket(Bucket=BUCKET)
    keys = {key for workload in workloads() for key in workload.keys}
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(partial(_put, client, files), keys))


def _put(client: Any, files: Path, key: str) -> None:
    client.put_object(Bucket=BUCKET, Key=f"{OBJECTS_BELOW}/{key}", Body=(files / key).read_bytes())


@contextmanager
def _bare(server: S3Server, client: Any, top: Path, place: str) -> Iterator[Target]:
    """The S3 server itself. Its processes: gateway, store and monitor."""
    keys = {key for workload in workloads() for key in workload.keys}
    addresses = {}
    for key in keys:
        what = {"Bucket": BUCKET, "Key": f"{OBJECTS_BELOW}/{key}"}
        url = client.generate_presigned_url("get_object", Params=what, ExpiresIn=86_400)
        addresses[key] = url.removeprefix(server.endpoint)
    yield Target(server.port, server.process_ids, addresses=addresses)
