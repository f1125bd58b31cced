"""Reading by S3: from us over a folder and over a bucket, beside the bucket's own server and beside x2s3 over the same.

Whoever serves a folder has the first processor to itself, as Ceph has; whoever stands before Ceph shares the other with
the load. Ceph verifies a signature each time; of ours one line does, the others are open to everybody, as x2s3 is.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tests.benchmarks.ceph import BUCKET, all_keys, bare, filled_bucket, on_processors, presigned
from tests.benchmarks.load import Target, write_objects
from tests.benchmarks.options import TARGETED, Options, Report
from tests.benchmarks.processes import cpu_seconds
from tests.benchmarks.servers import OBJECTS_BELOW, Line, embedded, in_front, x2s3
from tests.benchmarks.tables import compare, started
from tests.s3_server import KEY, REGION, SECRET, find_programs
from tests.serving.plane import KEY_ID
from tests.serving.plane import SECRET as READERS_SECRET

REFERENCE = "Ceph RGW"
_COLUMNS = (
    "server                            ",
    "objects/s", "   MB/s", "CPU µs an object", "ratio", "again s", "again: ratio",
)  # fmt: skip
_LONGEST_S = 60
_PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Source:
    """What a client of S3 is told: the endpoint's path, where the objects are, and a key or none."""

    path: str = "/s3"
    address: str = "s3://frozen.v1/"
    key_id: str = ""
    secret: str = ""


@dataclass(frozen=True)
class Copying:
    """One sample: of a copy into nothing, and of the same command again, which moves nothing."""

    per_second: float
    mb_per_second: float
    cpu_us: float
    again_s: float


_SIGNED = Source("/s3", "s3://secret.v1/", KEY_ID, READERS_SECRET)
SOURCES = {
    REFERENCE: Source("", f"s3://{BUCKET}/{OBJECTS_BELOW}/", KEY, SECRET),
    "embedded, signed": _SIGNED,
    "x2s3": Source("", f"s3://{BUCKET}/"),
    "x2s3 before Ceph": Source("", f"s3://{BUCKET}/{OBJECTS_BELOW}/"),
}


def run(options: Options, report: Report) -> None:
    if find_programs() is None:
        report.note("Left out: S3. Ceph's S3 server is not installed (deploy/toolchain/system-parts installs it)")
        return
    with tempfile.TemporaryDirectory(prefix="bench-s3-") as name, ExitStack() as running:
        top = Path(name)
        top.chmod(0o755)
        files = top / OBJECTS_BELOW
        write_objects(files)
        (top / "foreign").mkdir()
        server = running.enter_context(filled_bucket(top, files))
        over_folder = [
            Line("embedded", _by_s3(embedded(1))),
            Line("embedded, signed", _by_s3(embedded(1), _SIGNED)),
            Line("nginx arrangement", _by_s3(in_front())),
            Line("x2s3", x2s3),
        ]
        over_bucket = [Line("embedded before Ceph", _by_s3(embedded(1))), Line("x2s3 before Ceph", x2s3)]
        targets = dict[str, Target]()
        for is_first, place, lines in (
            (True, str(top), over_folder),
            (False, f"{server.endpoint}/{BUCKET}", [Line(REFERENCE, partial(bare, server)), *over_bucket]),
        ):
            wanted = [line for line in lines if line.name == REFERENCE or options.wants(line.name.lower())]
            with on_processors(first=is_first):
                targets |= running.enter_context(started(wanted, {"": place}, top / f"servers-{is_first}", report))
        with on_processors(first=False):
            compare("S3", REFERENCE, targets, files, replace(options, connections=(TARGETED,)), report)
            for tool, command in (("aws s3 sync", _aws), ("s5cmd sync", _s5cmd)):
                _compare_copies(tool, command, targets, files, options, report)


def _by_s3(
    start: Callable[..., AbstractContextManager[Target]], source: Source | None = None
) -> Callable[..., AbstractContextManager[Target]]:
    """A server of ours, asked by S3: for what everybody may see, or with a key."""

    @contextmanager
    def start_it(top: Path, place: str) -> Iterator[Target]:
        with start(top, place) as target:
            if source is None:
                yield replace(target, prefix="/s3/frozen.v1/")
            else:
                endpoint = f"http://127.0.0.1:{target.port}{source.path}"
                bucket = source.address.split("/")[2]
                yield replace(target, addresses=presigned(endpoint, bucket, "", source.key_id, source.secret))

    return start_it


def _aws(endpoint: str, source: Source, folder: Path) -> list[str]:
    unsigned = [] if source.key_id else ["--no-sign-request"]
    command = [sys.executable, "-m", "awscli", "--endpoint-url", endpoint, *unsigned]
    return [*command, "s3", "sync", "--only-show-errors", source.address, str(folder)]


def _s5cmd(endpoint: str, source: Source, folder: Path) -> list[str]:
    unsigned = [] if source.key_id else ["--no-sign-request"]
    command = [str(_PROGRAMS / "s5cmd"), "--log", "error", "--endpoint-url", endpoint, *unsigned]
    return [*command, "sync", f"{source.address}*", f"{folder}/"]


def _compare_copies(
    tool: str,
    command: Callable[[str, Source, Path], list[str]],
    targets: Mapping[str, Target],
    files: Path,
    options: Options,
    report: Report,
) -> None:
    """Print how fast a tool copies everything from each server, in turns."""
    samples = dict[str, list[Copying]]()
    names = [REFERENCE, *(name for name in targets if name != REFERENCE)]
    report.heading(f"S3: {tool} of {len(list(all_keys()))} objects; samples: {options.rounds}")
    for _ in range(options.rounds):
        for name in list(names):
            try:
                samples.setdefault(name, []).append(_copy(command, targets[name], SOURCES.get(name, Source()), files))
            except subprocess.CalledProcessError as failure:
                report.note(f"Left out: {name} {failure.stderr.strip()[-300:]}")
                names.remove(name)
            except subprocess.TimeoutExpired:
                report.note(f"Left out: {name} {tool} came to no end in {_LONGEST_S} s")
                names.remove(name)
    if REFERENCE not in names:
        return
    report.columns(*_COLUMNS)
    for name in names:
        own = samples[name]
        rate = [one.per_second / limit.per_second for one, limit in zip(own, samples[REFERENCE], strict=True)]
        again = [one.again_s / limit.again_s for one, limit in zip(own, samples[REFERENCE], strict=True)]
        middle = {field: statistics.median(getattr(one, field) for one in own) for field in Copying.__annotations__}
        report.row(
            name, f"{middle['per_second']:.0f}", f"{middle['mb_per_second']:.0f}", f"{middle['cpu_us']:.0f}",
            f"{statistics.median(rate):.2f}", f"{middle['again_s']:.2f}", f"{statistics.median(again):.2f}",
        )  # fmt: skip


def _copy(command: Callable[[str, Source, Path], list[str]], target: Target, source: Source, files: Path) -> Copying:
    with tempfile.TemporaryDirectory(prefix="bench-s3-copy-") as name:
        folder = Path(name) / "copy"
        asked = command(f"http://127.0.0.1:{target.port}{source.path}", source, folder)
        before_s, began_s = cpu_seconds(target.pids), time.monotonic()
        _run(asked, source, name)
        took_s, spent_s = time.monotonic() - began_s, cpu_seconds(target.pids) - before_s
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        assert sorted(sizes) == sorted(path.stat().st_size for path in files.rglob("*") if path.is_file()), (
            "not all came"
        )
        began_s = time.monotonic()
        _run(asked, source, name)
        again_s = time.monotonic() - began_s
    return Copying(len(sizes) / took_s, sum(sizes) / took_s / 1e6, spent_s / len(sizes) * 1e6, again_s)


def _run(command: list[str], source: Source, home: str) -> None:
    """As somebody who has configured nothing but the key."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    keys = {"AWS_ACCESS_KEY_ID": source.key_id, "AWS_SECRET_ACCESS_KEY": source.secret} if source.key_id else {}
    kept |= keys | {"HOME": home, "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    with subprocess.Popen(
        command, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            _, said = process.communicate(timeout=_LONGEST_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with what it has started
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=said)
