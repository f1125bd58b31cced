"""A real S3 server on loopback for tests and for trying things out: one monitor, one store and one gateway of Ceph.

    python -m tests.s3_server FOLDER [PORT]      starts it, prints how to reach it, stops it at Ctrl-C

Debian's packages radosgw, ceph-mon, ceph-osd and ceph-common (deploy/toolchain/system-parts) bring the programs. All it
writes lies in the folder. No manager daemon, no systemd; replication 1; S3 does not miss them.
"""

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from datasets.storage.roots import Root
from tests.ports import free_port

PROGRAMS = ("setpriv", "radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "ceph-authtool", "monmaptool")
KEY, SECRET, REGION = "cisterna-tests", "cisterna-tests-secret", "us-east-1"
GIB = 1 << 30

CONFIGURATION = """
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{mon_port}/0
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
keyring = {folder}/keyring
pid file =
admin socket =
crash dir = {folder}/log
log file = {folder}/log/$name.log
log to stderr = false
mon cluster log file = {folder}/log/cluster.log
mon data = {folder}/mon
mon data avail crit = 1
mon allow pool size one = true
mon max pg per osd = 1000
osd data = {folder}/osd
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd crush chooseleaf type = 0
osd class update on start = false
osd crush update on start = false
# The store is a sparse file, with a small cache: it shares a machine with everything else.
bluestore block size = {size_bytes}
bluestore cache autotune = false
bluestore cache size = 134217728
bluestore fsck on mount = false
osd memory target = 939524096
osd op num shards = 2
osd op num threads per shard = 2
debug ms = 0
debug osd = 0
debug rgw = 0
debug bluestore = 0
debug rocksdb = 0
debug mon = 0
debug paxos = 0

[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw thread pool size = 64
rgw enable usage log = false
rgw enable quota threads = false
rgw run sync thread = false
"""


class ServerDidNotStart(Exception):
    """One of Ceph's programs failed; its log is named."""


@dataclass
class S3Server:
    """Ceph's object gateway over ``folder``."""

    folder: Path
    port: int
    _running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def process_ids(self) -> tuple[int, ...]:
        return tuple(process.pid for process in self._running.values())

    def root(self, url: str, name: str = "bucket", **changes: Any) -> Root:
        """A root at ``url`` (``s3://bucket/prefix``) on this server."""
        options = {"endpoint": self.endpoint, "region": REGION, "key": KEY, "secret": SECRET} | changes
        return Root(name=name, url=url, **options)

    def put_many(self, bucket: str, objects: Mapping[str, bytes]) -> None:
        """Objects by the thousand, at a tenth of what botocore asks of the processor. Keys of plain letters alone."""
        from obstore import put
        from obstore.store import S3Store

        store = S3Store(
            bucket, endpoint=self.endpoint, region=REGION, access_key_id=KEY, secret_access_key=SECRET,
            virtual_hosted_style_request=False, client_options={"allow_http": True},
        )  # fmt: skip
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda key: put(store, key, objects[key], use_multipart=False), objects))

    def start(self) -> None:
        """From an empty folder to a server that answers, in some fifteen seconds."""
        for sub in ("log", "osd"):
            (self.folder / sub).mkdir(parents=True)
        fsid, mon_port = str(uuid4()), free_port()
        (self.folder / "ceph.conf").write_text(
            CONFIGURATION.format(
                fsid=fsid, folder=self.folder, port=self.port, mon_port=mon_port, size_bytes=8 * GIB
            ).lstrip()
        )
        keyring = self.folder / "keyring"
        for name, rights in {  # Ceph's own keys, not those of S3
            "mon.": ("mon", "allow *"),
            "client.admin": ("mon", "allow *", "osd", "allow *", "mgr", "allow *"),
            "osd.0": ("mon", "allow profile osd", "osd", "allow *"),
            "client.rgw": ("mon", "allow rw", "osd", "allow rwx"),
        }.items():
            new = () if keyring.exists() else ("--create-keyring",)
            caps = [word for who, what in zip(rights[::2], rights[1::2], strict=True) for word in ("--cap", who, what)]
            self._run("ceph-authtool", keyring, *new, "--gen-key", "-n", name, *caps)
        monmap = self.folder / "monmap"
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{mon_port}]", monmap)
        self._run("ceph-mon", "-i", "a", "--mkfs", "--monmap", monmap, "--keyring", keyring)
        self._launch("ceph-mon", "-i", "a", "-f")
        self._wait_for(mon_port, "ceph-mon")
        osd_id = str(uuid4())
        self._run("ceph", "osd", "new", osd_id, "0")
        self._run("ceph", "osd", "crush", "add", "0", "1.0", "root=default", "host=localhost")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd_id)
        self._launch("ceph-osd", "-i", "0", "-f")
        self._run(
            "radosgw-admin", "-n", "client.rgw", "user", "create", "--uid=tests", "--display-name=tests",
            f"--access-key={KEY}", f"--secret={SECRET}",
        )  # fmt: skip
        self.start_gateway()

    def start_gateway(self) -> None:
        self._launch("radosgw", "-n", "client.rgw", "-f")
        self._wait_for(self.port, "radosgw")

    @property
    def has_gateway(self) -> bool:
        return "radosgw" in self._running

    def stop_gateway(self, how: int = signal.SIGTERM) -> None:
        """The S3 server goes, what it stored stays."""
        self._end("radosgw", how)

    def stop(self) -> None:
        for name in reversed(list(self._running)):
            self._end(name, signal.SIGKILL)  # nobody needs the data any more

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [program, "-c", str(self.folder / "ceph.conf"), *map(str, arguments)]
            if program not in ("ceph-authtool", "monmaptool")
            else [program, *map(str, arguments)],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode:
            raise ServerDidNotStart(f"{program} {arguments}: {done.stdout}{done.stderr}")

    def _launch(self, program: str, *arguments: str) -> None:
        with (self.folder / "log" / f"{program}.out").open("ab") as log:
            self._running[program] = subprocess.Popen(
                # It ends with whoever started it, also when that is killed.
                ["setpriv", "--pdeathsig", "KILL", program, "-c", str(self.folder / "ceph.conf"), *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _end(self, program: str, how: int) -> None:
        process = self._running.pop(program)
        process.send_signal(how)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait_for(self, port: int, program: str) -> None:
        deadline_s = time.monotonic() + 60
        while self._running[program].poll() is None and time.monotonic() < deadline_s:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return
            time.sleep(0.05)
        raise ServerDidNotStart(f"{program} does not answer; see {self.folder / 'log'}")


def find_programs() -> Path | None:
    """The gateway's path if everything is here."""
    found = {program: shutil.which(program) for program in PROGRAMS}
    return Path(found["radosgw"] or "") if all(found.values()) else None


@contextlib.contextmanager
def s3_server_in(folder: Path, port: int | None = None) -> Iterator[S3Server]:
    """A server over the empty ``folder``, stopped at the end."""
    server = S3Server(folder, port or free_port())
    try:
        server.start()
        yield server
    finally:
        server.stop()


if __name__ == "__main__":
    with s3_server_in(Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else None) as server:
        print(f"AWS_ENDPOINT_URL={server.endpoint}\nAWS_ACCESS_KEY_ID={KEY}\nAWS_SECRET_ACCESS_KEY={SECRET}")
        print(f"AWS_DEFAULT_REGION={REGION}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
