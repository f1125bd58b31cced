"""Clients that hold connections and hardly read or write; and what they cost those who are quick.

``python -m tests.benchmarks.slow_clients PORT PATH COUNT LINES`` is such a crowd, until it is killed: so many readers,
and as many who send a head that never ends.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection

from tests.benchmarks.load import SIZES_BYTES, Target
from tests.benchmarks.options import Report
from tests.benchmarks.processes import CHECKOUT, forget_peak, peak_mb

COUNT = 32
READ_BYTES_PER_S = 20_000
HEAD_BYTES_PER_S = 10
SECONDS = 2.5


def compare(targets: Mapping[str, Target], report: Report) -> None:
    """Print the slowest of many quick chunks while ``COUNT`` readers and as many senders of headers are slow."""
    if not targets:
        return
    report.heading(f"{COUNT} slow readers of a 64 MB object at 20 KB/s, and {COUNT} senders of headers at 10 B/s")
    report.columns("server                       ", "quick chunks", "median ms", "slowest ms", "peak MB")
    for name, target in targets.items():
        asked, middle_ms, slowest_ms, memory_mb = _endure(target)
        report.row(name, str(asked), f"{middle_ms:.1f}", f"{slowest_ms:.1f}", f"{memory_mb:.0f}")


def _endure(target: Target) -> tuple[int, float, float, float]:
    # A path of the guarded dataset needs its headers: the crowd sends them too.
    lines = "".join(f"{name}: {value}\r\n" for name, value in target.headers.items())
    command = [sys.executable, "-m", "tests.benchmarks.slow_clients", str(target.port), target.path("shard")]
    crowd = subprocess.Popen([*command, str(COUNT), lines], cwd=CHECKOUT, stdout=subprocess.PIPE)
    try:
        assert crowd.stdout
        crowd.stdout.readline()  # all are connected
        forget_peak(target.pids)
        times_s: list[float] = []
        end_s = time.monotonic() + SECONDS
        while time.monotonic() < end_s:
            # A new connection each time: it waits for its turn at the door as well.
            start_s = time.perf_counter()
            connection = HTTPConnection("127.0.0.1", target.port, timeout=20)
            connection.request("GET", target.path("chunk/c/0/0"), headers=dict(target.headers))
            reply = connection.getresponse()
            assert reply.status == 200
            assert len(reply.read()) == SIZES_BYTES["chunk"]
            times_s.append(time.perf_counter() - start_s)
            connection.close()
            time.sleep(0.005)
        times_s.sort()
        return len(times_s), times_s[len(times_s) // 2] * 1e3, times_s[-1] * 1e3, peak_mb(target.pids)
    finally:
        crowd.kill()
        crowd.wait()


async def _read_slowly(port: int, path: str, lines: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
    while await reader.read(READ_BYTES_PER_S // 10):
        await asyncio.sleep(0.1)


async def _send_slowly(port: int, path: str, lines: str) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\n{lines}X-Slow: {'x' * 1000}\r\n\r\n".encode()
    for byte in head:
        writer.write(bytes([byte]))
        await asyncio.sleep(1 / HEAD_BYTES_PER_S)


async def _crowd(port: int, path: str, count: int, lines: str) -> None:
    tasks = [asyncio.create_task(act(port, path, lines)) for act in (_read_slowly, _send_slowly) for _ in range(count)]
    await asyncio.sleep(0.5)
    print("connected", flush=True)
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(_crowd(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]))
