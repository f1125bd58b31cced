"""What the data plane knows of the catalogue: versions and mounts in memory, so that a chunk asks no database."""

import asyncio
import enum
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from datasets.storage.mounts import Mount, Mounts
from datasets.volumes.errors import CisternaError


class CatalogueUnavailable(CisternaError):
    """The database has not answered for so long that who may see what is no longer known."""

    slug = "catalogue-unavailable"
    status = 503
    title = "The catalogue cannot be read at the moment"
    retry_after_s = 5


class Visibility(enum.Enum):
    PUBLIC = "public"
    EMBARGOED = "embargoed"
    PRIVATE = "private"


@dataclass(frozen=True)
class Version(Mounts):
    """A numbered version, or the draft (no number). ``successor`` is its address (``name@2``) when it is retired;
    ``frozen_s`` when it was frozen, in seconds since the epoch."""

    number: int | None
    mounts: tuple[Mount, ...]
    retired: bool = False
    successor: str = ""
    frozen_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset: who may see it, its numbered versions in ascending order and, at most, one draft."""

    name: str
    visibility: Visibility
    versions: tuple[Version, ...] = ()
    embargo_end_s: float | None = None

    def is_public(self, now_s: float) -> bool:
        """Whether everybody may see the published versions at ``now_s`` (seconds since the epoch)."""
        if self.visibility is Visibility.EMBARGOED:
            return self.embargo_end_s is not None and now_s >= self.embargo_end_s
        return self.visibility is Visibility.PUBLIC


@dataclass(frozen=True, slots=True)
class Address:
    """What ``<name>[@<version>|@draft]`` leads to. ``pinned``: a version was named."""

    dataset: Dataset
    version: Version
    pinned: bool

    def is_public(self, now_s: float) -> bool:
        return self.version.number is not None and self.dataset.is_public(now_s)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The catalogue at one moment, by address."""

    addresses: Mapping[str, Address] = field(default_factory=dict)

    @classmethod
    def of(cls, datasets: Iterable[Dataset]) -> "Snapshot":
        """A snapshot of ``datasets``. Without a version, an address leads to the newest that is not retired; when all
        are retired, to the newest, whose answer then says where its successor is."""
        addresses: dict[str, Address] = {}
        for dataset in datasets:
            numbered = [version for version in dataset.versions if version.number is not None]
            for version in dataset.versions:
                label = "draft" if version.number is None else version.number
                addresses[f"{dataset.name}@{label}"] = Address(dataset, version, pinned=True)
            if numbered:
                newest = max(numbered, key=lambda version: (not version.retired, version.number))
                addresses[dataset.name] = Address(dataset, newest, pinned=False)
        return cls(addresses)


class Snapshots:
    """The snapshot of this process, renewed when the revision stamp changes.

    ``load`` and ``read_stamp`` ask the database; both run in one thread of their own, never on the event loop. The
    stamp is looked at no oftener than each ``interval_s``, and requests are answered meanwhile from what was confirmed
    at most ``confirmed_s`` ago; older knowledge waits for the database. While the database fails, the last good
    snapshot counts until it is ``tolerated_s`` old: its restart is no outage, yet nothing withdrawn stays open long.
    A request waits for it at most ``patience_s``.
    """

    def __init__(
        self,
        load: Callable[[], Snapshot],
        read_stamp: Callable[[], int],
        *,
        interval_s: float = 0.5,
        confirmed_s: float = 1.0,
        tolerated_s: float = 10.0,
        patience_s: float = 2.0,
    ) -> None:
        self._load = load
        self._read_stamp = read_stamp
        self._interval_s = interval_s
        self._confirmed_s = confirmed_s
        self._tolerated_s = tolerated_s
        self._patience_s = patience_s
        self._known: tuple[Snapshot, int, float] | None = None  # snapshot, its stamp, when it was last confirmed
        self._attempted_s = -float("inf")
        self._failure: Exception | None = None
        self._renewal: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="snapshot")

    @property
    def confirmed_s(self) -> float:
        """When what is known was last confirmed, in seconds since the epoch; 0 before anything is known."""
        return time.time() - (time.monotonic() - self._known[2]) if self._known else 0.0

    def current(self) -> Snapshot | None:
        """The snapshot if it may be used without waiting; starts its renewal when that is due."""
        known = self._known
        if known is None:
            return None
        now_s = time.monotonic()
        age_s = now_s - known[2]
        if age_s < self._interval_s:
            return known[0]
        if now_s - self._attempted_s >= self._interval_s:
            self._renew(now_s)
        if age_s < (self._tolerated_s if self._failure else self._confirmed_s):
            return known[0]
        return None

    async def get(self) -> Snapshot:
        """The snapshot, waiting for the database where :meth:`current` has none.

        Raises:
            CatalogueUnavailable: the database fails, and what was known is too old.
        """
        snapshot = self.current()
        if snapshot is not None:
            return snapshot
        now_s = time.monotonic()
        if now_s - self._attempted_s >= self._interval_s:
            self._renew(now_s)
        if self._renewal is not None:
            # Not awaited itself: a client that goes away would cancel what others wait for.
            await asyncio.wait([asyncio.wrap_future(self._renewal)], timeout=self._patience_s)
        if self._known is not None and time.monotonic() - self._known[2] < self._tolerated_s:
            return self._known[0]
        raise CatalogueUnavailable("The catalogue cannot be read", fix="Try again in a moment") from self._failure

    def _renew(self, now_s: float) -> None:
        if self._renewal is None or self._renewal.done():
            self._attempted_s = now_s
            self._renewal = self._thread.submit(self._look)

    def _look(self) -> None:
        looked_s = time.monotonic()
        try:
            stamp = self._read_stamp()
            known = self._known
            # The stamp is read before the rows: a change in between is then seen as a new stamp the next time.
            snapshot = known[0] if known is not None and known[1] == stamp else self._load()
        except Exception as failure:  # whatever a database may raise: the reason goes with the 503 that follows from it
            self._failure = failure
        else:
            self._known = (snapshot, stamp, looked_s)
            self._failure = None
