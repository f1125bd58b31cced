"""Doing a job in the test's own thread and transaction."""

from pathlib import Path

from datasets.processing.actions.leases import claim
from datasets.processing.models import Job, Worker
from datasets.processing.recipes import get_recipe
from datasets.processing.runs import Run


def run_job(job: Job, folder: Path, dask: str = "threads") -> Job:
    """Do a job as a worker does, in this thread."""
    worker, _ = Worker.objects.get_or_create(name="here", process="here")
    claimed = claim(worker=worker, per_organization=9)
    assert claimed == job
    get_recipe(job.recipe).run(Run(job=claimed, recipe=get_recipe(job.recipe), scratch=folder, dask=dask))
    job.refresh_from_db()
    return job
