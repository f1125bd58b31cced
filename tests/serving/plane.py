"""A data plane over a place, without a database: what the conformance suite and the benchmark ask.

A place is a folder, or a bucket as ``http://127.0.0.1:<port>/<bucket>``. The one in ``CISTERNA_TEST_PLANE`` is served
by ``python -m tests.serving.plane PORT PROCESSES``, which writes into ``CISTERNA_TEST_PLANE_HOME``; clients are sent to
the bucket's address in ``CISTERNA_TEST_PLANE_REDIRECT``, if there is one.
"""

import os
from pathlib import Path
from typing import Any

from datasets.serving.access_log import AccessLog
from datasets.serving.asgi import DataPlane
from datasets.serving.core import Credentials, CredentialsRefused
from datasets.serving.metrics import ProcessMetrics
from datasets.serving.s3 import KeyHolder
from datasets.serving.snapshot import Dataset, Snapshot, Snapshots, Version, Visibility
from datasets.serving.traffic import Traffic
from datasets.storage.buckets import Bucket, bucket_of
from datasets.storage.files import LocalFolder, local_folder
from datasets.storage.mounts import Mount
from tests.s3_server import S3Server

EMBARGO_END_S = 4_000_000_000.0
TOKEN = b"open-sesame"
WITHHELD, DRAFTED = "withheld-7f3a", "unborn-5b1e8d"
"""Names that are found again wherever they leak: of an embargoed dataset, and of one that is a draft."""


async def know_token(credentials: Credentials) -> frozenset[str]:
    """One token, which opens ``secret`` and the draft of ``cells``."""
    shown = credentials.share_token or credentials.authorization.removeprefix(b"Bearer ")
    if not shown:
        return frozenset()
    if shown != TOKEN:
        raise CredentialsRefused("The token is unknown")
    return frozenset({"secret", "cells"})


KEY_ID, SECRET = "cisterna-reader", "a secret derived from a token"


async def find_key(access_key_id: str) -> KeyHolder | None:
    """One key of S3, which opens what the token does."""
    return KeyHolder(SECRET, frozenset({"secret", "cells"})) if access_key_id == KEY_ID else None


def sources_of(place: str) -> tuple[LocalFolder | Bucket, LocalFolder | Bucket, LocalFolder | Bucket]:
    """The portal's own root in ``place``, somebody else's, and one that is missing."""
    if not place.startswith("http:"):
        folder = Path(place)
        return local_folder(folder / "own"), local_folder(folder / "foreign"), local_folder(folder / "unmounted")
    endpoint, _, bucket = place.rpartition("/")
    server = S3Server(Path(), 0)
    redirect = os.environ.get("CISTERNA_TEST_PLANE_REDIRECT", "")
    own, foreign, missing = (
        bucket_of(server.root(f"s3://{name}", endpoint=endpoint, redirect=redirect))
        for name in (f"{bucket}/own", f"{bucket}/foreign", f"{bucket}-missing")
    )
    return own, foreign, missing


def snapshot_of(place: str) -> Snapshot:
    """Datasets over ``place``: its ``own`` is the portal's own root, its ``foreign`` is somebody else's."""
    own, foreign, missing = sources_of(place)
    first = Version(1, (Mount("", own, "cells/1", immutable=True),), retired=True, successor="cells@2")
    second = Version(
        2,
        (
            Mount("", foreign, "cells"),
            Mount("em/s1", own, "derived/s1", immutable=True),
            Mount("em/zarr.json", own, "overlays/zarr.json", single=True, immutable=True),
            Mount("extra/deep/table.csv", own, "overlays/table.csv", single=True, immutable=True),
            Mount("lost", foreign, "lost"),
            Mount("unknown", None, "prefix"),
        ),
    )
    draft = Version(None, (Mount("", own, "cells/draft"),))
    own_version = Version(1, (Mount("", own, "cells/1", immutable=True),))
    return Snapshot.of(
        [
            Dataset("cells", Visibility.PUBLIC, (first, second, draft)),
            Dataset("frozen", Visibility.PUBLIC, (own_version,)),
            Dataset("linked", Visibility.PUBLIC, (Version(1, (Mount("", foreign, "linked"),)),)),
            Dataset("secret", Visibility.PRIVATE, (own_version,)),
            Dataset("later", Visibility.EMBARGOED, (own_version,), EMBARGO_END_S),
            Dataset("opened", Visibility.EMBARGOED, (own_version,), 1.0),
            Dataset("unfinished", Visibility.PUBLIC, (draft,)),
            Dataset(
                WITHHELD,
                Visibility.EMBARGOED,
                (
                    Version(1, (Mount("", own, "withheld/1", immutable=True),)),
                    Version(None, (Mount("", own, "withheld/1"),)),
                ),
                EMBARGO_END_S,
            ),
            Dataset(DRAFTED, Visibility.PUBLIC, (Version(None, (Mount("", own, "drafted/draft"),)),)),
            Dataset("gone", Visibility.PUBLIC, (Version(1, (), retired=True),)),
            Dataset("trouble", Visibility.PUBLIC, (Version(1, (Mount("", missing, ""),)),)),
        ]
    )


async def behind(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind the data plane."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"behind"})


def data_plane(place: str, traffic: Traffic | None = None) -> DataPlane:
    snapshot = snapshot_of(place)
    return DataPlane(behind, Snapshots(lambda: snapshot, lambda: 1), know_token, find_key, traffic=traffic)


def counted_in(home: Path) -> Traffic:
    """Answers counted in ``home``/metrics and written to ``home``/access.log."""
    return Traffic(ProcessMetrics(home / "metrics"), AccessLog(home / "access.log"), keep_entries=True)


if "CISTERNA_TEST_PLANE" in os.environ:
    home = os.environ.get("CISTERNA_TEST_PLANE_HOME")
    application = data_plane(os.environ["CISTERNA_TEST_PLANE"], counted_in(Path(home)) if home else None)

if __name__ == "__main__":
    import sys

    from datasets.serving.server import run_server

    run_server("tests.serving.plane:application", host="127.0.0.1", port=int(sys.argv[1]), processes=int(sys.argv[2]))
