"""The publishing guide, executed: its specification is published over data as it describes them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.samples import em_levels, write_image

CHECKOUT = Path(__file__).parents[2]
GUIDE = (CHECKOUT / "docs" / "guides" / "publishing.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\npython (.*)\n```", GUIDE)
(SPECIFICATION,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide")
    write_image(folder / "cells" / "cell-1.zarr" / "em", em_levels())
    write_image(folder / "cells" / "cell-1.zarr" / "labels" / "mito", [np.ones((40, 48, 56), "u2")])
    (folder / "cell-1.toml").write_text(SPECIFICATION, encoding="utf-8")
    assert _run(folder, "manage.py migrate").returncode == 0
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
