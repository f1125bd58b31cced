"""The guide to S3 tools, run as it stands over the demo; with a token where it says so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.conftest import CHECKOUT, Demo, alone, clean_environment, files_in
from tests.serving.test_streaming import eventually

GUIDE = (CHECKOUT / "docs" / "guides" / "s3.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


def attempt(command: list[str], demo: Demo, folder: Path) -> "subprocess.CompletedProcess[str]":
    """A command, run by somebody who has configured nothing."""
    command = [part.replace("https://cells.example.org", demo.url) for part in command]
    return subprocess.run(command, cwd=folder, env=alone(folder), capture_output=True, text=True, check=False)


def run(command: list[str], demo: Demo, folder: Path) -> str:
    """What it prints."""
    done = attempt(command, demo, folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_copied(demo: Demo, layer: str, copy: Path) -> None:
    files = files_in(demo.sample / layer)
    assert len(files) > 4
    assert files_in(copy) == files


def test_aws_lists_and_copies(either_demo: Demo, tmp_path: Path) -> None:
    command = ["sh", "-ec", SHELL[0]]
    first, second = run(command, either_demo, tmp_path), run(command, either_demo, tmp_path)
    assert "PRE labels/" in first
    assert_copied(either_demo, "labels/ffn", tmp_path / "ffn")
    assert "download:" in first
    assert "download:" not in second


def test_rclone_copies(either_demo: Demo, rclone: Path, tmp_path: Path) -> None:
    run(["sh", "-ec", SHELL[1]], either_demo, tmp_path)
    assert_copied(either_demo, "em", tmp_path / "em")


def test_s5cmd_copies(either_demo: Demo, tmp_path: Path) -> None:
    run(["sh", "-ec", SHELL[2]], either_demo, tmp_path)
    assert_copied(either_demo, "labels/ffn", tmp_path / "ffn")


@pytest.mark.parametrize("code", PYTHON, ids=["zarr", "tensorstore"])
def test_python_reads(either_demo: Demo, tmp_path: Path, code: str) -> None:
    assert run([sys.executable, "-c", code], either_demo, tmp_path) == "(250, 250, 250) True\n"


def test_a_token_opens_what_its_account_may_see(demo: Demo, tmp_path: Path) -> None:
    def manage(*arguments: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=CHECKOUT, env=clean_environment(demo.home) | environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    manage("createsuperuser", "--noinput", "--username=reader", "--email=", DJANGO_SUPERUSER_PASSWORD="long and odd")
    shown = manage("token", "create", "reader")
    key_id, secret = (re.findall(rf"{name} +(\S+)", shown)[0] for name in ("S3 access key id", "S3 secret access key"))
    command = SHELL[3].replace("CST...", key_id).replace("KEY=...", f"KEY={secret}")
    assert "fib25-ts2.v1" in run(["sh", "-ec", command], demo, tmp_path)
    manage("token", "revoke", key_id)
    assert eventually(lambda: "InvalidAccessKeyId" in attempt(["sh", "-ec", command], demo, tmp_path).stderr)
