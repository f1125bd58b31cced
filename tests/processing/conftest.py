from collections.abc import Callable
from typing import Any

import pytest

from datasets.catalogue.actions.versions import revise
from datasets.catalogue.models import DatasetVersion
from datasets.processing.models import Job, Worker


@pytest.fixture
def draft(small_cell: DatasetVersion) -> DatasetVersion:
    """The draft of small-cell's next version."""
    return revise(dataset=small_cell.dataset, by=None)


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
