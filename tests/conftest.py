"""What every test stands on: a home of its own, no network, and the parts of the system that some tests need.

A *part* is something a test needs that neither pip nor npm brings. Its name is at once the fixture through which tests
reach it and their marker, set on every test that uses the fixture: ``pytest -m "not browser"``. Where a part is absent
its tests are listed at the end as not run; with ``CI=true`` they fail.

Tests run on SQLite. With ``CISTERNA_TEST_DATABASE=postgresql`` those that use the database, and no others, run on a
PostgreSQL server that is started for them; all of them have the marker ``postgresql`` then.
"""

import atexit
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import hypothesis
import pytest
from django.conf import settings
from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]

from tests.chromium import ARGUMENTS, find_chromium
from tests.ports import free_port
from tests.postgresql_server import find_server, postgresql
from tests.s3_server import KEY, REGION, SECRET, S3Server, find_programs, s3_server_in

CHECKOUT = Path(__file__).resolve().parent.parent
CI = os.environ.get("CI", "").lower() == "true"
ON_POSTGRESQL = bool(os.environ.get("CISTERNA_TEST_DATABASE"))
SHARED_DATA = Path(os.environ.get("CISTERNA_SHARED_DATA") or CHECKOUT.parent / "shared" / "data")


@dataclass(frozen=True)
class Part:
    """Something outside Python and npm that tests need.

    Args:
        name: the fixture that leads to it, and the marker of the tests that need it.
        title: what people call it.
        find: its path, or None where it is absent.
        remedy: how it comes here.
    """

    name: str
    title: str
    find: Callable[[], Path | None]
    remedy: str

    @property
    def absence(self) -> str:
        return f"{self.title} is not here ({self.remedy})"

    def here(self) -> Path:
        """Its path; whoever asks runs only where it is."""
        path = self.find()
        assert path is not None, self.absence
        return path


def _program(*names: str) -> Callable[[], Path | None]:
    return lambda: next((Path(path) for name in names if (path := shutil.which(name))), None)


BROWSER = Part(
    "browser",
    "Chromium",
    find_chromium,
    "deploy/toolchain/system-parts installs it",
)
DATA = Part(
    "shared_data",
    "The data that does not ship",
    lambda: SHARED_DATA if SHARED_DATA.is_dir() else None,
    "put it at ../shared/data, or say where it is in CISTERNA_SHARED_DATA",
)
POSTGRESQL = Part(
    "postgresql",
    "PostgreSQL",
    find_server,
    "deploy/toolchain/system-parts installs it",
)
S3 = Part("s3_server", "Ceph's S3 server", find_programs, "deploy/toolchain/system-parts installs it")
NGINX = Part(
    "nginx",
    "nginx",
    lambda: Path(found) if (found := shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")) else None,
    "deploy/toolchain/system-parts installs it",
)
FAKETIME = Part("faketime", "faketime", _program("faketime"), "deploy/toolchain/system-parts installs it")
RCLONE = Part("rclone", "rclone", _program("rclone"), "deploy/toolchain/system-parts installs it")
PARTS = (BROWSER, DATA, FAKETIME, NGINX, POSTGRESQL, RCLONE, S3)


def _own_portal() -> None:
    """Set Django up in a new, empty home: not the one of whoever runs the tests, and another for each worker.

    The settings read the environment once, so this comes first. The settings module is not named in pyproject.toml nor
    left in the environment: pytest-django would load it before this file, in the workers with the home of their parent.
    """
    if settings.configured:
        raise pytest.UsageError("DJANGO_SETTINGS_MODULE is set: unset it, the tests choose the settings themselves")
    for variable in [name for name in os.environ if name.startswith("CISTERNA_") or name == "PORT"]:
        if variable not in ("CISTERNA_SHARED_DATA", "CISTERNA_TEST_DATABASE"):  # the tests' own; workers read it too
            del os.environ[variable]
    home = tempfile.mkdtemp(prefix="cisterna-tests-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    Path(home, "static").mkdir()  # where `serve` collects the static files; WhiteNoise looks for it
    os.environ["CISTERNA_HOME"] = home
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    if ON_POSTGRESQL and (server := POSTGRESQL.find()):
        os.environ["CISTERNA_DATABASE"] = _address_on(server)
    django.setup()
    os.environ.pop("CISTERNA_DATABASE", None)  # what a test starts has a home, and a database, of its own
    # A hash that is meant to cost much costs as much in each test that has an account. Servers of their own keep it.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    del os.environ["DJANGO_SETTINGS_MODULE"]


def _address_on(server: Path) -> str:
    """The database of the tests on PostgreSQL. The first process starts the server, its workers read where it is."""
    address = os.environ["CISTERNA_TEST_DATABASE"]
    if address == "postgresql":
        running = ExitStack()
        os.environ["CISTERNA_TEST_DATABASE"] = address = running.enter_context(postgresql(server))
        atexit.register(running.close)
    return address


def _stay_on_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(address := arguments[1], tuple):
        host = str(address[0])
        if not (host in ("localhost", "::1") or host.startswith("127.")):
            raise PermissionError(f"Tests use no network, and this one connects to {host}")


_own_portal()
sys.addaudithook(_stay_on_loopback)
# The machine may be busy: what is slow belongs into a benchmark, not into a random failure here.
hypothesis.settings.register_profile("cisterna", deadline=None)
hypothesis.settings.load_profile("cisterna")


def pytest_configure(config: pytest.Config) -> None:
    for part in PARTS:
        config.addinivalue_line("markers", f"{part.name}: needs {part.title}; set by itself on users of the fixture")
    config.addinivalue_line("markers", f"{ANY_DATABASE}: shows nothing of the database, which it uses: one is enough")


WITH_BROWSER = "browser:"
"""What the group of tests with the browser begins with: those of a file, and of the S3 server."""


class FilesWholeBrowserLast(LoadGroupScheduling):  # type: ignore[misc]
    """A file's tests stay on one worker, with their servers; so do those of the S3 server, which is started once.

    Playwright leaves an event loop in its process, and other tests want none. So a worker comes to the browser's files
    when no others are left, and stays with them.
    """

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        self.with_s3: Any = None

    def _split_scope(self, nodeid: str) -> str:
        return str(super()._split_scope(nodeid)).split("::")[0]

    def _open_to(self, node: Any) -> list[str]:
        """What is left for a worker: not the S3 server's, when another worker has that."""
        taken = self.with_s3 in self.nodes and self.with_s3 is not node
        return [it for it in self.workqueue if not (taken and it == WITH_BROWSER + S3.name)]

    def _assign_work_unit(self, node: Any) -> None:
        """The S3 server's tests take as long as half of all; else the largest file."""
        left = self._open_to(node)
        if not left:
            return
        first = min(left, key=lambda it: (it.startswith(WITH_BROWSER), not it.endswith(S3.name)))
        if first == S3.name:
            self.with_s3 = node
        self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)

    def _reschedule(self, node: Any) -> None:
        if self.workqueue and not self._open_to(node) and not node.shutting_down:
            node.shutdown()
        else:
            super()._reschedule(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesWholeBrowserLast | None:
    return FilesWholeBrowserLast(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_make_parametrize_id(val: object) -> str | None:
    """Long content is no test's name: handed from worker to worker, it is so slow that servers close connections."""
    return f"{len(val)} bytes" if isinstance(val, bytes) and len(val) > 24 else None


ANY_DATABASE = "any_database"
"""Marks what asks a database for nothing that others do not: pictures, cutouts, words on pages."""


def uses_database(item: pytest.Item) -> bool:
    """Whether it runs on PostgreSQL, too; buckets and front servers behave before any database as before the first."""
    if item.get_closest_marker(ANY_DATABASE):
        return False
    names = getattr(item, "fixturenames", ())
    if {BROWSER.name, NGINX.name, S3.name} & {*names, *(mark.name for mark in item.iter_markers())}:
        return False
    return item.get_closest_marker("django_db") is not None or "django_db_setup" in names


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    if ON_POSTGRESQL:
        config.hook.pytest_deselected(items=[item for item in items if not uses_database(item)])
        items[:] = [item for item in items if uses_database(item)]
    for item in items:
        if ON_POSTGRESQL:
            item.add_marker(POSTGRESQL.name)
        for part in PARTS:
            if part.name in getattr(item, "fixturenames", ()):
                item.add_marker(part.name)
    browser_files = {item.path for item in items if item.get_closest_marker(BROWSER.name)}
    for item in items:
        with_s3 = item.get_closest_marker(S3.name) is not None
        if item.path in browser_files:
            item.add_marker(pytest.mark.xdist_group(WITH_BROWSER + (S3.name if with_s3 else item.path.name)))
        elif with_s3:
            item.add_marker(pytest.mark.xdist_group(S3.name))
    yield
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[str, ...]:
    """As FilesWholeBrowserLast orders them, for those who run all in one process."""
    group = item.get_closest_marker("xdist_group")
    return (group.args[0], item.path.name) if group and group.args[0].startswith(WITH_BROWSER) else ()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for part in PARTS:
        if item.get_closest_marker(part.name) and part.find() is None:
            (pytest.fail if CI else pytest.skip)(part.absence)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """List, by file, the tests that were not run because a part is absent."""
    for part in PARTS:
        skipped = terminalreporter.stats.get("skipped", [])
        files = Counter(
            report.nodeid.split("::")[0]
            for report in skipped
            if isinstance(report.longrepr, tuple) and part.absence in report.longrepr[2]
        )
        if files:
            terminalreporter.section(f"not run: {part.absence}")
            for file, count in sorted(files.items()):
                terminalreporter.line(f"{count:5} in {file}")


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    """A server of the tests' own goes away as a whole, with whatever threads still hold connections to."""
    return ON_POSTGRESQL or django_db_keepdb


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that does not ship with the project."""
    return DATA.here()


@pytest.fixture(scope="session")
def rclone() -> Path:
    """The program."""
    return RCLONE.here()


@pytest.fixture(scope="session")
def faketime() -> Path:
    """The program."""
    return FAKETIME.here()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server. Which tests use it must be known before they run: name the fixture, or mark the parameter."""
    with s3_server_in(tmp_path_factory.mktemp("s3") / "server", free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def s3(s3_server: S3Server) -> Any:
    """A client of the S3 server that is none of ours: botocore's."""
    from botocore.session import Session

    return Session().create_client(
        "s3",
        endpoint_url=s3_server.endpoint,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name=REGION,
    )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, rendering WebGL in software and talking to nobody by itself."""
    chosen = {"executable_path": str(BROWSER.find()), "args": list(ARGUMENTS)}
    return browser_type_launch_args | chosen


KEPT_OF_A_STATE = (
    ("datasets.catalogue.queries.organelles", "released_presence"),
    ("datasets.catalogue.search.shelf", "released_shelf"),
    ("datasets.catalogue.search.corrections", "public_words"),
    ("datasets.catalogue.discovery.sitemaps", "parts_of_datasets"),
)
"""What a process keeps of what everyone may see, for each state of the catalogue."""


def forget_what_was_kept() -> None:
    """As a server that has just begun."""
    for module, name in KEPT_OF_A_STATE:
        if loaded := sys.modules.get(module):
            getattr(loaded, name).cache_clear()
    if loaded := sys.modules.get("datasets.catalogue.queries.catalogue_state"):
        loaded.forget_what_strangers_asked()


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    """What a process has counted is of its database; a test's is taken back, with the stamp that would tell."""
    forget_what_was_kept()


@contextmanager
def roots_in(folder: Path) -> Iterator[Path]:
    """A new folder in ``folder`` that is the root ``data``, beside an own root of its own."""
    from datasets.storage.roots import OWN_ROOT, Root, all_roots, configure_roots

    before = all_roots()
    for name in ("data", "own"):
        (folder / name).mkdir()
    configure_roots(
        [Root(name="data", url=(folder / "data").as_uri()), Root(name=OWN_ROOT, url=(folder / "own").as_uri())]
    )
    try:
        yield folder / "data"
    finally:
        configure_roots(before)


@pytest.fixture
def data_root(tmp_path: Path) -> Iterator[Path]:
    """A folder that is the root ``data``, beside an own root of its own."""
    with roots_in(tmp_path) as folder:
        yield folder


@pytest.fixture(scope="module")
def rows_of_module(
    django_db_setup: None, django_db_blocker: Any
) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Where a module's fixture writes rows that each of its tests finds as they were written.

    One transaction is around those of the tests, and is taken back after the last of them.
    """
    from django.db import transaction

    around = transaction.atomic()
    with django_db_blocker.unblock():
        around.__enter__()
    try:
        yield django_db_blocker.unblock
    finally:
        with django_db_blocker.unblock():
            transaction.set_rollback(True)
            around.__exit__(None, None, None)


@pytest.fixture
def small_cell(db: None, data_root: Path) -> Any:
    """The dataset ``small-cell`` of :mod:`tests.samples`, written and published: its version 1."""
    from tests.published import publish_once
    from tests.samples import specification, write_container

    write_container(data_root / "small.zarr")
    return publish_once(specification("data:small.zarr"), data_root.parent)
