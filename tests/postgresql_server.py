"""A PostgreSQL server of one's own: in a folder that goes away, on a socket there, on no port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def find_server() -> Path | None:
    """The newest program ``postgres`` that is here."""
    newest = max(Path("/usr/lib/postgresql").glob("*/bin/postgres"), default=None)
    return newest or (Path(found) if (found := shutil.which("postgres")) else None)


@contextmanager
def postgresql(server: Path, *, durable: bool = False) -> Iterator[str]:
    """The address of an empty database on a new server, as ``CISTERNA_DATABASE`` takes it.

    Args:
        server: the program ``postgres``; its others lie beside it.
        durable: whether it waits for the disk, as a server that keeps anything does.
    """
    # A short path, since a socket's may have no more than 107 bytes.
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    owner = _owner()
    os.chown(folder, owner.pw_uid, owner.pw_gid)

    def run(program: str, *arguments: str) -> None:
        _run(server, folder, program, *arguments)

    run("initdb", "--pgdata", f"{folder}/data", "--auth", "trust", "--username", "cisterna", "--encoding", "UTF8",
        "--no-locale", "--no-sync")  # fmt: skip
    waits = "" if durable else " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    options = f"-c listen_addresses='' -c unix_socket_directories={folder}{waits}"
    run("pg_ctl", "--pgdata", f"{folder}/data", "--log", f"{folder}/log", "--wait", "-o", options, "start")
    try:
        run("createdb", "--host", str(folder), "--username", "cisterna", "cisterna")
        yield f"postgresql://cisterna@{str(folder).replace('/', '%2F')}/cisterna"
    finally:
        run("pg_ctl", "--pgdata", f"{folder}/data", "--mode", "immediate", "stop")
        subprocess.run(["rm", "-rf", str(folder)], check=True)


def restart(server: Path, address: str) -> None:
    """Have the server at ``address`` fall, and come up again: connections break, and what was committed is there."""
    folder = Path(address.partition("@")[2].rpartition("/")[0].replace("%2F", "/"))
    _run(server, folder, "pg_ctl", "--pgdata", f"{folder}/data", "--log", f"{folder}/log", "--wait", "--mode",
         "immediate", "restart")  # fmt: skip


def _run(server: Path, folder: Path, program: str, *arguments: str) -> None:
    owner = _owner()
    done = subprocess.run(
        [str(server.with_name(program)), *arguments],
        cwd=folder, user=owner.pw_uid, group=owner.pw_gid, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def _owner() -> pwd.struct_passwd:
    """The server's own user, since it refuses root."""
    return pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
