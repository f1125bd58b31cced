"""Two hundred layers in one dataset: what publishing costs grows with their number and with nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from datasets.publishing.actions import publish
from datasets.publishing.findings import find
from datasets.publishing.specification import check_specification
from datasets.storage.roots import OWN_ROOT, Root, all_roots, configure_roots
from tests.s3_proxy import Proxy, proxy_before
from tests.s3_server import S3Server
from tests.samples import specification, write_image

pytestmark = pytest.mark.django_db


def _specification(count: int, name: str) -> dict[str, Any]:
    volumes = [{"path": "em", "kind": "em", "title": "EM", "contrast": [0, 9]}]
    volumes += [
        {
            "path": f"labels/{n:03}",
            "kind": "segmentation",
            "title": f"Labels {n}",
            "segmentation": {"type": "instance", "method": "manual", "subject": f"Thing {n}"},
        }
        for n in range(count)
    ]
    layers = [volume["path"] for volume in volumes][:200]
    views = [{"name": "all", "title": "All", "layers": layers, "position_nm": [40, 40, 40]}]
    return check_specification(specification("data:", name=name, volumes=volumes, views=views))


def _write_layers(folder: Path, count: int) -> Path:
    write_image(folder / "em", [np.ones((8, 8, 8), "u1")])
    for n in range(count):
        write_image(folder / "labels" / f"{n:03}", [np.full((8, 8, 8), n, "u1")])
    return folder


@pytest.fixture
def layers(data_root: Path) -> Path:
    return _write_layers(data_root, 200)


@pytest.fixture
def bucket(s3_server: S3Server, s3: Any, tmp_path: Path) -> Iterator[Proxy]:
    """Fifty layers in a bucket that is the root ``data``, behind a proxy that counts."""
    layers = _write_layers(tmp_path / "layers", 50)
    s3.create_bucket(Bucket="layers")
    files = (path for path in layers.rglob("*") if path.is_file())
    s3_server.put_many("layers", {path.relative_to(layers).as_posix(): path.read_bytes() for path in files})
    before = all_roots()
    with proxy_before(s3_server.port) as proxy:
        root = s3_server.root("s3://layers", "data", endpoint=proxy.endpoint)
        configure_roots([root, Root(name=OWN_ROOT, url=(tmp_path / "own").as_uri())])
        yield proxy
        configure_roots(before)


def test_the_requests_for_a_layer_do_not_grow_with_their_number(bucket: Proxy) -> None:
    find(_specification(5, "before"), base=Path())  # what is asked once for a root is asked now
    costs = {}
    for count in (5, 50):
        bucket.requests.clear()
        find(_specification(count, "layers"), base=Path())
        costs[count] = len(bucket.requests)
    # Its zarr.json, that of its one level, and whether the bucket says of what is absent that it is.
    assert costs[50] - costs[5] == 3 * 45


def test_two_hundred_layers_are_published_and_shown_by_as_few_statements_each_as_twenty(
    layers: Path, client: Client
) -> None:
    costs = {}
    for count in (20, 200):
        with CaptureQueriesContext(connection) as queries:
            assert publish(specification=_specification(count, f"layers-{count}"), base=Path(), by=None).created
        costs[count] = len(queries) / count
    assert costs[200] <= costs[20]
    assert len(client.get("/api/v1/datasets/layers-200/").json()["volumes"]) == 201
    assert client.get("/datasets/layers-200/").status_code == 200
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/api/v1/datasets/layers-200/state").status_code == 200
    assert len(queries) < 30
