"""The machine: versions of what the portal runs on, and room on its disks."""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from datasets.storage.roots import OWN_ROOT, get_root
from portal.config import Config
from portal.doctor.findings import Finding

OLDEST_PYTHON = (3, 12)
OLDEST_NODE = (20, 19)
LEAST_FREE_BYTES = 1 << 30
FEW_FREE_BYTES = 10 << 30


def check_versions() -> Iterator[Finding]:
    """Python runs the portal; Node only builds its frontend."""
    found = f"Python {platform.python_version()}"
    if sys.version_info < OLDEST_PYTHON:
        yield Finding.wrong("python", f"{found} is too old", "Install Python 3.12 or newer, then make install")
    else:
        yield Finding.ok("python", found)
    yield _check_node(shutil.which("node"))


def _check_node(program: str | None) -> Finding:
    fix = "make install takes one into the virtual environment; without building, none is needed"
    if program is None:
        return Finding.advice("node", "There is no Node in the PATH to build the frontend with", fix)
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 (found in the PATH)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding.advice("node", f"{program} does not run: {error}", fix)
    version = re.match(r"v(\d+)\.(\d+)", done.stdout)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_NODE:
        return Finding.advice("node", f"{program} is {done.stdout.strip() or 'broken'}, older than 20.19", fix)
    return Finding.ok("node", f"Node {done.stdout.strip()}")


def check_space(
    config: Config, *, least_bytes: int = LEAST_FREE_BYTES, few_bytes: int = FEW_FREE_BYTES
) -> Iterator[Finding]:
    """Room for the database and for what the portal derives."""
    own = get_root(OWN_ROOT).path
    folders = {"home": config.home, **({"own root": own} if own else {})}
    told: set[int] = set()
    for name, folder in folders.items():
        there = _nearest(folder)
        device = there.stat().st_dev
        if device in told:
            continue
        told.add(device)
        free = shutil.disk_usage(there).free
        what = f"{free / (1 << 30):,.1f} GiB are free where the {name} is ({folder})"
        fix = f"Make room there, or move it: {'CISTERNA_HOME' if name == 'home' else 'CISTERNA_ROOT_OWN'}"
        if free < least_bytes:
            yield Finding.wrong("disk", what, fix)
        elif free < few_bytes:
            yield Finding.advice("disk", what, fix)
        else:
            yield Finding.ok("disk", what)


def _nearest(folder: Path) -> Path:
    """The folder, or the first above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())
