"""Loops compiled by numba: loaded when they are first needed, compiled once for a machine, kept."""

import importlib
import os
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

_kernel_folder: Path | None = None


def keep_kernels_in(folder: Path) -> None:
    """Where compiled loops are kept if the program's own folder cannot be written to. Before they are first used."""
    global _kernel_folder
    _kernel_folder = folder


@cache
def load_kernels(name: str) -> ModuleType:
    """A module of compiled loops of this package: they are kept beside the program, or in the folder named for them."""
    beside = Path(__file__).parent / "__pycache__"
    if _kernel_folder and not os.access(beside if beside.is_dir() else beside.parent, os.W_OK):
        numba: Any = importlib.import_module("numba")
        numba.config.CACHE_DIR = str(_kernel_folder)
    return importlib.import_module(f"datasets.volumes.{name}")
