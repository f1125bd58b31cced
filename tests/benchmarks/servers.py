"""The servers that are measured over one folder of objects: each a line of the table, started alone."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from datasets.storage.published_tree import PublishedTree
from tests.benchmarks.load import Target
from tests.benchmarks.processes import CHECKOUT, DidNotStart, running
from tests.nginx import nginx_in_front
from tests.ports import free_port
from tests.s3_server import KEY, SECRET
from tests.serving.conftest import place_published
from tests.serving.plane import TOKEN, snapshot_of

# Addresses are asked for as Neuroglancer writes them: name%401.
OBJECTS_BELOW = "own/cells/1"  # of the place that tests/serving/plane.py serves
PROGRAMS = CHECKOUT / ".venv/bench/bin"

_STATIC = """
daemon off; worker_processes 1; pid {top}/static.pid; error_log {top}/static.log; {user}
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; default_type application/octet-stream;
  client_body_temp_path {top}/t1; proxy_temp_path {top}/t2; fastcgi_temp_path {top}/t3; uwsgi_temp_path {top}/t4;
  scgi_temp_path {top}/t5;
  server {{ listen 127.0.0.1:{port}{listening}; root {files}; }}
}}
"""

_CADDY = """
{{
  admin off
  auto_https off
}}
http://127.0.0.1:{port} {{
  root * {files}
  file_server
}}
"""

_X2S3 = """
log_level: ERROR
ui: false
targets:
  - name: bench
    client: {client}
    options: {{{options}}}
"""

_ZARR = """
from zarr.storage import LocalStore
from zarr_http_server import store_app

app = store_app(LocalStore({files!r}, read_only=True))
"""


@dataclass(frozen=True)
class Line:
    """One server. ``start`` is given a folder of its own and the place whose objects it serves."""

    name: str
    start: Callable[[Path, str], AbstractContextManager[Target]]


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if found is None:
        raise DidNotStart(f"{name} is not installed")
    return found


@contextmanager
def nginx_static(top: Path, place: str) -> Iterator[Target]:
    """nginx over the files, and nothing else: the reference."""
    with nginx_over(top, Path(place) / OBJECTS_BELOW) as target:
        yield target


@contextmanager
def nginx_over(top: Path, files: Path, certificate: Path | None = None) -> Iterator[Target]:
    """nginx over any folder; with a certificate, which has its key in the same file, over HTTPS and HTTP/2."""
    port = free_port()
    configuration = top / "static.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    listening = f" ssl http2; ssl_certificate {certificate}; ssl_certificate_key {certificate}" if certificate else ""
    configuration.write_text(_STATIC.format(top=top, user=user, port=port, listening=listening, files=files))
    command = [_program("nginx"), "-c", str(configuration), "-e", str(top / "static.log")]
    with running(command, port, top / "nginx.out") as pid:
        yield Target(port, (pid,))


def embedded(
    processes: int, *, dataset: str = "frozen@1", redirects: bool = False, **headers: str
) -> Callable[..., AbstractContextManager[Target]]:
    """Our own server, as ``manage.py serve`` runs it, without Django behind."""

    @contextmanager
    def start(top: Path, place: str) -> Iterator[Target]:
        port = free_port()
        command = [sys.executable, "-m", "tests.serving.plane", str(port), str(processes)]
        redirect = place if redirects else ""
        with running(
            command, port, top / "portal.out", CISTERNA_TEST_PLANE=place, CISTERNA_TEST_PLANE_REDIRECT=redirect
        ) as pid:
            yield Target(port, (pid,), f"/data/{dataset.replace('@', '%40')}/", headers, redirects=redirects)

    return start


def in_front(*, dataset: str = "frozen@1", **headers: str) -> Callable[..., AbstractContextManager[Target]]:
    """deploy/nginx in front of our own server."""

    @contextmanager
    def start(top: Path, place: str) -> Iterator[Target]:
        place_published(snapshot_of(place), PublishedTree(top / "published"))
        folder = top / "nginx"
        folder.mkdir()
        with (
            embedded(1)(top, place) as portal,
            nginx_in_front(folder, home=top, application_port=portal.port) as front,
        ):
            yield Target(
                front.port, (front.process.pid, *portal.pids), f"/data/{dataset.replace('@', '%40')}/", headers
            )

    return start


@contextmanager
def caddy(top: Path, place: str) -> Iterator[Target]:
    port, configuration = free_port(), top / "Caddyfile"
    configuration.write_text(_CADDY.format(port=port, files=Path(place) / OBJECTS_BELOW))
    command = [_program("caddy"), "run", "--adapter", "caddyfile", "--config", str(configuration)]
    with running(command, port, top / "caddy.out", XDG_DATA_HOME=str(top), XDG_CONFIG_HOME=str(top)) as pid:
        yield Target(port, (pid,))


@contextmanager
def rclone(top: Path, place: str) -> Iterator[Target]:
    port = free_port()
    command = [_program("rclone"), "serve", "http", "--addr", f"127.0.0.1:{port}", "--read-only", "--config", ""]
    with running([*command, str(Path(place) / OBJECTS_BELOW)], port, top / "rclone.out") as pid:
        yield Target(port, (pid,))


@contextmanager
def x2s3(top: Path, place: str) -> Iterator[Target]:
    """Over a folder, or over a bucket of Ceph's."""
    client, options, prefix = "file", f"path: {Path(place) / OBJECTS_BELOW}", "/bench/"
    if place.startswith("http:"):
        endpoint, _, bucket = place.rpartition("/")
        for name, value in (("id", KEY), ("secret", SECRET)):
            (top / name).write_text(value)
        keys = f"access_key_path: {top}/id, secret_key_path: {top}/secret"
        client, options = "aioboto", f"bucket: {bucket}, endpoint: '{endpoint}', {keys}"
        prefix = f"/bench/{OBJECTS_BELOW}/"
    (top / "config.yaml").write_text(_X2S3.format(client=client, options=options))
    (top / "static").mkdir()  # it asks for one
    with _uvicorn("x2s3.app:app", top) as (port, pid):
        yield Target(port, (pid,), prefix)


@contextmanager
def zarr_http_server(top: Path, place: str) -> Iterator[Target]:
    (top / "served_store.py").write_text(_ZARR.format(files=str(Path(place) / OBJECTS_BELOW)))
    with _uvicorn("served_store:app", top) as (port, pid):
        yield Target(port, (pid,))


@contextmanager
def _uvicorn(application: str, top: Path) -> Iterator[tuple[int, int]]:
    """A peer written in Python, in ``make bench``'s environment, on the fastest loop and parser there are."""
    python = PROGRAMS / "python"
    if not python.exists():
        raise DidNotStart("make bench installs it into .venv/bench")
    port = free_port()
    command = [str(python), "-m", "uvicorn", application, "--port", str(port), "--log-level", "error"]
    options = ["--no-access-log", "--loop", "uvloop", "--http", "httptools", "--app-dir", str(top)]
    launch = f"import os, sys; os.chdir({str(top)!r}); os.execv(sys.argv[1], sys.argv[1:])"  # settings lie beside
    with running([sys.executable, "-c", launch, *command, *options], port, top / "peer.out") as pid:
        yield port, pid


REFERENCE = Line("nginx static", nginx_static)
LINES = [
    Line("nginx arrangement, public", in_front()),
    Line("nginx arrangement, embargoed", in_front(dataset="secret@1", Authorization=f"Bearer {TOKEN.decode()}")),
    Line("embedded, 1 process", embedded(1)),
    Line("embedded, 2 processes", embedded(2)),
    Line("Caddy", caddy),
    Line("rclone serve http", rclone),
    Line("zarr-http-server", zarr_http_server),
    Line("x2s3", x2s3),
]
