"""Roots: the only places data may be read from or written to.

The portal hands its configuration over once with :func:`configure_roots`; a worker process does the same. A curator's
address is turned into (root, key) by :func:`locate`, and one outside every root is refused by name.
"""

import posixpath
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from datasets.storage.keys import canonical_key
from datasets.volumes.errors import CisternaError

OWN_ROOT = "own"


class RootUnknown(CisternaError):
    """A root is named that the configuration does not have."""

    slug = "root-unknown"
    status = 503
    title = "A storage root is not configured"
    retry_after_s = 60


class OutsideRoots(CisternaError):
    """An address lies in no root of this portal."""

    slug = "outside-roots"
    status = 400
    title = "The address is outside the portal's storage roots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """One root: ``file:///folder`` or ``s3://bucket/prefix``, with what is needed to reach it.

    ``redirect`` is the bucket's address for clients, who are sent there for objects; empty: they are not.
    """

    name: str
    url: str
    endpoint: str = ""
    region: str = ""
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    anonymous: bool = False
    redirect: str = ""
    forbidden_means_absent: bool = False

    @property
    def path(self) -> Path | None:
        """The folder of a local root, else ``None``."""
        return Path(unquote(urlsplit(self.url).path)) if self.url.startswith("file:") else None

    @property
    def bucket(self) -> str:
        """The bucket of an S3 root, else an empty text."""
        return self._bucket_and_prefix[0]

    @property
    def prefix(self) -> str:
        """The key in the bucket below which an S3 root lies; empty for the whole bucket."""
        return self._bucket_and_prefix[1]

    @property
    def _bucket_and_prefix(self) -> tuple[str, str]:
        bucket, _, prefix = (
            self.url.removeprefix("s3://").partition("/") if self.url.startswith("s3:") else ("", "", "")
        )
        return bucket, prefix.rstrip("/")

    @property
    def is_own(self) -> bool:
        """Whether this is the portal's own root, where a published revision is never written again."""
        return self.name == OWN_ROOT

    def url_of(self, key: str) -> str:
        """The full address of ``key`` in this root, for people and messages."""
        return f"{self.url.rstrip('/')}/{quote(key) if self.path else key}" if key else self.url


_roots: dict[str, Root] = {}


def configure_roots(roots: Iterable[Root]) -> None:
    """Replace the roots of this process."""
    _roots.clear()
    _roots.update({root.name: root for root in roots})


def all_roots() -> tuple[Root, ...]:
    """The roots of this process, by name."""
    return tuple(_roots[name] for name in sorted(_roots))


def free_bytes(root: Root) -> tuple[int, int] | None:
    """How many bytes are free where the root lies, and how many there are; None of a bucket, or one that is away."""
    if root.path is None:
        return None
    try:
        usage = shutil.disk_usage(root.path)
    except OSError:
        return None
    return usage.free, usage.total


def get_root(name: str) -> Root:
    """The root called ``name``.

    Raises:
        RootUnknown: the configuration no longer has it.
    """
    try:
        return _roots[name]
    except KeyError:
        raise RootUnknown(
            f"No root is called {name!r}", where=name, fix=f"Set CISTERNA_ROOT_{name.upper()} to where the data lies"
        ) from None


def locate(address: str, *, base: Path | None = None) -> tuple[Root, str]:
    """The root and the key of an address: ``name:key``, ``file://…``, ``s3://…`` or a path.

    Args:
        address: what a person wrote.
        base: the folder a relative path starts from; the current one when not given.

    Raises:
        OutsideRoots: it lies in no root.
        InvalidKey: the part below the root is no canonical key.
    """
    name, colon, key = address.partition(":")
    if colon and name in _roots and not key.startswith("//"):
        return _roots[name], _checked(key.strip("/"))
    url = _as_url(address, base or Path.cwd())
    candidates = [root for root in _roots.values() if url == root.url or url.startswith(root.url.rstrip("/") + "/")]
    if not candidates:
        allowed = ", ".join(f"{root.name} ({root.url})" for root in all_roots()) or "none"
        raise OutsideRoots(
            f"The address lies in no root of this portal. Its roots: {allowed}",
            where=address,
            fix="Move the data below a root, or set CISTERNA_ROOT_<NAME> to a folder or bucket above it",
        )
    root = max(candidates, key=lambda root: len(root.url))
    key = url[len(root.url) :].strip("/")
    return root, _checked(unquote(key) if root.path else key)


def _as_url(address: str, base: Path) -> str:
    scheme = urlsplit(address).scheme
    if scheme == "s3":
        return address.rstrip("/")
    if scheme == "file":
        return Path(posixpath.normpath(unquote(urlsplit(address).path))).as_uri()
    if scheme and "://" in address:
        return address
    return Path(posixpath.normpath(base / Path(address).expanduser())).as_uri()


def _checked(key: str) -> str:
    return canonical_key(quote(key).encode()) if key else ""
