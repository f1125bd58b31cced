"""The demo over a bucket to which clients are sent for its objects: they follow, and the values are right."""

import subprocess
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorstore
import zarr
from playwright.sync_api import Page

from tests.journeys.conftest import Demo, Portal, started
from tests.journeys.viewer_page import SMALL, VALUE_AT, look_at, open_viewer
from tests.s3_server import S3Server

SERVE = ["manage.py", "serve"]
CORS = {
    "CORSRules": [
        {
            "AllowedOrigins": ["*"],
            "AllowedMethods": ["GET", "HEAD"],
            "AllowedHeaders": ["Range"],
            "ExposeHeaders": ["ETag", "Content-Range", "Content-Length"],
        }
    ]
}


@pytest.fixture(scope="module")
def redirecting(demo_on_s3: Demo, s3: Any) -> Iterator[Portal]:
    s3.put_bucket_cors(Bucket="portal", CORSConfiguration=CORS)
    with started(demo_on_s3.home, SERVE, **demo_on_s3.settings, CISTERNA_ROOT_OWN_REDIRECT="1") as portal:
        yield portal
    s3.delete_bucket_cors(Bucket="portal")


@pytest.fixture(scope="module")
def em(demo_on_s3: Demo) -> np.ndarray:
    return np.asarray(zarr.open_array(demo_on_s3.sample / "em/0", mode="r")[...])


def test_zarr_follows(redirecting: Portal, em: np.ndarray) -> None:
    remote = zarr.open_array(f"{redirecting.url}/data/fib25-ts2@1/em/0", mode="r")
    np.testing.assert_array_equal(remote[60:140, 100:, :130], em[60:140, 100:, :130])


def test_tensorstore_follows_nothing_and_need_not(redirecting: Portal, em: np.ndarray) -> None:
    store = {"driver": "http", "base_url": f"{redirecting.url}/data/fib25-ts2@1/em/0/"}
    remote = tensorstore.open({"driver": "zarr3", "kvstore": store}, read=True).result()
    np.testing.assert_array_equal(remote[60:140, 100:, :130].read().result(), em[60:140, 100:, :130])


def test_curl_follows_with_its_range(redirecting: Portal, demo_on_s3: Demo) -> None:
    path = next(path for path in sorted((demo_on_s3.sample / "em/0/c").rglob("*")) if path.is_file())
    address = f"{redirecting.url}/data/fib25-ts2@1/{path.relative_to(demo_on_s3.sample).as_posix()}"
    told = subprocess.run(["curl", "-s", "-L", "-r", "100-199", address], capture_output=True, check=True)
    assert told.stdout == path.read_bytes()[100:200]


def test_the_viewer_shows_the_arrays_values(
    page: Page, redirecting: Portal, s3_server: S3Server, console: list[str], em: np.ndarray
) -> None:
    fetched: list[str] = []
    page.on("requestfinished", lambda request: fetched.append(request.url))
    page.set_viewport_size(SMALL)
    open_viewer(page, f"{redirecting.url}/datasets/fib25-ts2/view/?layers=em")
    for x, y, z in ((125, 125, 125), (30, 200, 77)):
        at = look_at(page, {"x": x * 10, "y": y * 10, "z": z * 10})
        assert page.evaluate(VALUE_AT, ["em", at]) == str(em[z, y, x])
    from_bucket = [url for url in fetched if url.startswith(f"{s3_server.endpoint}/portal/own/")]
    assert any("/c/" in url for url in from_bucket), "no chunk came from the bucket"
