"""A portal as its operator starts it: the demo, in a home of its own, served by the real server."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from deploy.demo.run import SAMPLE_KEY
from tests.ports import free_port
from tests.s3_server import KEY, REGION, SECRET, S3Server

CHECKOUT = Path(__file__).parents[2]
RUN_DEMO = [str(CHECKOUT / "deploy" / "demo" / "run.py")]

# Software rendering on a busy machine takes its time; what comes at all is right.
expect.set_options(timeout=20_000)


@dataclass(frozen=True)
class Portal:
    """A running portal: its address without a trailing slash, its home, and the folder of the demo's data."""

    url: str
    home: Path

    @property
    def own(self) -> Path:
        """A folder with what the portal's own root holds."""
        return self.home / "own"

    @property
    def sample(self) -> Path:
        return self.own / SAMPLE_KEY


@dataclass(frozen=True)
class Demo(Portal):
    """The demo, whose own root is a folder or a bucket.

    Args:
        settings: what its operator has configured besides the home; commands run with them.
        copy: a folder with what the own root holds: that folder itself, or what another program read from the bucket.
        put: puts what a folder holds below a key of the own root, behind the portal's back.
    """

    settings: Mapping[str, str]
    copy: Path
    put: Callable[[Path, str], None]

    @property
    def own(self) -> Path:
        return self.copy

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run an operator's command beside the server."""
        return subprocess.run(
            [sys.executable, str(CHECKOUT / "manage.py"), *arguments],
            cwd=CHECKOUT, env=clean_environment(self.home) | self.settings,
            capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="session")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """One person's browser: what it has fetched and compiled stays from test to test, and so does its window."""
    # Pixels are drawn by the processor: a small window takes half of what the usual one does.
    context = browser.new_context(viewport={"width": 1024, "height": 640})
    context.new_page()  # without a page the window would close, and to open one costs more than a page
    yield context
    context.close()


@pytest.fixture
def page(profile: BrowserContext) -> Iterator[Page]:
    """A page of somebody who is not known and has chosen nothing."""
    page = profile.new_page()
    yield page
    if page.url.startswith("http"):
        page.evaluate("localStorage.clear()")
    page.close()
    profile.clear_cookies()
    profile.clear_permissions()


@pytest.fixture
def console(page: Page) -> Iterator[list[str]]:
    """What the page complains of; at the end there must be nothing."""
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: complaints.append(f"{said.text} {said.location['url']}") if _is_complaint(said) else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield complaints
    assert complaints == []


def _is_complaint(said: ConsoleMessage) -> bool:
    # A reader of Zarr v2 learns from the absence of a .zarray that it looks at a group; the browser logs each.
    # One of N5 asks for attributes in each folder above, too; elsewhere Zarr is looked for in both formats.
    probes = r"/data/[^?]*/\.z(array|attrs)$|^(?!.*/data/).*/(attributes\.json|zarr\.json|\.z(array|attrs))$"
    is_probe = "404" in said.text and re.search(probes, said.location["url"])
    return said.type == "error" and not is_probe


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, as ``make demo`` starts it once everything is installed."""
    home = tmp_path_factory.mktemp("demo")
    begin_demo(home, tmp_path_factory)
    with started(home, ["manage.py", "serve"]) as running:
        own = running.own

        def put(folder: Path, key: str) -> None:
            shutil.copytree(folder, own / key, dirs_exist_ok=True)

        yield Demo(running.url, running.home, {}, own, put)


@pytest.fixture(scope="session")
def demo_on_s3(tmp_path_factory: pytest.TempPathFactory, s3_server: S3Server, s3: Any) -> Iterator[Demo]:
    """The same with its own root in a bucket: the address of one root is all that differs."""
    s3.create_bucket(Bucket="portal")
    settings = {
        "CISTERNA_ROOT_OWN": "s3://portal/own",
        "CISTERNA_ROOT_OWN_ENDPOINT": s3_server.endpoint,
        "CISTERNA_ROOT_OWN_REGION": REGION,
        "CISTERNA_ROOT_OWN_KEY": KEY,
        "CISTERNA_ROOT_OWN_SECRET": SECRET,
    }

    def put(folder: Path, key: str) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                place = f"own/{key}/{path.relative_to(folder).as_posix()}"
                s3.put_object(Bucket="portal", Key=place, Body=path.read_bytes())

    home = tmp_path_factory.mktemp("demo-on-s3")
    begin_home(home, tmp_path_factory)
    with started(home, RUN_DEMO, **settings) as running:
        assert not running.own.exists(), "the bucket takes the folder's place"
        copy = tmp_path_factory.mktemp("own-of-s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket="portal"):
            for item in page["Contents"]:
                path = copy / item["Key"].removeprefix("own/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(s3.get_object(Bucket="portal", Key=item["Key"])["Body"].read())
        yield Demo(running.url, running.home, settings, copy, put)


@pytest.fixture(scope="session", params=["folder", pytest.param("bucket", marks=pytest.mark.s3_server)])
def either_demo(request: pytest.FixtureRequest) -> Demo:
    """The demo over a folder and over a bucket: the same journeys lead through both."""
    demo: Demo = request.getfixturevalue("demo" if request.param == "folder" else "demo_on_s3")
    return demo


def clean_environment(home: Path) -> dict[str, str]:
    """That of an operator who has configured a home and nothing else, and starts the workers themselves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CISTERNA_", "DJANGO_"))}
    return kept | {"CISTERNA_HOME": str(home), "CISTERNA_WORKERS": "0"}


COMMANDS = """
import json, sys
from django.core.management import execute_from_command_line
for command in json.loads(sys.argv[1]):
    execute_from_command_line(["manage.py", *command])
"""


def manage(home: Path, *commands: Sequence[str], **environment: str) -> str:
    """What an operator's commands print, one after another. In one process: a command's start is most of its time."""
    return subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(commands)],
        cwd=CHECKOUT, env=clean_environment(home) | {"DJANGO_SETTINGS_MODULE": "portal.settings"} | environment,
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip


def alone(home: Path, **more: str) -> dict[str, str]:
    """The environment of somebody who has configured nothing for the tools that download, but has them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))}
    kept |= {"HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": REGION}
    return kept | {"PATH": f"{Path(sys.executable).parent}:{kept['PATH']}"} | more


def files_in(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their keys in it."""
    return {it.relative_to(folder).as_posix(): it.read_bytes() for it in folder.rglob("*") if it.is_file()}


def begin_home(home: Path, factory: pytest.TempPathFactory) -> None:
    """Give a home a database, as ``manage.py migrate`` makes it."""
    _copy(home, factory, "migrated", lambda made: manage(made, ["migrate"]))


def begin_demo(home: Path, factory: pytest.TempPathFactory) -> None:
    """Give a home all that ``make demo`` puts into it."""

    def make(made: Path) -> None:
        with started(made, RUN_DEMO):
            pass
        shutil.rmtree(made / "published")  # it leads to where the data lay

    _copy(home, factory, "demo", make)
    manage(home, ["reconcile"])


def _copy(home: Path, factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> None:
    """To a home from one that is made once in a run of the tests, by whichever worker comes first."""
    top = factory.getbasetemp()
    # Those of all workers lie side by side.
    folder = (top.parent if "PYTEST_XDIST_WORKER" in os.environ else top) / f"home-{name}"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = folder.with_suffix(".making")
            making.mkdir(exist_ok=True)
            make(making)
            making.rename(folder)
    shutil.copytree(folder, home, dirs_exist_ok=True)


@contextlib.contextmanager
def started(home: Path, command: list[str], **environment: str) -> Iterator[Portal]:
    """A portal whose server is ``python <command>``, on a port of its own, while the block runs."""
    port = free_port()
    log = (home / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=CHECKOUT,
        env=clean_environment(home) | {"PORT": str(port)} | environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        portal = Portal(url=f"http://127.0.0.1:{port}", home=home)
        wait_until_ready(portal, process)
        yield portal
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)
        log.close()


def wait_until_ready(portal: Portal, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urlopen(f"{portal.url}/health/ready") as answer:
                if answer.status == 200:
                    return
        except (URLError, ConnectionError):
            time.sleep(0.3)
    pytest.fail(f"The demo did not start:\n{(portal.home / 'server.log').read_text()[-4000:]}")
