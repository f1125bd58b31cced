"""Which room may know which. The contracts of .importlinter hold for the tree, and each is shown to bite."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
CONTRACTS = CHECKOUT / ".importlinter"
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

# A module, an import it must not have, the contract that says so.
FORBIDDEN = [
    ("datasets.volumes.axes", "datasets.storage.roots", "Imports go one way"),
    ("datasets.storage.roots", "datasets.catalogue.models", "Imports go one way"),
    ("datasets.catalogue.models", "datasets.serving.core", "Imports go one way"),
    ("datasets.catalogue.models", "portal.config", "Imports go one way"),
    ("datasets.serving.core", "datasets.processing.jobs", "Imports go one way"),
    ("datasets.analysis.tables", "datasets.serving.core", "Imports go one way"),
    ("datasets.serving.core", "datasets.publishing.specification", "Imports go one way"),
    ("datasets.volumes.axes", "zarr", "Only storage speaks"),
    ("datasets.publishing.specification", "fsspec.implementations.local", "Only storage speaks"),
    ("portal.config", "s3fs", "Only storage speaks"),
    ("datasets.processing.jobs", "obstore", "Only storage speaks"),
    ("datasets.serving.core", "pyarrow.parquet", "Only storage reads and writes Parquet"),
    ("datasets.catalogue.models", "neuroglancer.viewer_state", "Only catalogue.neuroglancer_links"),
    ("datasets.processing.jobs", "duckdb", "Only analysis"),
    ("datasets.serving.core", "dask.array", "Only processing"),
    ("datasets.volumes.axes", "django.db", "volumes and storage know no framework"),
    ("datasets.storage.roots", "rest_framework", "volumes and storage know no framework"),
    ("datasets.serving.core", "django.http", "The data plane's core knows no framework"),
]
# Imports that are meant, the same libraries among them.
ALLOWED = [
    ("datasets.serving.asgi", "datasets.serving.core"),
    *(
        (f"datasets.serving.{name}", "os")
        for name in (
            "answers",
            "conditions",
            "delivery",
            "fetching",
            "listing",
            "protocol",
            "ranges",
            "server",
            "snapshot",
        )
    ),
    ("datasets.storage.roots", "zarr"),
    ("datasets.storage.roots", "pyarrow"),
    ("datasets.catalogue.neuroglancer_links", "neuroglancer"),
    ("datasets.analysis.tables", "duckdb"),
    ("datasets.processing.jobs", "dask"),
    ("datasets.serving.catalogue_snapshot", "datasets.catalogue.models"),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--no-logo", CONTRACTS], cwd=folder, capture_output=True, text=True, check=False
    )


def broken(answer: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in answer.stdout.splitlines() if " BROKEN" in line]


@pytest.fixture
def empty_house(tmp_path: Path) -> Path:
    """The rooms of today and those to come, with the modules named above, empty."""
    for rule in (*FORBIDDEN, *ALLOWED):
        for module in rule[:2]:
            if module.startswith(("portal.", "datasets.")):
                write(tmp_path, module, "sys")
    return tmp_path


def write(house: Path, module: str, imported: str) -> None:
    path = house.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    for parent in path.relative_to(house).parents[:-1]:
        (house / parent / "__init__.py").touch()
    path.write_text(f"def use():\n    import {imported}\n")  # an import inside a function counts as well


def test_the_tree_keeps_every_contract() -> None:
    answer = lint(CHECKOUT)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(("module", "imported", "contract"), FORBIDDEN)
def test_a_contract_breaks(empty_house: Path, module: str, imported: str, contract: str) -> None:
    write(empty_house, module, imported)
    answer = lint(empty_house)
    assert any(name.startswith(contract) for name in broken(answer)), answer.stdout + answer.stderr


def test_the_core_is_kept_from_django_through_others(empty_house: Path) -> None:
    write(empty_house, "datasets.catalogue.models", "django.db")
    write(empty_house, "datasets.serving.asgi", "datasets.catalogue.models")
    assert any(name.startswith("The data plane's core") for name in broken(lint(empty_house)))


def test_what_is_allowed_breaks_nothing(empty_house: Path) -> None:
    for module, imported in ALLOWED:
        write(empty_house, module, imported)
    answer = lint(empty_house)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders or ("portal", "datasets"):
        yield from sorted((CHECKOUT / folder).rglob("*.py"))


def test_every_package_of_datasets_has_a_layer() -> None:
    layers = CONTRACTS.read_text()
    packages = {path.parent.name for path in (CHECKOUT / "datasets").glob("*/__init__.py")}
    assert packages
    assert {package for package in packages if f"datasets.{package}" not in layers} == set()


def test_volumes_imports_numpy_numba_and_the_standard_library_only() -> None:
    allowed = {*sys.stdlib_module_names, "numpy", "numba", "datasets"}
    strangers = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno} imports {module}"
        for path in python_files("datasets/volumes")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.stmt)
        for module in imported_modules(node)
        if module.split(".")[0] not in allowed
    ]
    assert strangers == []


def imported_modules(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
        case _:
            return []


def test_only_portal_config_reads_the_environment() -> None:
    readers = [
        f"{path.relative_to(CHECKOUT)}:{node.lineno}"
        for path in (*python_files(), CHECKOUT / "manage.py")
        if path != CHECKOUT / "portal" / "config.py"
        for node in environment_uses(ast.parse(path.read_text()))
    ]
    assert readers == []


def environment_uses(tree: ast.Module) -> list[ast.expr | ast.stmt]:
    """Uses of the environment, save for ``os.environ.setdefault("DJANGO_SETTINGS_MODULE", …)``, which reads nothing."""
    harmless = {
        id(node.func.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "setdefault"
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value == "DJANGO_SETTINGS_MODULE"
    }
    names = {"environ", "environb", "getenv", "getenvb"}
    uses: list[ast.expr | ast.stmt] = []
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=attr) if attr in names and id(node) not in harmless:
                uses.append(node)
            case ast.ImportFrom(module="os", names=aliases) if any(alias.name in names for alias in aliases):
                uses.append(node)
            case _:
                pass
    return uses


@pytest.mark.parametrize(
    ("code", "uses"),
    [
        ("import os\nos.environ['HOME']", 1),
        ("import os\nos.getenv('HOME')", 1),
        ("from os import environ", 1),
        ("import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'portal.settings')", 0),
        ("import os\nos.environ.setdefault('HOME', '')", 1),
    ],
)
def test_reading_the_environment_is_seen(code: str, uses: int) -> None:
    assert len(environment_uses(ast.parse(code))) == uses


def test_a_server_starts_without_the_heavy_libraries() -> None:
    """numba, pyarrow, duckdb, neuroglancer, dask and the clients of buckets are imported where they are used. What is
    loaded at the start, the collector of garbage leaves alone."""
    code = (
        "import gc, sys, django; django.setup();"
        "import portal.asgi; from django.urls import get_resolver; get_resolver().check();"
        "heavy = {'numba', 'pyarrow', 'duckdb', 'neuroglancer', 'dask', 's3fs', 'botocore', 'obstore'};"
        "print(*heavy & set(sys.modules));"
        "assert gc.get_freeze_count() > len(gc.get_objects()), 'little is left alone'"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == []
