"""How the server is started."""

import resource
import sys
from pathlib import Path

import pytest

from tests.benchmarks.processes import running
from tests.ports import free_port

LIMITED = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (64, int(sys.argv[1]))); " + (
    "os.execv(sys.argv[2], sys.argv[2:])"
)


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="Linux tells the limits of others")
def test_it_may_open_as_many_files_as_its_user_may(folder: Path, tmp_path: Path) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    port = free_port()
    command = [sys.executable, "-c", LIMITED, str(most), sys.executable, "-m", "tests.serving.plane", str(port), "1"]
    with running(command, port, tmp_path / "out", CISTERNA_TEST_PLANE=str(folder)) as pid:
        limits = Path(f"/proc/{pid}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
    assert line.split()[3:5] == [str(most), str(most)]
