"""kill -9 before a browser: what it shows and what it has fetched is right, or not there; never wrong.

The page is not loaded again: the viewer asks again by itself. A proxy in between makes the answers slow, so that there
is a middle to be killed in.
"""

import contextlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from playwright.sync_api import Page, expect

from tests.journeys.conftest import CHECKOUT, Portal, begin_home, clean_environment, manage, wait_until_ready
from tests.journeys.viewer_page import settle
from tests.nginx import nginx_in_front
from tests.ports import free_port
from tests.s3_proxy import Proxy, proxy_before
from tests.s3_server import KEY, REGION, SECRET, S3Server
from tests.serving.kills import MIB, answers, kill_children

SHAPE = (160, 160, 160)
VALUES = np.random.default_rng(31).integers(1, 255, SHAPE, dtype=np.uint8)
"""Never 0, which is what an absent block is shown as."""

HUGE = np.random.default_rng(32).bytes(24 * MIB)
SPECIFICATION = """
name = "mortal"
title = "Mortal"
licence = "CC0-1.0"
visibility = "public"
data = "own:mortal"
acquisition.method = "FIB-SEM"

[[volumes]]
path = "em"
kind = "em"
title = "Image"
"""


def write_image(folder: Path) -> None:
    """With a huge object beside it, for those who fetch."""
    scale = [{"type": "scale", "scale": [10.0, 10.0, 10.0]}]
    multiscale = {
        "axes": [{"name": axis, "type": "space", "unit": "nanometer"} for axis in "zyx"],
        "datasets": [{"path": "0", "coordinateTransformations": scale}],
    }
    attributes = {"ome": {"version": "0.5", "multiscales": [multiscale]}}
    zarr.create_group(folder, zarr_format=3)
    zarr.create_group(folder / "em", zarr_format=3, attributes=attributes)
    zarr.create_array(folder / "em" / "0", data=VALUES, chunks=(32, 32, 32), compressors=None)
    (folder / "em" / "huge").write_bytes(HUGE)


@dataclass
class Server:
    """A portal's server on one port, however often its operator starts it."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def environment(self) -> dict[str, str]:
        return clean_environment(self.home) | {"PORT": str(self.port)} | self.settings

    def publish(self, specification: str) -> None:
        (self.home / "mortal.toml").write_text(specification)
        manage(self.home, ["publish", str(self.home / "mortal.toml")], **self.settings)

    def start(self) -> None:
        command = [sys.executable, str(CHECKOUT / "manage.py"), "serve"]
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=CHECKOUT, env=self.environment, stdout=log, stderr=log)
        wait_until_ready(Portal(f"http://127.0.0.1:{self.port}", self.home), self.process)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@dataclass
class Mortal:
    """What is killed, and how it comes back.

    Args:
        slow: through which the browser, or the portal, reads from it.
        breaks_off: what was on its way does not come. What nginx has handed to the system comes, and another worker
            takes what is asked next.
    """

    url: str
    slow: Proxy
    kill: Callable[[], None]
    revive: Callable[[], None]
    breaks_off: bool = True

    def blocks_asked(self) -> int:
        return sum("/em/0/c/" in line for line in self.slow.requests)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("mortal")
    for each in (home, *home.parents[:2]):
        each.chmod(0o755)  # nginx's workers are another user's
    write_image(home / "own" / "mortal")
    begin_home(home, tmp_path_factory)
    server = Server(home)
    server.publish(SPECIFICATION)
    server.start()
    yield server
    with contextlib.suppress(ProcessLookupError):
        server.kill()


@contextlib.contextmanager
def only_process(server: Server) -> Iterator[Mortal]:
    with proxy_before(server.port) as proxy:
        yield Mortal(proxy.endpoint, proxy, server.kill, server.start)


@contextlib.contextmanager
def nginx_workers(server: Server) -> Iterator[Mortal]:
    folder = server.home / f"nginx-{free_port()}"
    folder.mkdir()
    with (
        nginx_in_front(folder, home=server.home, application_port=server.port, workers=2) as nginx,
        proxy_before(nginx.port) as proxy,
    ):
        yield Mortal(proxy.endpoint, proxy, lambda: kill_children(nginx.process.pid), lambda: None, False)


@pytest.fixture(params=["server", pytest.param("nginx", marks=pytest.mark.nginx)])
def mortal(request: pytest.FixtureRequest, server: Server) -> Iterator[Mortal]:
    with (only_process if request.param == "server" else nginx_workers)(server) as mortal:
        yield mortal


@pytest.fixture(scope="module")
def mortal_bucket(tmp_path_factory: pytest.TempPathFactory, s3_server: S3Server, s3: Any) -> Iterator[Mortal]:
    home = tmp_path_factory.mktemp("mortal-bucket")
    write_image(home / "image")
    s3.create_bucket(Bucket="mortal")
    for path in (home / "image").rglob("*"):
        if path.is_file():
            key = f"mortal/{path.relative_to(home / 'image').as_posix()}"
            s3.put_object(Bucket="mortal", Key=key, Body=path.read_bytes())
    with proxy_before(s3_server.port) as proxy:
        settings = {"": "s3://mortal", "_ENDPOINT": proxy.endpoint, "_REGION": REGION, "_KEY": KEY, "_SECRET": SECRET}
        begin_home(home, tmp_path_factory)
        server = Server(home, {f"CISTERNA_ROOT_OWN{name}": value for name, value in settings.items()})
        server.publish(SPECIFICATION)
        server.start()
        try:
            url = f"http://127.0.0.1:{server.port}"
            yield Mortal(url, proxy, lambda: s3_server.stop_gateway(signal.SIGKILL), s3_server.start_gateway)
        finally:
            server.kill()
            if not s3_server.has_gateway:
                s3_server.start_gateway()


GRID = range(5, 160, 10)
LOOK = """grid => {
  const { viewer } = window.cisterna;
  const { layer } = viewer.layerManager.getLayerByName("em");
  const values = [];
  for (const z of grid) for (const y of grid) for (const x of grid) {
    values.push(Number(layer.getValueAt(Float32Array.from([x, y, z]), viewer.mouseState) ?? -1));
  }
  return values;
}"""


def shown(page: Page) -> int:
    """At how many places of a grid the viewer has a value, which must be the array's."""
    values = np.reshape(page.evaluate(LOOK, list(GRID)), (len(GRID),) * 3)
    known = values >= 0
    np.testing.assert_array_equal(values[known], VALUES[np.ix_(GRID, GRID, GRID)][known])
    return int(known.sum())


def wait_until(page: Page, condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline_s, "it does not come to that"
        page.wait_for_timeout(20)


def watch_through_a_kill(page: Page, mortal: Mortal, chance: random.Random) -> None:
    finished: list[str] = []
    failed: list[str] = []
    page.on("requestfinished", lambda request: finished.append(request.url))
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("response", lambda response: failed.append(response.url) if response.status >= 500 else None)
    mortal.slow.requests.clear()
    page.set_viewport_size({"width": 1280, "height": 720})  # in a smaller one there is too little to wait for
    page.goto(f"{mortal.url}/datasets/mortal/view/?layers=em", wait_until="commit")
    wait_until(page, lambda: any("/em/0/zarr.json" in line for line in mortal.slow.requests))
    mortal.slow.bytes_per_s = 64 * 1024
    wanted = chance.randrange(10, 40)
    wait_until(page, lambda: mortal.blocks_asked() >= wanted)
    page.wait_for_timeout(chance.random() * 200)
    assert mortal.blocks_asked() > sum("/em/0/c/" in url for url in finished), "nothing is on its way"
    mortal.kill()
    for _ in range(10):
        page.wait_for_timeout(200)
        dead = shown(page)
    mortal.slow.bytes_per_s = None
    mortal.revive()
    for _ in range(5):
        page.wait_for_timeout(100)
        shown(page)
    settle(page)
    if mortal.breaks_off:
        assert any("/em/0/c/" in url for url in failed), "everything had come before anything was killed"
    assert shown(page) > dead
    at = [GRID.index(75)] * 3  # the slices through the middle are drawn, and what they are drawn from is known
    values = np.reshape(page.evaluate(LOOK, list(GRID)), (len(GRID),) * 3)
    assert (values[at[0]] > 0).all()
    assert (values[:, at[1]] > 0).all()
    assert (values[:, :, at[2]] > 0).all()
    expect(page.locator("#loading")).to_be_hidden()


FETCH = """async ([url, start]) => {
  const parts = [];
  let error = null, status = 0, promised = -1;
  try {
    const response = await fetch(url, { cache: "no-store", headers: start ? { Range: `bytes=${start}-` } : {} });
    status = response.status;
    promised = Number(response.headers.get("Content-Length"));
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      window.received = (window.received ?? 0) + value.length;
    }
  } catch (it) {
    error = it.name;
  }
  window.parts = [...(start ? window.parts : []), ...parts];
  const whole = new Uint8Array(await new Blob(window.parts).arrayBuffer());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  const hex = [...digest].map(it => it.toString(16).padStart(2, "0")).join("");
  return { error, status, promised, size: whole.length, digest: hex };
}"""


def fetch_through_a_kill(page: Page, mortal: Mortal, chance: random.Random) -> None:
    """The page is told that it broke off, keeps right bytes, and takes up where it was."""
    page.goto(f"{mortal.url}/datasets/mortal/")
    url = f"{mortal.url}/data/mortal@1/em/huge"
    mortal.slow.bytes_per_s = 4 * MIB
    page.evaluate(f"arguments_ => {{ window.fetching = ({FETCH})(arguments_); }}", [url, 0])
    wanted = chance.randrange(MIB, 8 * MIB)
    wait_until(page, lambda: page.evaluate("window.received ?? 0") >= wanted)
    mortal.kill()
    broken = page.evaluate("window.fetching")
    assert (broken["error"], broken["status"], broken["promised"]) == ("TypeError", 200, len(HUGE))
    assert wanted <= broken["size"] < len(HUGE)
    assert broken["digest"] == sha256(HUGE[: broken["size"]]).hexdigest()
    mortal.slow.bytes_per_s = None
    mortal.revive()
    port = int(mortal.url.rpartition(":")[2])
    wait_until(page, lambda: answers(port, "/data/mortal@1/em/zarr.json", 200))
    whole = page.evaluate(FETCH, [url, broken["size"]])
    assert (whole["error"], whole["status"]) == (None, 206)
    assert whole["digest"] == sha256(HUGE).hexdigest()


THROUGH_A_KILL = pytest.mark.parametrize(
    "go_through", [watch_through_a_kill, fetch_through_a_kill], ids=["the-viewer", "a-fetch"]
)
type Journey = Callable[[Page, Mortal, random.Random], None]


@THROUGH_A_KILL
def test_before_a_server_or_nginx(
    page: Page, mortal: Mortal, go_through: Journey, request: pytest.FixtureRequest
) -> None:
    go_through(page, mortal, random.Random(request.node.name))


@pytest.mark.s3_server
@THROUGH_A_KILL
def test_before_a_bucket(
    page: Page, mortal_bucket: Mortal, go_through: Journey, request: pytest.FixtureRequest
) -> None:
    go_through(page, mortal_bucket, random.Random(request.node.name))
