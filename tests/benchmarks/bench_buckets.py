"""The data plane over a bucket beside the bare S3 server, in the same run: requests/s, latency, CPU time, their ratios.

``make bench ARGS=buckets``. The bare server is asked without a signature, for objects that everybody may read; the
portal signs its requests to it. Both share the machine's processors: the ratio says what a client sees, the CPU time
what the portal adds.
"""

import json
import sys
import tempfile
from pathlib import Path

from botocore.session import Session

from tests.benchmarks.bench_data_plane import (
    CONNECTIONS,
    Sample,
    free_port,
    measure,
    median,
    running,
    slow_readers,
    workloads,
    write_files,
)
from tests.s3_server import KEY, REGION, SECRET, S3Server, s3_server_in

BUCKET, SECONDS, ROUNDS = "bench", 4, 3


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-buckets-") as name:
        top = Path(name)
        with s3_server_in(top / "s3") as server:
            fill(server, top)
            run(server, top)


def fill(server: S3Server, top: Path) -> None:
    files = top / "files"
    write_files(files)
    s3 = Session().create_client(
        "s3", endpoint_url=server.endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name=REGION
    )
    s3.create_bucket(Bucket=BUCKET)
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    for path in files.rglob("*"):
        if path.is_file():
            key = f"own/cells/1/{path.relative_to(files).as_posix()}"
            s3.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())


def run(server: S3Server, top: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.serving.plane", str(port), "1"]
    with running(command, port, CISTERNA_TEST_PLANE=f"{server.endpoint}/{BUCKET}") as pid:
        print(f"{CONNECTIONS} connections, one process, median of {ROUNDS} x {SECONDS} s")
        print(f"{'':18} {'':8} {'req/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU µs':>8} {'ratio':>6}")
        servers = (
            ("bare S3", server.gateway_pid, server.port, f"/{BUCKET}/own/cells/1/"),
            ("portal", pid, port, "/data/frozen@1/"),
        )
        for workload in workloads():
            samples: dict[str, list[Sample]] = {"bare S3": [], "portal": []}
            for round_number in range(ROUNDS + 1):
                for name, server_pid, server_port, prefix in servers:
                    seconds = SECONDS if round_number else 1
                    sample = measure(server_pid, server_port, prefix, workload, seconds, top / "wrk.lua")
                    if round_number:  # the first warms the caches
                        samples[name].append(sample)
            reference = median(samples["bare S3"])
            for name, found in samples.items():
                result = median(found)
                print(
                    f"{workload.name:18} {name:8} {result.per_second:8.0f} {result.p50_ms:8.2f} {result.p99_ms:8.2f} "
                    f"{result.cpu_us:8.0f} {result.per_second / reference.per_second:6.2f}"
                    + (f"  {result.errors} ERRORS" if result.errors else "")
                )
        print(f"32 slow readers: {slow_readers(pid, port, '/data/frozen@1/')}")


if __name__ == "__main__":
    main()
