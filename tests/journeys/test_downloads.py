"""Downloading as the pages say it, and with manifests as tools take them: awkward names, data that are not public."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.journeys.accessibility import check_rules
from tests.journeys.conftest import Demo, alone, files_in
from tests.samples import write_image

TOOLS = ("aws", "rclone", "s5cmd", "aria2", "curl")
AWKWARD = (
    "em/a b#c?d%é.txt", "em/%41", "em/it's", 'em/"quoted"', "em/$HOME `x`", "em/*", "em/[a-z]?", "em/ before",
    "em/-dash", "em/~", "em/;&|<>(){}",
    "em/a,b", "em/=1+1", "em/細胞", "em/\N{LINE SEPARATOR}", "em/checksum=x", "em/behind ",
)  # fmt: skip
SPECIFICATION = """
name = "awkward"
title = "Awkward"
licence = "CC0-1.0"
data = "own:awkward"
acquisition.method = "FIB-SEM"

[[volumes]]
path = "em"
kind = "em"
title = "Image"
"""
MAKE_TOKEN = """
from django.contrib.auth import get_user_model
from datasets.catalogue.actions.tokens import create_api_token
get_user_model().objects.create_superuser("downloader")
made = create_api_token(username="downloader", label="", scope="read", lifetime=None, by=None)
print(made.bearer, made.token.id, made.s3_secret)
"""


@dataclass(frozen=True)
class Holding:
    """A dataset that is not public, its files by key, and what opens it."""

    url: str
    files: dict[str, bytes]
    token: str
    key_id: str
    secret: str


def run(command: str, folder: Path, **more: str) -> None:
    done = subprocess.run(
        ["sh", "-ec", command], cwd=folder, env=alone(folder, **more), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def holding(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Holding:
    folder = tmp_path_factory.mktemp("awkward")
    write_image(folder / "data" / "em", [np.ones((8, 8, 8), "uint8")])
    for key in AWKWARD:
        (folder / "data" / key).write_bytes(key.encode())
    demo.put(folder / "data", "awkward")
    (folder / "awkward.toml").write_text(SPECIFICATION)
    for command in (["publish", str(folder / "awkward.toml")], ["manifest", "awkward"]):
        done = demo.manage(*command)
        assert done.returncode == 0, done.stderr
    made = demo.manage("shell", "-c", MAKE_TOKEN)
    assert made.returncode == 0, made.stderr
    return Holding(demo.url, files_in(folder / "data"), *made.stdout.split()[-3:])


def test_the_pages_commands_complete_what_another_tool_began(
    page: Page, demo: Demo, rclone: Path, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(f"{demo.url}/datasets/fib25-ts2/")
    assert "310\N{NO-BREAK SPACE}files" in page.locator("section", has=page.locator("#download")).inner_text()
    whole = {tool: str(page.locator(f"#download-{tool}").text_content()) for tool in (*TOOLS, "check")}
    page.goto(f"{demo.url}/datasets/fib25-ts2/segmentations/labels/ffn/")
    layer = {tool: str(page.locator(f"#download-{tool}").text_content()) for tool in (*TOOLS, "check")}
    check_rules(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    run(whole["curl"], tmp_path)
    run(whole["check"], tmp_path)
    folder = tmp_path / "fib25-ts2@1"
    for tool in TOOLS:
        chunks = sorted(it for it in (folder / "labels" / "ffn").rglob("*") if it.is_file())
        for chunk in chunks[:20]:
            chunk.unlink()
        run(layer[tool], tmp_path)
        run(layer["check"], tmp_path)
    shutil.rmtree(folder / "em")
    run(whole["aria2"], tmp_path)
    assert files_in(folder) == files_in(demo.sample)


def test_every_tool_takes_its_manifest_as_it_is(holding: Holding, tmp_path: Path) -> None:
    manifest = f"{holding.url}/api/v1/datasets/awkward@1/manifest"
    header = f'"Authorization: Bearer {holding.token}"'
    keys = {"AWS_ACCESS_KEY_ID": holding.key_id, "AWS_SECRET_ACCESS_KEY": holding.secret}
    for name in ("aria2", "s5cmd", "sha256sum"):
        run(f"curl -fsS -o {name}.txt -H {header} '{manifest}?format={name}'", tmp_path)
    run(f"aria2c -i aria2.txt -d aria2 --header={header}", tmp_path)
    run(f"mkdir s5cmd && cd s5cmd && s5cmd --endpoint-url {holding.url}/s3 run ../s5cmd.txt", tmp_path, **keys)
    assert files_in(tmp_path / "s5cmd") == holding.files
    run("cd s5cmd && sha256sum -c --quiet --strict ../sha256sum.txt", tmp_path)
    told = {key: content for key, content in holding.files.items() if key != "em/behind "}
    assert files_in(tmp_path / "aria2") == told
    assert "# aria2 cannot write a name that ends in a space" in (tmp_path / "aria2.txt").read_text()


def test_a_list_that_breaks_off_is_never_complete(demo: Demo, tmp_path: Path) -> None:
    for path in ("em", "lost"):
        write_image(tmp_path / "data" / path, [np.ones((8, 8, 8), "uint8")])
    many = tmp_path / "data" / "em" / "many"
    many.mkdir()
    for number in range(5100):  # more than one page of a listing
        (many / f"{number}").touch()
    demo.put(tmp_path / "data", "breaking")
    volumes = (
        SPECIFICATION.replace("awkward", "breaking") + '\n[[volumes]]\npath = "lost"\nkind = "em"\ntitle = "Lost"\n'
    )
    (tmp_path / "breaking.toml").write_text(f'visibility = "public"\n{volumes}')
    done = demo.manage("publish", str(tmp_path / "breaking.toml"))
    assert done.returncode == 0, done.stderr
    shutil.rmtree(demo.own / "breaking" / "lost")
    url = f"{demo.url}/api/v1/datasets/breaking@1/manifest?format=urls"
    cut = subprocess.run(["curl", "-fsS", url], capture_output=True, text=True, check=False)
    assert cut.returncode == 18, "curl: transfer closed with outstanding read data remaining"
    assert 0 < cut.stdout.count("\n") <= 5100
    assert subprocess.run(["curl", "-fsSI", url], capture_output=True, check=False).returncode == 0
