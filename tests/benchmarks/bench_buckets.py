"""The data plane over a bucket, beside its own server; what nginx keeps of it, beside nginx's own files."""

import tempfile
from functools import partial
from pathlib import Path

from tests.benchmarks import slow_clients
from tests.benchmarks.ceph import BUCKET, bare, filled_bucket, on_processors
from tests.benchmarks.load import write_objects
from tests.benchmarks.options import Options, Report
from tests.benchmarks.servers import OBJECTS_BELOW, REFERENCE, Line, embedded, in_front
from tests.benchmarks.tables import compare, started
from tests.s3_server import find_programs


def run(options: Options, report: Report) -> None:
    if find_programs() is None:
        report.note("Left out: buckets. Ceph's S3 server is not installed (deploy/toolchain/system-parts installs it)")
        return
    with tempfile.TemporaryDirectory(prefix="bench-buckets-") as name:
        top = Path(name)
        top.chmod(0o755)
        files = top / OBJECTS_BELOW
        write_objects(files)
        with filled_bucket(top, files) as server:
            place = f"{server.endpoint}/{BUCKET}"
            direct = Line("Ceph RGW", partial(bare, server))
            proxied = Line("embedded, proxied", embedded(1))
            redirecting = Line("embedded, redirecting", embedded(1, redirects=True))
            kept = Line("nginx arrangement, kept by nginx", in_front())
            if options.wants(proxied.name):
                servers = started([direct, proxied, redirecting], {"": place}, top / "proxied", report)
                with on_processors(first=False), servers as targets:
                    compare("Bucket", direct.name, targets, files, options, report)
                    slow_clients.compare({name: t for name, t in targets.items() if not t.redirects}, report)
            if options.wants(kept.name):
                places = {"": str(top), kept.name: place}
                with started([REFERENCE, kept], places, top / "kept", report) as targets:
                    compare("Bucket, read before", REFERENCE.name, targets, files, options, report)
