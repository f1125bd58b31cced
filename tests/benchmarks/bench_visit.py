"""A visit to the demo, replayed: what a browser asked when the viewer was opened and the 3D view turned round once.

The real portal, Django and all, with the demo's dataset; beside it nginx over the same files. The client is written in
Python and takes its share of the time, the same for every server.
"""

import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmarks.load import Target
from tests.benchmarks.options import Options, Report
from tests.benchmarks.portals import served, settings_of
from tests.benchmarks.processes import cpu_seconds
from tests.benchmarks.servers import REFERENCE, nginx_over
from tests.benchmarks.visit import Asked, Visited, recorded, replay, replay_multiplexed
from tests.nginx import make_certificate, nginx_in_front
from tests.ports import free_port

DATASET = "fib25-ts2@1"
PREFIX = f"/data/{DATASET.replace('@', '%40')}/"  # as Neuroglancer writes it
REPLAYS = 10
"""In one sample: a visit takes too short a time for the clock of a process's CPU."""


def run(options: Options, report: Report) -> None:
    visit = recorded()
    with tempfile.TemporaryDirectory(prefix="bench-visit-") as name, ExitStack() as stack:
        home = Path(name)
        home.chmod(0o755)
        portal = stack.enter_context(_demo(home))
        files = home / "published/immutable" / DATASET
        certificate = _certificate(home)

        def static(kind: str, certificate: Path | None = None) -> Target:
            return stack.enter_context(nginx_over(_made(home / f"static-{kind}"), files, certificate))

        def front(kind: str, certificate: Path | None = None) -> Target:
            folder = _made(home / f"front-{kind}")
            nginx = stack.enter_context(
                nginx_in_front(folder, home=home, application_port=portal.port, certificate=certificate)
            )
            return Target(nginx.port, (nginx.process.pid, *portal.pids), PREFIX)

        servers = {REFERENCE.name: static("1"), "nginx arrangement": front("1"), "portal, 1 process": portal}
        _compare("HTTP/1.1, 6 connections", replay, servers, visit, options, report)
        if certificate is None:
            report.note("Left out: HTTP/2. It needs openssl, and a curl that speaks it")
            return
        servers = {REFERENCE.name: static("2", certificate), "nginx arrangement": front("2", certificate)}
        _compare("HTTP/2 and TLS, one connection", replay_multiplexed, servers, visit, options, report)


def _compare(
    title: str,
    ask: Callable[[int, str, list[Asked]], Visited],
    servers: Mapping[str, Target],
    visit: list[Asked],
    options: Options,
    report: Report,
) -> None:
    times_s: dict[str, list[float]] = {name: [] for name in servers}
    cpu_s: dict[str, float] = {}
    sizes: dict[str, int] = {}
    for name, target in servers.items():
        sizes[name] = ask(target.port, target.prefix, visit).size_bytes  # and the caches are warm
    for _ in range(options.rounds):
        for name, target in servers.items():
            before_s = cpu_seconds(target.pids)
            times_s[name] += [ask(target.port, target.prefix, visit).seconds for _ in range(REPLAYS)]
            cpu_s[name] = cpu_s.get(name, 0) + cpu_seconds(target.pids) - before_s
    report.heading(f"A visit to the demo, {len(visit)} requests: {title}")
    report.columns("server             ", "total ms", "body MB", "CPU ms", "ratio of times")
    reference_s = statistics.median(times_s[REFERENCE.name])
    for name in servers:
        middle_s = statistics.median(times_s[name])
        cpu_ms = cpu_s[name] / options.rounds / REPLAYS * 1e3
        ratio = f"{middle_s / reference_s:.2f}"
        report.row(name, f"{middle_s * 1e3:.1f}", f"{sizes[name] / 1e6:.2f}", f"{cpu_ms:.1f}", ratio)


@contextmanager
def _demo(home: Path) -> Iterator[Target]:
    """The demo's portal in a home of its own."""
    port = free_port()
    with served(settings_of(home, port), home / "demo.log", "deploy/demo/run.py") as pid:
        yield Target(port, (pid,), PREFIX)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _certificate(folder: Path) -> Path | None:
    """A certificate for HTTP/2; None where the programs for it are absent."""
    if not (shutil.which("openssl") and shutil.which("curl")):
        return None
    if "HTTP2" not in subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout.split():
        return None
    return make_certificate(folder)
