"""kill -9 of the tools that download, of the portal, and of its storage: the guide's commands, run again where a tool
gives up, bring what is missing, and ``sha256sum`` finds every file right.

All tools are at it at once, each through a proxy of its own, which holds it when it has some of the files: so one kill
falls in the middle of every download.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import zarr

from tests.journeys.conftest import alone, begin_home, files_in, manage
from tests.journeys.test_downloading_guide import COMMANDS
from tests.journeys.test_kills import Server
from tests.s3_proxy import Proxy, proxy_before
from tests.s3_server import KEY, REGION, SECRET, S3Server
from tests.samples import write_image

NAME, FOLDER = "interrupted", "interrupted@1"
VALUES = np.random.default_rng(51).integers(1, 255, (128, 128, 128), dtype=np.uint8)
LARGE = np.random.default_rng(52).bytes(9 << 20)
"""Larger than what aws fetches in one piece."""

TOOLS = ("aria2", "s5cmd", "rclone", "aws", "curl")
SOME = 24
"""Files that a tool has when it is held; there are three times as many."""

MOST_AT_ONCE = 16
"""Files that a tool may have whole without knowing it yet, and asks for again."""

SPECIFICATION = f"""
name = "{NAME}"
title = "Interrupted"
licence = "CC0-1.0"
visibility = "public"
data = "own:{NAME}"
acquisition.method = "FIB-SEM"

[[volumes]]
path = "em"
kind = "em"
title = "Image"
"""


def write_files(folder: Path) -> dict[str, bytes]:
    zarr.create_group(folder, zarr_format=3)
    write_image(folder / "em", [VALUES], chunk=32, compressors=None)
    (folder / "em" / "large").write_bytes(LARGE)
    return files_in(folder)


@dataclass
class Served:
    """A portal, the bucket's server behind it, and what it holds."""

    server: Server
    storage: S3Server
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, s3_server: S3Server, s3: Any) -> Iterator[Served]:
    home = tmp_path_factory.mktemp(NAME)
    files = write_files(home / "data")
    s3.create_bucket(Bucket=NAME)
    for key, content in files.items():
        s3.put_object(Bucket=NAME, Key=f"{NAME}/{key}", Body=content)
    root = {"": f"s3://{NAME}", "_ENDPOINT": s3_server.endpoint, "_REGION": REGION, "_KEY": KEY, "_SECRET": SECRET}
    begin_home(home, tmp_path_factory)
    server = Server(home, {f"CISTERNA_ROOT_OWN{name}": value for name, value in root.items()})
    server.publish(SPECIFICATION)
    manage(home, ["manifest", NAME], **server.settings)
    server.start()
    try:
        yield Served(server, s3_server, files)
    finally:
        server.kill()
        if not s3_server.has_gateway:
            s3_server.start_gateway()


@dataclass
class Download:
    """A tool at work in a folder of its own, with what it says."""

    tool: str
    home: Path
    proxy: Proxy
    said: list[str] = field(default_factory=list)
    process: "subprocess.Popen[str] | None" = None

    def command(self, name: str) -> list[str]:
        """As it stands in the guide, for this portal and this dataset."""
        text = COMMANDS[name].replace("https://cells.example.org", self.proxy.endpoint)
        return ["sh", "-ec", text.replace("fib25-ts2", NAME)]

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command(self.tool),
            cwd=self.home, env=alone(self.home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip

    def kill(self) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def end(self) -> int:
        """Its exit code."""
        assert self.process is not None
        said, _ = self.process.communicate(timeout=120)
        self.said.append(said)
        return self.process.returncode

    def has(self, files: dict[str, bytes]) -> dict[str, bytes]:
        """Those that are there, and whole."""
        found = {}
        folder = self.home / FOLDER
        for key, content in files.items() if folder.exists() else ():
            with contextlib.suppress(FileNotFoundError):
                if (folder / key).read_bytes() == content:
                    found[key] = content
        return found

    def asked_for(self) -> set[str]:
        """The keys whose bytes it has asked for."""
        lines = [unquote(line).partition("/interrupted")[2] for line in self.proxy.requests if line.startswith("GET ")]
        return {line.partition("/")[2] for line in lines}

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


@pytest.fixture
def downloads(served: Served, rclone: Path, tmp_path: Path) -> Iterator[list[Download]]:
    """All tools, each held when it has some of the files."""
    with contextlib.ExitStack() as running:
        found = []
        for tool in TOOLS:
            proxy = running.enter_context(proxy_before(served.server.port))
            proxy.bytes_per_s = 256 << 10
            (tmp_path / tool).mkdir()
            found.append(Download(tool, tmp_path / tool, proxy))
            running.callback(found[-1].kill)
            found[-1].start()
        deadline_s = time.monotonic() + 60
        moving = list(found)
        while moving:
            assert time.monotonic() < deadline_s, [each.tool for each in moving]
            for each in list(moving):
                if len(each.has(served.files)) >= SOME:
                    each.proxy.bytes_per_s = 1 << 10
                    moving.remove(each)
                assert each.is_running(), (each.tool, each.end(), each.said)
            time.sleep(0.25)
        yield found


def complete(downloads: list[Download], served: Served, kill: Any, revive: Any) -> dict[str, list[int]]:
    """Kill, revive, let every tool come to its end, run again where it gives up, and check what came.

    Returns:
        The exit codes of each tool's runs, the last of which is 0.
    """
    had = {each.tool: each.has(served.files) for each in downloads}
    for each in downloads:
        assert each.is_running(), each.tool
        assert SOME <= len(had[each.tool]) < len(served.files), "the kill does not fall in the middle"
    kill()
    for each in downloads:
        each.proxy.bytes_per_s = None
        each.proxy.requests.clear()
    revive()
    codes = {each.tool: [each.end()] for each in downloads if each.process is not None}
    for each in downloads:
        while codes[each.tool][-1:] != [0]:
            assert len(codes[each.tool]) < 3, (each.tool, codes, each.said)
            each.start()
            codes[each.tool].append(each.end())
        assert each.has(served.files) == served.files, each.tool
        subprocess.run(each.command("check"), cwd=each.home, env=alone(each.home), check=True, capture_output=True)
        assert each.asked_for(), "everything had come before anything was killed"
        again = each.asked_for() & set(had[each.tool])
        assert len(again) <= MOST_AT_ONCE, f"{each.tool} fetches what it had: {again}"
    return codes


def test_of_the_tools(downloads: list[Download], served: Served) -> None:
    def kill() -> None:
        for each in downloads:
            each.kill()

    def revive() -> None:
        for each in downloads:
            each.start()

    assert set(map(tuple, complete(downloads, served, kill, revive).values())) == {(0,)}


def test_of_the_portal(downloads: list[Download], served: Served) -> None:
    complete(downloads, served, served.server.kill, served.server.start)


def test_of_the_storage(downloads: list[Download], served: Served) -> None:
    complete(downloads, served, lambda: served.storage.stop_gateway(signal.SIGKILL), served.storage.start_gateway)
