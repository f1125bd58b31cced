"""What every command of the operator says when it cannot begin."""

import subprocess
import sys
from pathlib import Path

from tests.journeys.conftest import CHECKOUT, clean_environment


def test_a_home_without_a_database_is_told_what_it_lacks(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "thumbnails"],
        cwd=CHECKOUT, env=clean_environment(tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "run manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr
