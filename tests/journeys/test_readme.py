"""The README's five minutes, executed against a running demo. (Its two commands are what CI runs.)"""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.journeys.conftest import CHECKOUT, Portal
from tests.samples import em_levels, write_image

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
BLOCKS = [
    (language, re.sub(r"^   ", "", code, flags=re.MULTILINE))
    for language, code in re.findall(r"^ *```(sh|python)\n(.*?)^ *```$", README, re.DOTALL | re.MULTILINE)
]


def _blocks(language: str, word: str) -> list[str]:
    return [code for found, code in BLOCKS if found == language and word in code]


def test_every_block_is_covered_here() -> None:
    covered = [
        *_blocks("python", "zarr"),
        *_blocks("sh", "curl"),
        *_blocks("sh", "inspect"),
        "make demo\n",
        "make test\n",
    ]
    assert sorted(covered) == sorted(code for _, code in BLOCKS)


def test_its_python_reads_the_demo(demo: Portal) -> None:
    (code,) = _blocks("python", "zarr")
    done = subprocess.run(
        [sys.executable, "-c", code.replace("http://127.0.0.1:8000", demo.url)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("(250, 250, 250) [[")


def test_its_curl_asks_the_api(demo: Portal) -> None:
    (code,) = _blocks("sh", "curl")
    done = subprocess.run(
        ["bash", "-c", code.replace("http://127.0.0.1:8000", demo.url)], capture_output=True, text=True, check=True
    )
    assert '"name":"fib25-ts2"' in done.stdout


def test_its_inspection_looks_at_a_folder_of_ones_own(tmp_path: Path) -> None:
    (code,) = _blocks("sh", "inspect")
    write_image(tmp_path / "data" / "cell.zarr", em_levels())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    done = subprocess.run(
        ["bash", "-c", code.replace(".venv/bin/python", sys.executable)],
        cwd=CHECKOUT,
        env=environment | {"HOME": str(tmp_path), "CISTERNA_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "can be published" in done.stdout
