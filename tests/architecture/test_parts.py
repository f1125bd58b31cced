"""What tests/conftest.py promises, shown by running pytest on a small suite that stands on it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

SUITE = """
import os, socket
from pathlib import Path
import pytest

def test_plain():
    from django.conf import settings
    home = Path(os.environ["CISTERNA_HOME"])
    assert home.is_dir() and settings.CONFIG.home == home.resolve() and "CISTERNA_PUBLIC_URL" not in os.environ
    Path("home-of-" + os.environ.get("PYTEST_XDIST_WORKER", "main")).write_text(str(home))

def test_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass

def test_network():
    with pytest.raises(PermissionError, match="no network"):
        socket.create_connection(("192.0.2.1", 9), timeout=1)

def test_data(shared_data):
    assert (shared_data / "README.md").read_text() == "here"

def test_markers(request):
    assert [it.name for it in request.session.items if it.get_closest_marker("shared_data")] == ["test_data"]
"""


def run_suite(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on SUITE in ``folder``, with the plugins it needs; its environment has no CI unless given."""
    (folder / "tests").mkdir()
    for name in ("conftest.py", "chromium.py", "ports.py", "postgresql_server.py", "s3_server.py"):
        shutil.copy(CHECKOUT / "tests" / name, folder / "tests")
    (folder / "tests" / "test_suite.py").write_text(SUITE)
    inherited = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-c", CHECKOUT / "pyproject.toml", "--rootdir", folder,
         "-p", "no:cacheprovider", "-p", "xdist", "-p", "pytest_django", "tests", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**inherited, "PYTHONPATH": str(CHECKOUT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment},
    )  # fmt: skip


@pytest.fixture
def absent(tmp_path: Path) -> str:
    return str(tmp_path / "absent")


def test_an_absent_part_is_listed_at_the_end_and_the_home_is_not_the_users(tmp_path: Path, absent: str) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    answer = run_suite(
        tmp_path,
        CISTERNA_SHARED_DATA=absent,
        CISTERNA_HOME=str(mine),
        CISTERNA_PUBLIC_URL="https://cells.example.org",
    )
    assert answer.returncode == 0, answer.stdout
    listed = answer.stdout[answer.stdout.index("not run: The data that does not ship is not here") :]
    assert "1 in tests/test_suite.py" in listed
    assert "4 passed, 1 skipped in" in answer.stdout.splitlines()[-1]
    home = Path((tmp_path / "home-of-main").read_text())
    assert home != mine
    assert not home.exists()
    assert list(mine.iterdir()) == []


def test_in_ci_an_absent_part_is_a_failure(tmp_path: Path, absent: str) -> None:
    answer = run_suite(tmp_path, CI="true", CISTERNA_SHARED_DATA=absent)
    assert answer.returncode == 1
    assert "4 passed, 1 error" in answer.stdout.splitlines()[-1]
    assert "Failed: The data that does not ship is not here" in answer.stdout


def test_a_part_that_is_there_is_handed_over_and_each_worker_has_a_home_of_its_own(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "README.md").write_text("here")
    every = ("-n", "2", "--dist", "each")  # every worker runs every test
    answer = run_suite(tmp_path, "-k", "plain or data", *every, CI="true", CISTERNA_SHARED_DATA=str(data))
    assert answer.returncode == 0, answer.stdout
    homes = {path.name: path.read_text() for path in tmp_path.glob("home-of-*")}
    assert homes.keys() == {"home-of-gw0", "home-of-gw1"}
    assert len(set(homes.values())) == 2
