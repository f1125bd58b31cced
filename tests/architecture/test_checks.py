"""Every check of ``make check`` is a test: format, lint, types, import rules, migrations, the frontend's own."""

import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


def checks() -> list[str]:
    found = re.search(r"^CHECKS := (.+)$", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
    assert found
    return found[1].split()


@pytest.mark.parametrize("check", checks())
def test_the_tree_passes(check: str) -> None:
    answer = subprocess.run(
        ["make", "--silent", check], cwd=CHECKOUT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
