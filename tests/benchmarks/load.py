"""Load on a server, by wrk: what is asked for, and what one sample of it gives."""

import random
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import product
from pathlib import Path

from tests.benchmarks.processes import cpu_seconds

OBJECTS = 200
SHARD_BYTES = 64 << 20
RANGE_BYTES = 16 << 10
SIZES_BYTES = {"chunk": 160_000, "tiny": 4096}

_SCRIPT = """
local paths, ranges, n = {{ {paths} }}, {{ {ranges} }}, {first}
local given = {{ {headers} }}
request = function()
  n = n + 1
  if #ranges > 0 then given["Range"] = ranges[n % #ranges + 1] end
  return wrk.format("GET", paths[n % #paths + 1], given)
end
done = function(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99), failed))
end
"""


@dataclass(frozen=True)
class Workload:
    """Keys asked for in turn, and ranges of them."""

    name: str
    keys: tuple[str, ...]
    ranges: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        return RANGE_BYTES if self.ranges else SIZES_BYTES[self.keys[0].partition("/")[0]]


@dataclass(frozen=True)
class Target:
    """A server that is up: its processes, and where a key is on it."""

    port: int
    pids: tuple[int, ...]
    prefix: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    redirects: bool = False

    def path(self, key: str) -> str:
        return self.addresses.get(key) or self.prefix + key


@dataclass(frozen=True)
class Sample:
    per_second: float
    mb_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    failed: int = 0


def workloads() -> list[Workload]:
    chance = random.Random(1)
    offsets = [chance.randrange(SHARD_BYTES - RANGE_BYTES) for _ in range(OBJECTS)]
    ranges = tuple(f"bytes={offset}-{offset + RANGE_BYTES - 1}" for offset in offsets)
    return [
        Workload("160 KB chunks", tuple(f"chunk/c/{n // 20}/{n % 20}" for n in range(OBJECTS))),
        Workload("4 KB objects", tuple(f"tiny/c/{n // 20}/{n % 20}" for n in range(OBJECTS))),
        Workload("16 KB ranges of a 64 MB shard", ("shard",), ranges),
    ]


def write_objects(folder: Path) -> None:
    """What the workloads ask for. Random, and the same each time: nothing compresses, and every line can be checked."""
    chance = random.Random(2)
    for workload in workloads():
        for key in workload.keys:
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(chance.randbytes(SHARD_BYTES if key == "shard" else workload.size_bytes))


def find_fault(target: Target, workload: Workload, folder: Path) -> str:
    """Ask for all of the workload once, which also fills every cache.

    Returns:
        What is wrong with an answer; empty when all are what lies in ``folder``.
    """
    connection = HTTPConnection("127.0.0.1", target.port, timeout=20)
    try:
        for key, span in product(workload.keys, workload.ranges or ("",)):
            if fault := _fault_of(connection, target, key, span, folder):
                return fault
    except (OSError, HTTPException) as error:
        return f"does not answer: {error!r}"
    finally:
        connection.close()
    return ""


def _fault_of(connection: HTTPConnection, target: Target, key: str, span: str, folder: Path) -> str:
    connection.request("GET", target.path(key), headers={**target.headers, **({"Range": span} if span else {})})
    reply = connection.getresponse()
    status, body = reply.status, reply.read()
    if target.redirects:
        return "" if status in (302, 307) else f"answers {status} where a redirect belongs"
    if status != (206 if span else 200):
        return f"answers {status}: {body[:200].decode(errors='replace')}"
    with (folder / key).open("rb") as file:
        file.seek(int(span.removeprefix("bytes=").partition("-")[0]) if span else 0)
        return "" if body == file.read(RANGE_BYTES if span else -1) else "gives other bytes"


def measure(target: Target, workload: Workload, connections: int, seconds: float) -> Sample:
    """One sample."""
    script = _SCRIPT.format(
        paths=", ".join(f'"{target.path(key)}"' for key in workload.keys),
        ranges=", ".join(f'"{text}"' for text in workload.ranges),
        headers=", ".join(f'["{name}"] = "{value}"' for name, value in target.headers.items()),
        first=random.randrange(OBJECTS),
    )
    program = shutil.which("wrk")
    assert program
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        before_s = cpu_seconds(target.pids)
        # wrk counts whole seconds only; at an interrupt it stops and reports.
        command = [program, "-t1", f"-c{connections}", f"-d{int(seconds) + 30}s", "--timeout", "20s", "-s", file.name]
        with subprocess.Popen(
            [*command, f"http://127.0.0.1:{target.port}"], stdout=subprocess.PIPE, text=True
        ) as process:
            time.sleep(seconds)
            process.send_signal(signal.SIGINT)
            printed, _ = process.communicate(timeout=60)
        spent_s = cpu_seconds(target.pids) - before_s
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", printed)
    assert found, printed
    requests, duration_us, size_bytes, p50_us, p99_us, failed = map(int, found.groups())
    return Sample(
        requests / duration_us * 1e6,
        size_bytes / duration_us,
        p50_us / 1e3,
        p99_us / 1e3,
        spent_s / max(requests, 1) * 1e6,
        failed,
    )


def median(samples: Sequence[Sample]) -> Sample:
    names = ("per_second", "mb_per_second", "p50_ms", "p99_ms", "cpu_us")
    middle = {name: statistics.median(getattr(sample, name) for sample in samples) for name in names}
    return Sample(**middle, failed=sum(sample.failed for sample in samples))
