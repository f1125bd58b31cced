"""The snapshot, read from the catalogue. With ``identity`` the only module of the data plane that knows Django."""

from collections import defaultdict
from collections.abc import Callable
from functools import wraps

from django.db import close_old_connections

from datasets.catalogue.models import Dataset as CatalogueDataset
from datasets.catalogue.models import DatasetVersion, RevisionStamp, State
from datasets.catalogue.models import Mount as CatalogueMount
from datasets.catalogue.queries.mounts import mount_of
from datasets.serving.snapshot import Dataset, Snapshot, Snapshots, Version, Visibility
from datasets.storage.mounts import Mount


def catalogue_snapshots() -> Snapshots:
    """The snapshots of this process, from the database that Django is configured for."""
    return Snapshots(with_fresh_connections(load_snapshot), with_fresh_connections(read_stamp))


def read_stamp() -> int:
    """The revision stamp; 0 before anything has bumped it."""
    return RevisionStamp.objects.values_list("value", flat=True).first() or 0


def load_snapshot() -> Snapshot:
    """Every dataset with its versions and mounts, in three queries."""
    mounts: defaultdict[int, list[Mount]] = defaultdict(list)
    for mount in CatalogueMount.objects.all():
        mounts[mount.version_id].append(mount_of(mount))
    versions: defaultdict[int, list[Version]] = defaultdict(list)
    for version in DatasetVersion.objects.defer("record").select_related("successor__dataset").order_by("number"):
        versions[version.dataset_id].append(
            Version(
                version.number,
                tuple(mounts[version.pk]),
                retired=version.state == State.RETIRED,
                successor=str(version.successor or ""),
                frozen_s=version.frozen_at.timestamp() if version.frozen_at else 0.0,
            )
        )
    return Snapshot.of(
        Dataset(
            dataset.name,
            Visibility(dataset.visibility),
            tuple(versions[dataset.pk]),
            dataset.embargo_until.timestamp() if dataset.embargo_until else None,
        )
        for dataset in CatalogueDataset.objects.all()
    )


def with_fresh_connections[**Asked, Result](ask: Callable[Asked, Result]) -> Callable[Asked, Result]:
    """``ask`` with the care for connections that Django gives to requests, for a thread that serves none."""

    @wraps(ask)
    def asked(*args: Asked.args, **kwargs: Asked.kwargs) -> Result:
        close_old_connections()
        try:
            return ask(*args, **kwargs)
        finally:
            close_old_connections()

    return asked
