"""The catalogue on PostgreSQL: the tests of what reads and writes it, run once more on a server of their own."""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import POSTGRESQL

CHECKOUT = Path(__file__).resolve().parents[2]
SUITES = ("tests/catalogue", "tests/publishing/test_publish.py", "tests/serving/test_catalogue_snapshot.py")
WITHOUT_ROWS = (
    "citations",
    "downloads",
    "opening",
    "palette",
    "presentation",
    "previews",
    "slice_views",
    "slices_page",
)
"""Of the catalogue's, what asks the database for nothing but a version as the pages do: any database will do."""


@pytest.fixture
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database on a new server that listens on a socket of its own, on no port."""
    server = POSTGRESQL.find()
    assert server is not None, POSTGRESQL.absence
    # A short path, since a socket's may have no more than 107 bytes; its own user, since the server refuses root.
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    owner = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    os.chown(folder, owner.pw_uid, owner.pw_gid)

    def run(program: str, *arguments: str) -> None:
        command = [str(server.with_name(program)), *arguments]
        done = subprocess.run(
            command, cwd=folder, user=owner.pw_uid, group=owner.pw_gid, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    run("initdb", "--pgdata", f"{folder}/data", "--auth", "trust", "--username", "cisterna", "--encoding", "UTF8",
        "--no-locale", "--no-sync")  # fmt: skip
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "--pgdata", f"{folder}/data", "--log", f"{folder}/log", "--wait", "-o", options, "start")
    try:
        run("createdb", "--host", str(folder), "--username", "cisterna", "cisterna")
        yield f"postgresql://cisterna@{str(folder).replace('/', '%2F')}/cisterna"
    finally:
        run("pg_ctl", "--pgdata", f"{folder}/data", "--mode", "immediate", "stop")
        subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_the_catalogue_passes_its_tests_on_postgresql(postgresql: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not browser", *SUITES,
         *(f"--ignore=tests/catalogue/test_{name}.py" for name in WITHOUT_ROWS)],
        cwd=CHECKOUT, env=environment | {"CISTERNA_TEST_DATABASE": postgresql}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:]
    assert " passed" in done.stdout
