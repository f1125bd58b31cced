"""What a Dask worker loads first: ``dask worker … --preload portal.worker_setup``.

It reads its own environment, so that no credential travels with a task.
"""

from datasets.storage.roots import configure_roots
from datasets.volumes.compiled import keep_kernels_in
from portal.config import Config


def dask_setup(worker: object) -> None:
    """Dask calls this in each worker when it starts."""
    config = Config.from_env()
    configure_roots(config.roots)
    keep_kernels_in(config.home / "kernels")
