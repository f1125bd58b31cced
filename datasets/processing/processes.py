"""Which process is which, so that one that died is known by others on the same machine at once."""

import os
import socket
from pathlib import Path


def this_process() -> str:
    """A name that no other process ever had, on any machine: boot, process namespace, number and time of its start."""
    pid = os.getpid()
    return f"{_place()}/{pid}/{_started(pid)}"


def process_name() -> str:
    """The same for people."""
    return f"{socket.gethostname()}:{os.getpid()}"[:100]


def is_dead(process: str) -> bool:
    """Whether it is known to have ended; what runs elsewhere, or cannot be looked at, is not."""
    place, _, rest = process.partition("/")
    pid, _, started = rest.partition("/")
    return bool(place) and place == _place() and pid.isdigit() and _started(int(pid)) != started


def _place() -> str:
    """The boot of the machine and the namespace of process numbers; nothing where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]  # a zombie does no work
