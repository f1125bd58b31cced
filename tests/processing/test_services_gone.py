"""The bucket is gone halfway, the database falls and comes up again: the job waits, says why, and ends right."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import POSTGRESQL
from tests.postgresql_server import postgresql, restart
from tests.processing.portal_home import PREPARE, PortalHome
from tests.s3_proxy import proxy_before
from tests.s3_server import KEY, REGION, SECRET, S3Server


def await_progress(portal: PortalHome) -> None:
    """Until a part of the job is done, or all of it."""
    while not (job := portal.jobs()[0])["done"] and job["state"] != "done":
        time.sleep(0.02)


def test_a_bucket_is_gone_for_a_while(
    prepared: PortalHome, undisturbed: Mapping[str, object], tmp_path: Path, s3_server: S3Server, s3: Any
) -> None:
    lab = Path(prepared.environment["CISTERNA_ROOT_LAB"].removeprefix("file://"))
    s3.create_bucket(Bucket="lab")
    files = (path for path in lab.rglob("*") if path.is_file())
    s3_server.put_many("lab", {str(path.relative_to(lab)): path.read_bytes() for path in files})
    portal = prepared.copy(tmp_path / "home")
    with proxy_before(s3_server.port) as proxy:
        options = {"": "s3://lab", "_ENDPOINT": proxy.endpoint, "_REGION": REGION, "_KEY": KEY, "_SECRET": SECRET}
        portal.environment |= {f"CISTERNA_ROOT_LAB{name}": value for name, value in options.items()}
        proxy.bytes_per_s = 200_000  # so that there is a half of the way
        worker = portal.start_worker()
        try:
            await_progress(portal)
            proxy.cut_after_bytes = 0
            waiting = portal.await_state("waiting", failures=1)
            assert json.loads(waiting["problem"])["type"].startswith("/problems/storage-")
            proxy.cut_after_bytes = None
            portal.await_state("done")
        finally:
            worker.terminate()
            worker.wait(timeout=60)
    assert portal.outcome() == undisturbed


@pytest.mark.postgresql
def test_the_database_falls_and_comes_up_again(
    prepared: PortalHome, undisturbed: Mapping[str, object], tmp_path: Path
) -> None:
    server = POSTGRESQL.here()
    with postgresql(server, durable=True) as address:
        lab = Path(prepared.environment["CISTERNA_ROOT_LAB"].removeprefix("file://"))
        portal = PortalHome(tmp_path / "home", lab, CISTERNA_DATABASE=address)
        portal.run(PREPARE)
        worker = portal.start_worker()
        try:
            await_progress(portal)
            restart(server, address)
            portal.await_state("done")
        finally:
            worker.terminate()
            worker.wait(timeout=60)
        assert portal.outcome() == undisturbed
