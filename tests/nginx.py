"""The nginx arrangement of ``deploy/nginx`` on loopback, in front of a portal, its addresses changed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.s3_server import free_port

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "nginx"


@dataclass(frozen=True)
class Nginx:
    port: int
    folder: Path
    process: "subprocess.Popen[bytes]"

    @property
    def access_log(self) -> Path:
        return self.folder / "access.log"


def write_configuration(
    folder: Path, *, home: Path, application_port: int, port: int, workers: int = 1, certificate: Path | None = None
) -> Path:
    """The arrangement as an operator sets it up, everything that it writes in ``folder``."""
    for name in ("cisterna-file.conf", "cisterna-headers.conf"):
        shutil.copy(CONFIGURATION / name, folder)
    listening = f" ssl http2; ssl_certificate {certificate}; ssl_certificate_key {certificate}" if certificate else ""
    text = (CONFIGURATION / "cisterna.conf").read_text()
    for before, after in (
        (r"server 127\.0\.0\.1:8000;", f"server 127.0.0.1:{application_port};"),
        (r"listen 127\.0\.0\.1:8080;", f"listen 127.0.0.1:{port}{listening};"),
        (r"root /var/lib/cisterna;", f"root {home};"),
        (r"/var/cache/nginx/", f"{folder}/"),
        (r"/var/log/nginx/cisterna\.log", f"{folder}/access.log"),
    ):
        text, count = re.subn(before, after, text)
        assert count, f"deploy/nginx/cisterna.conf has no {before}"
    (folder / "cisterna.conf").write_text(text)
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "nginx.conf"
    main.write_text(
        f"daemon off; worker_processes {workers}; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        + ("user root;\n" if os.getuid() == 0 else "")
        + f"events {{ worker_connections 1024; }}\nhttp {{ {temporary} include cisterna.conf; }}\n"
    )
    return main


@contextmanager
def nginx_in_front(
    folder: Path,
    *,
    home: Path,
    application_port: int,
    workers: int = 1,
    certificate: Path | None = None,
    port: int | None = None,
) -> Iterator[Nginx]:
    """A running nginx whose published tree is ``home``/published. With a ``certificate``, which has
    its key in the same file, it speaks HTTPS and HTTP/2."""
    port = port or free_port()
    main = write_configuration(
        folder, home=home, application_port=application_port, port=port, workers=workers, certificate=certificate
    )
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    command = [program, "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(main)]
    process = subprocess.Popen(command)
    try:
        deadline_s = time.monotonic() + 10
        while True:
            if process.poll() is not None:
                raise AssertionError((folder / "error.log").read_text())
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline_s, "nginx does not answer"
                time.sleep(0.02)
        yield Nginx(port, folder, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def make_certificate(folder: Path) -> Path:
    """A certificate for ``localhost``, which nobody has signed, with its key in the same file."""
    key, path = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command, *names, "-keyout", str(key), "-out", str(path)], check=True, capture_output=True)
    path.write_text(path.read_text() + key.read_text())
    return path
