"""Servers as processes: started, waited for, measured and stopped together with what they started."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
_STARTS_WITHIN_S = 180  # the demo writes its sample first


class DidNotStart(Exception):
    """A server ended, or gave no answer."""


@contextmanager
def running(command: list[str], port: int, log: Path, **environment: str) -> Iterator[int]:
    """The process of ``command`` once it listens on ``port``; what it says goes to ``log``."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=CHECKOUT, env={**os.environ, **environment}, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        deadline_s = time.monotonic() + _STARTS_WITHIN_S
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > deadline_s:
                raise DidNotStart(f"{Path(command[0]).name}: {log.read_text(errors='replace')[-500:].strip()}")
            time.sleep(0.05)
        time.sleep(0.3)  # the others of several processes
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def families(pids: Iterable[int]) -> list[int]:
    """The processes and all that descend from them."""
    found: list[int] = []
    for pid in pids:
        children: list[int] = []
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError):  # a thread that has ended meanwhile
                children += map(int, (task / "children").read_text().split())
        found += [pid, *families(children)]
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """The time that the processes have had, in user and in kernel mode."""
    ticks = 0
    for pid in families(pids):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def forget_peak(pids: Iterable[int]) -> None:
    """Let the peak of memory begin at what is held now."""
    for pid in families(pids):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mb(pids: Iterable[int]) -> float:
    """The sum of the processes' peaks of resident memory; what they share counts for each."""
    total_kb = 0
    for pid in families(pids):
        status = Path(f"/proc/{pid}/status").read_text()
        total_kb += int(status.partition("VmHWM:")[2].split()[0])
    return total_kb / 1e3
