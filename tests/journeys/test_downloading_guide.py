"""The guide to downloading, run as it stands over the demo; with a token where it says so."""

import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.journeys.conftest import CHECKOUT, Demo, alone, clean_environment, files_in

GUIDE = (CHECKOUT / "docs" / "guides" / "downloading.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
COMMANDS = dict(re.findall(r"### (\w+)\n\n(?:[^`#]+)?```sh\n(.*?)```", GUIDE, re.DOTALL))
OTHERS = {
    "one file": "--remote-name",
    "a layer": "path=labels/ffn",
    "a selection": "SELECTION",
    "check": "sha256sum -c --quiet",
    "what does not belong": "comm -13",
    "with a Bearer token": "TOKEN=cst_",
    "with a key": "AWS_ACCESS_KEY_ID",
}
for name, part in OTHERS.items():
    (COMMANDS[name],) = (text for text in SHELL if part in text)


def run(demo: Demo, name: str, home: Path, **replaced: str) -> str:
    """What the command prints."""
    text = COMMANDS[name].replace("https://cells.example.org", demo.url)
    for part, by in replaced.items():
        text = text.replace(part, by)
    done = subprocess.run(["sh", "-ec", text], cwd=home, env=alone(home), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def bearer(demo: Demo) -> tuple[str, str, str]:
    """A token of an account, its S3 key and its secret. The demo has its digests by then."""
    made = demo.manage("manifest", "fib25-ts2@1")
    assert made.returncode == 0, made.stderr
    subprocess.run(
        [sys.executable, "manage.py", "createsuperuser", "--noinput", "--username=fetcher", "--email="],
        cwd=CHECKOUT, check=True, capture_output=True,
        env=clean_environment(demo.home) | {"DJANGO_SUPERUSER_PASSWORD": "long and odd"},
    )  # fmt: skip
    shown = demo.manage("token", "create", "fetcher").stdout
    names = ("Bearer token", "S3 access key id", "S3 secret access key")
    token, key_id, secret = (re.findall(rf"{name} +(\S+)", shown)[0] for name in names)
    return token, key_id, secret


@pytest.mark.parametrize("tool", ["aria2", "s5cmd", "rclone", "aws", "curl"])
def test_every_tool_brings_all_of_it(demo: Demo, bearer: object, rclone: Path, tmp_path: Path, tool: str) -> None:
    """It is the command of the dataset's page."""
    with urlopen(f"{demo.url}/datasets/fib25-ts2@1/") as answer:
        page = html.unescape(answer.read().decode())
    for name in (tool, "check"):
        assert COMMANDS[name].strip().replace("https://cells.example.org", demo.url) in page
    run(demo, tool, tmp_path)
    assert files_in(tmp_path / "fib25-ts2@1") == files_in(demo.sample)
    assert run(demo, "check", tmp_path) == ""
    (tmp_path / "fib25-ts2@1" / "em" / "zarr.json.tmp").touch()
    assert run(demo, "what does not belong", tmp_path) == "em/zarr.json.tmp\n"


def test_a_file_a_layer_and_a_selection(demo: Demo, bearer: tuple[str, str, str], rclone: Path, tmp_path: Path) -> None:
    original = files_in(demo.sample)
    run(demo, "one file", tmp_path)
    assert (tmp_path / "zarr.json").read_bytes() == original["em/zarr.json"]
    run(demo, "a layer", tmp_path)
    layer = {key: content for key, content in original.items() if key.startswith("labels/ffn/")}
    assert files_in(tmp_path / "fib25-ts2@1") == layer
    assert (tmp_path / "ffn.aria2.txt").read_text().count(" out=") == len(layer)
    body = json.dumps({"layers": ["fib25-ts2@1/labels/ffn"]}).encode()
    headers = {"Authorization": f"Bearer {bearer[0]}", "Content-Type": "application/json"}
    shutil.rmtree(tmp_path / "fib25-ts2@1")
    with urlopen(Request(f"{demo.url}/api/v1/selections", body, headers)) as answer:
        run(demo, "a selection", tmp_path, SELECTION=json.load(answer)["id"])
    assert files_in(tmp_path / "fib25-ts2@1") == layer


def test_a_token_opens_what_is_not_public(
    demo: Demo, bearer: tuple[str, str, str], rclone: Path, tmp_path: Path
) -> None:
    """The demo is public; what differs are the credentials, which would be refused if they were wrong."""
    token, key_id, secret = bearer
    run(demo, "with a Bearer token", tmp_path, **{"cst_...": token})
    assert files_in(tmp_path / "fib25-ts2@1") == files_in(demo.sample)
    keys = {"CST...": key_id, "KEY=...": f"KEY={secret}"}
    run(demo, "with a key", tmp_path, **keys)
    assert files_in(tmp_path / "fib25-ts2@1") == files_in(demo.sample)
