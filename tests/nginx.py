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

from tests.ports import free_port

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "nginx"


@dataclass(frozen=True)
class Nginx:
    port: int
    folder: Path
    process: "subprocess.Popen[bytes]"

    @property
    def worker_pid(self) -> int:
        """One of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        workers = [int(pid) for pid in children if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        return workers[0]

    def open_descriptors(self) -> int:
        """Of that worker."""
        return len(list(Path(f"/proc/{self.worker_pid}/fd").iterdir()))

    def logs(self) -> dict[str, str]:
        """What it has written, by name of the file."""
        return {path.name: path.read_text(errors="replace") for path in self.folder.glob("*.log")}


def write_configuration(
    folder: Path, *, home: Path, application_port: int, port: int, workers: int = 1, certificate: Path | None = None
) -> Path:
    """The arrangement as an operator sets it up, everything that it writes in ``folder``."""
    for name in ("cisterna-file.conf", "cisterna-headers.conf"):
        shutil.copy(CONFIGURATION / name, folder)
    listening = f" ssl http2; ssl_certificate {certificate}; ssl_certificate_key {certificate}" if certificate else ""
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    _copy(
        "cisterna.conf",
        folder,
        (r"server 127\.0\.0\.1:8000;", f"server 127.0.0.1:{application_port};"),
        (r"listen 127\.0\.0\.1:8080;", f"listen 127.0.0.1:{port}{listening};"),
        (r"root /var/lib/cisterna;", f"root {home};"),
        (r"/var/cache/nginx/", f"{folder}/"),
        (r"/var/log/nginx/cisterna\.log", f"{folder}/access.log"),
        (r"/var/log/nginx/cisterna-error\.log", f"{folder}/request-error.log"),
    )
    return _copy(
        "nginx.conf",
        folder,
        (r"\A", "daemon off;\n" + ("user root;\n" if os.getuid() == 0 else "")),
        (r"worker_processes auto;", f"worker_processes {workers};"),
        (r"/run/nginx\.pid", f"{folder}/nginx.pid"),
        (r"/var/log/nginx/error\.log", f"{folder}/error.log"),
        (r"http \{", f"http {{ {temporary}"),
    )


def _copy(name: str, folder: Path, *changes: tuple[str, str]) -> Path:
    text = (CONFIGURATION / name).read_text()
    for before, after in changes:
        text, count = re.subn(before, after, text)
        assert count, f"deploy/nginx/{name} has no {before}"
    (folder / name).write_text(text)
    return folder / name


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
