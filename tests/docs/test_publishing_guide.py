"""The publishing guide, executed: its specification is published over data as it describes them."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.journeys.conftest import begin_home, manage, started
from tests.samples import em_levels, write_image

CHECKOUT = Path(__file__).parents[2]
GUIDE = (CHECKOUT / "docs" / "guides" / "publishing.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\npython (.*)\n```", GUIDE)
PROGRAM = "".join(re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL))
(SPECIFICATION,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide")
    write_image(folder / "cells" / "cell-1.zarr" / "em", em_levels())
    write_image(folder / "cells" / "cell-1.zarr" / "labels" / "mito", [np.ones((40, 48, 56), "u2")])
    (folder / "cell-1.toml").write_text(SPECIFICATION, encoding="utf-8")
    begin_home(folder / "home", tmp_path_factory)
    return folder


def _run(folder: Path, command: str) -> "subprocess.CompletedProcess[str]":
    script, *arguments = command.split()
    environment = os.environ | {
        "CISTERNA_HOME": str(folder / "home"),
        "CISTERNA_ROOT_DATA": folder.as_uri(),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    return subprocess.run(
        [sys.executable, str(CHECKOUT / script), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_its_commands_do_what_it_says(folder: Path) -> None:
    inspect, publish = COMMANDS
    inspected = _run(folder, inspect)
    assert inspected.returncode == 0, inspected.stderr
    assert "can be published" in inspected.stdout

    published = _run(folder, publish)
    assert published.returncode == 0, published.stderr
    assert "cell-1@1: published" in published.stdout

    again = _run(folder, publish)
    assert again.returncode == 0
    assert "nothing changed" in again.stdout


def test_a_field_that_is_not_known_is_an_error_that_names_the_known_ones(folder: Path) -> None:
    (folder / "wrong.toml").write_text(SPECIFICATION.replace("keywords =", "tags ="), encoding="utf-8")
    refused = _run(folder, "manage.py publish wrong.toml")
    assert refused.returncode == 1
    assert "specification-invalid" in refused.stderr
    assert "tags: Unknown field. Known here: name, title" in refused.stderr


def test_its_program_makes_the_next_version(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an account that owns the dataset, in a portal that serves it."""
    settings = {"CISTERNA_ROOT_DATA": folder.as_uri(), "DJANGO_SUPERUSER_PASSWORD": "long and odd"}
    printed = manage(
        folder / "home",
        ["createsuperuser", "--noinput", "--username=ada", "--email="],
        ["membership", "grant", "ada", "owner", "--dataset=cell-1"],
        ["token", "create", "ada", "--scope=publish"],
        **settings,
    )
    (token,) = re.findall(r"Bearer token +(\S+)", printed)
    monkeypatch.setenv("TOKEN", token)
    done: dict[str, Any] = {}
    with started(folder / "home", [str(CHECKOUT / "manage.py"), "serve"], **settings) as portal:
        exec(compile(PROGRAM.replace("https://cells.example.org", portal.url), "publishing.md", "exec"), done)
        with contextlib.closing(done["datasets"]) as datasets:
            assert done["stale"].status_code == 409
            assert done["current"]["said"] == {"title": "A HeLa cell"}
            newest = datasets.get(f"{portal.url}/api/v1/datasets/cell-1/").json()
            assert done["published"].json() == newest
            before, after = (datasets.get(f"cell-1@{number}/").json() for number in (1, 2))
    assert (after["title"], after["change_note"]) == ("A HeLa cell in interphase", "Names another paper")
    assert [each["doi"] for each in after["publications"]] == ["10.1000/example", "10.1000/another"]
    differing = {name for name in after if after[name] != before[name]}
    expected = {"title", "change_note", "publications", "keywords", "version", "url", "page_url", "data_url"}
    expected |= {"published_at", "record_digest", "thumbnail_url"}
    assert differing == expected | {"volumes"}, "volumes: their addresses"
