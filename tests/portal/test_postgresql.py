"""The catalogue on PostgreSQL: the tests of what reads and writes it, run once more on a server of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgresql_server
from tests.conftest import POSTGRESQL

CHECKOUT = Path(__file__).resolve().parents[2]
SUITES = (
    "tests/catalogue",
    "tests/publishing/test_publish.py",
    "tests/publishing/test_import_again.py",
    "tests/publishing/test_import_openorganelle.py",
    "tests/publishing/test_import_crops.py",
    "tests/serving/test_catalogue_snapshot.py",
)
WITHOUT_ROWS = (
    "citations",
    "downloads",
    "opening",
    "palette",
    "presentation",
    "previews",
    "slice_views",
    "slices_page",
)
"""Of the catalogue's, what asks the database for nothing but a version as the pages do: any database will do."""


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The address of a database on a server of its own."""
    server = POSTGRESQL.find()
    assert server is not None, POSTGRESQL.absence
    with postgresql_server.postgresql(server) as address:
        yield address


def test_the_catalogue_passes_its_tests_on_postgresql(postgresql: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not browser", *SUITES,
         *(f"--ignore=tests/catalogue/test_{name}.py" for name in WITHOUT_ROWS)],
        cwd=CHECKOUT, env=environment | {"CISTERNA_TEST_DATABASE": postgresql}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:]
    assert " passed" in done.stdout
