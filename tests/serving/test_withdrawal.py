"""What is withdrawn is refused by every server process and by nginx when the action has returned."""

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.serving.transports import CHECKOUT


@pytest.mark.nginx
def test_public_and_private_again_under_reading_clients() -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # nginx's workers are somebody else
        done = subprocess.run(
            [sys.executable, "-m", "tests.soak.withdrawal", f"{folder}/home",
             "--datasets=4", "--turns=2", "--readers=4"],
            cwd=CHECKOUT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-5000:]
    readings = {(door, int(status)): int(count) for count, door, status in
                re.findall(r"(\d+) readings through (\w+) +that had to be (\d+)", done.stdout)}  # fmt: skip
    # Every state was met behind both doors, in number.
    assert readings.keys() == {(door, status) for door in ("direct", "nginx") for status in (200, 401, 404, 410)}
    assert min(readings.values()) >= 4 * 4
