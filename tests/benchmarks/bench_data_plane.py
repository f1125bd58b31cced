"""The data plane beside nginx serving the same files, in the same run: requests/s, latency, CPU time, and their ratios.

``python tests/benchmarks/bench_data_plane.py [--seconds 4] [--rounds 3] [--workers 1]``

Not a test: it reports, it does not judge. Targets are in docs/decisions/0002-data-plane.md. The figures of two servers
compare only within one run; on a busy machine run more rounds.
"""

import argparse
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CONNECTIONS = 16
OBJECTS = 200
SHARD_BYTES = 64 << 20
RANGE_BYTES = 16 << 10

NGINX = """
daemon off; worker_processes {workers}; pid {top}/nginx.pid; error_log {top}/error.log; {user}
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; default_type application/octet-stream;
  client_body_temp_path {top}/t1; proxy_temp_path {top}/t2; fastcgi_temp_path {top}/t3; uwsgi_temp_path {top}/t4;
  scgi_temp_path {top}/t5;
  server {{ listen 127.0.0.1:{port}; root {files}; }}
}}
"""

WRK = """
local paths, ranges, n = {{ {paths} }}, {{ {ranges} }}, {seed}
request = function()
  n = n + 1
  local headers = {{}}
  if #ranges > 0 then headers["Range"] = ranges[n % #ranges + 1] end
  return wrk.format("GET", paths[n % #paths + 1], headers)
end
done = function(summary, latency, requests)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), bad))
end
"""


@dataclass(frozen=True)
class Workload:
    name: str
    keys: tuple[str, ...]
    ranges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    errors: int


def workloads() -> list[Workload]:
    chance = random.Random(1)
    offsets = [chance.randrange(0, SHARD_BYTES - RANGE_BYTES) for _ in range(OBJECTS)]
    ranges = tuple(f"bytes={offset}-{offset + RANGE_BYTES - 1}" for offset in offsets)
    return [
        Workload("chunk 160 KB", tuple(f"chunk/c/{n // 20}/{n % 20}" for n in range(OBJECTS))),
        Workload("tiny 4 KB", tuple(f"tiny/c/{n // 20}/{n % 20}" for n in range(OBJECTS))),
        Workload("16 KB of a shard", ("shard",), ranges),
    ]


def write_files(files: Path) -> None:
    for name, size in (("chunk", 160_000), ("tiny", 4096)):
        for n in range(OBJECTS):
            path = files / f"{name}/c/{n // 20}/{n % 20}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(size))
    (files / "shard").write_bytes(os.urandom(SHARD_BYTES))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[int]:
    process = subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, **environment})
    try:
        for _ in range(400):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None:
                raise SystemExit(f"{command[0]} ended before it answered")
            time.sleep(0.05)
        time.sleep(0.5)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    ticks = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    pages = (int(Path(f"/proc/{member}/statm").read_text().split()[1]) for member in family(pid))
    return max(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(pid: int, port: int, prefix: str, workload: Workload, seconds: int, script: Path) -> Sample:
    script.write_text(
        WRK.format(
            paths=", ".join(f'"{prefix}{key}"' for key in workload.keys),
            ranges=", ".join(f'"{text}"' for text in workload.ranges),
            seed=random.randrange(1000),
        )
    )
    before = cpu_seconds(pid)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(pid) - before
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", printed)
    assert found, printed
    requests, duration_us, p50_us, p99_us, errors = map(int, found.groups())
    return Sample(requests / duration_us * 1e6, p50_us / 1e3, p99_us / 1e3, spent / requests * 1e6, errors)


def median(samples: list[Sample]) -> Sample:
    return Sample(
        *(
            statistics.median(getattr(sample, name) for sample in samples)
            for name in ("per_second", "p50_ms", "p99_ms")
        ),
        statistics.median(sample.cpu_us for sample in samples),
        sum(sample.errors for sample in samples),
    )


def slow_readers(pid: int, port: int, prefix: str, *, count: int = 32, seconds: float = 4) -> str:
    """What ``count`` readers of 20 KB/s cost those who read quickly."""
    stop = threading.Event()

    def read_slowly() -> None:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(f"GET {prefix}shard HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            while not stop.wait(0.1) and client.recv(2000):
                pass

    threads = [threading.Thread(target=read_slowly) for _ in range(count)]
    for thread in threads:
        thread.start()
    slowest_s, asked = 0.0, 0
    end_s = time.monotonic() + seconds
    with socket.create_connection(("127.0.0.1", port)) as client:
        while time.monotonic() < end_s:
            start_s = time.perf_counter()
            client.sendall(f"GET {prefix}tiny/c/0/0 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            answer = b""
            while b"\r\n\r\n" not in answer or len(answer.partition(b"\r\n\r\n")[2]) < 4096:
                answer += client.recv(65536)
            slowest_s, asked = max(slowest_s, time.perf_counter() - start_s), asked + 1
            time.sleep(0.005)
    memory = resident_mb(pid)
    stop.set()
    for thread in threads:
        thread.join()
    return f"slowest of {asked} quick requests {slowest_s * 1e3:.1f} ms, largest process {memory:.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1, help="processes of either server")
    options = parser.parse_args()
    missing = [name for name in ("nginx", "wrk") if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")]
    if missing:
        raise SystemExit(f"The reference is missing. Install it: apt-get install {' '.join(missing)}")
    with tempfile.TemporaryDirectory(prefix="bench-data-plane-") as name:
        run(Path(name), options)


def run(top: Path, options: argparse.Namespace) -> None:
    files = top / "own/cells/1"
    write_files(files)
    (top / "foreign").mkdir()
    nginx_port, our_port = free_port(), free_port()
    configuration = top / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(
        NGINX.format(workers=options.workers, top=top, user=user, port=nginx_port, files=files), encoding="utf-8"
    )
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    with (
        running([nginx, "-c", str(configuration), "-e", str(top / "error.log")], nginx_port) as nginx_pid,
        running(
            [sys.executable, "-m", "tests.serving.plane", str(our_port), str(options.workers)],
            our_port,
            CISTERNA_TEST_PLANE=str(top),
        ) as our_pid,
    ):
        servers = [("nginx", nginx_pid, nginx_port, "/"), ("portal", our_pid, our_port, "/data/frozen@1/")]
        print(
            f"{CONNECTIONS} connections, processes: {options.workers}, median of {options.rounds} x {options.seconds} s"
        )
        print(f"{'':18} {'':8} {'req/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU µs':>8} {'ratio':>6}")
        for workload in workloads():
            samples: dict[str, list[Sample]] = {"nginx": [], "portal": []}
            for _, pid, port, prefix in servers:
                measure(pid, port, prefix, workload, 1, top / "wrk.lua")  # fills the page cache
            for _ in range(options.rounds):
                for server, pid, port, prefix in servers:
                    samples[server].append(measure(pid, port, prefix, workload, options.seconds, top / "wrk.lua"))
            reference = median(samples["nginx"])
            for server, _, _, _ in servers:
                result = median(samples[server])
                print(
                    f"{workload.name:18} {server:8} {result.per_second:8.0f} {result.p50_ms:8.2f} {result.p99_ms:8.2f} "
                    f"{result.cpu_us:8.0f} {result.per_second / reference.per_second:6.2f}"
                    + (f"  {result.errors} ERRORS" if result.errors else "")
                )
        print(f"32 slow readers: {slow_readers(our_pid, our_port, '/data/frozen@1/')}")


if __name__ == "__main__":
    main()
