from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from datasets.catalogue.actions.versions import revise
from datasets.catalogue.models import DatasetVersion
from datasets.processing.models import Job, Worker
from tests.processing.flat_cells import publish_flat
from tests.processing.portal_home import LONG, PREPARE, PortalHome, write_cell


@pytest.fixture
def draft(small_cell: DatasetVersion) -> DatasetVersion:
    """The draft of small-cell's next version."""
    return revise(dataset=small_cell.dataset, by=None)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> PortalHome:
    """A portal whose draft lacks levels, and the job that makes them, waiting. Copy it."""
    folder = tmp_path_factory.mktemp("jobs")
    write_cell(folder / "lab" / "cell.zarr", LONG, chunk=8)
    portal = PortalHome(folder / "home", folder / "lab")
    portal.run(PREPARE)
    return portal


@pytest.fixture(scope="session")
def undisturbed(prepared: PortalHome, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, object]:
    """What the job makes, in threads, where nothing is in its way."""
    portal = prepared.copy(tmp_path_factory.mktemp("undisturbed") / "home")
    assert portal.start_worker("--until-idle").wait(timeout=300) == 0
    return portal.outcome()


@pytest.fixture
def worker(db: None) -> Callable[..., Worker]:
    """Workers' rows, by name; their processes are elsewhere."""

    def make(name: str = "a") -> Worker:
        return Worker.objects.get_or_create(name=name, process=f"elsewhere/1/{name}")[0]

    return make


@pytest.fixture
def claimed(worker: Callable[..., Worker]) -> Callable[..., Job | None]:
    """The job that a worker claims."""
    from datasets.processing.actions.leases import claim

    def one(name: str = "a", **limits: Any) -> Job | None:
        return claim(worker=worker(name), per_organization=limits.get("per_organization", 4))

    return one


@pytest.fixture(params=["0.5", "0.4", "sharded"])
def flat_draft(request: pytest.FixtureRequest, data_root: Path, db: None) -> DatasetVersion:
    """A draft whose volumes have one level each."""
    return revise(dataset=publish_flat(request.param, data_root).dataset, by=None)
