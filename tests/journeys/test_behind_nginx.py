"""The demo as it runs in production: nginx in front, HTTPS and HTTP/2; the viewer and the tools people have."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import zarr
from playwright.sync_api import Browser, Page

from tests.journeys.conftest import Demo, started
from tests.journeys.viewer_page import SMALL, VALUE_AT, look_at, open_viewer
from tests.nginx import make_certificate, nginx_in_front
from tests.ports import free_port

LAYERS = ("em", "labels/groundtruth", "labels/ffn", "labels/oversegmentation")


@dataclass(frozen=True)
class Front:
    """What people reach, and the certificate by which they know it."""

    url: str
    certificate: Path


@pytest.fixture(scope="module")
def front(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("nginx")
    certificate = make_certificate(folder)
    port = free_port()
    url = f"https://localhost:{port}"
    with started(demo.home, ["manage.py", "serve"], CISTERNA_PUBLIC_URL=url) as portal:
        application_port = int(portal.url.rpartition(":")[2])
        with nginx_in_front(
            folder, home=demo.home, application_port=application_port, certificate=certificate, port=port
        ):
            yield Front(url, certificate)


@pytest.fixture(scope="module")
def arrays(demo: Demo) -> dict[str, np.ndarray]:
    return {layer: np.asarray(zarr.open_array(demo.sample / layer / "0", mode="r")[...]) for layer in LAYERS}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that trusts the certificate."""
    context = browser.new_context(ignore_https_errors=True, viewport=SMALL)
    yield context.new_page()
    context.close()


def test_the_viewer_shows_the_arrays_values_over_http_2(
    page: Page, front: Front, console: list[str], arrays: dict[str, np.ndarray]
) -> None:
    open_viewer(page, f"{front.url}/datasets/fib25-ts2/view/?layers={','.join(LAYERS)}")
    for x, y, z in ((125, 125, 125), (40, 210, 77)):
        at = look_at(page, {"x": x * 10, "y": y * 10, "z": z * 10})
        for layer in LAYERS:
            assert page.evaluate(VALUE_AT, [layer, at]) == str(arrays[layer][z, y, x])
    used = page.evaluate(
        """() => Object.fromEntries(performance.getEntriesByType("navigation").concat(
             performance.getEntriesByType("resource")).map(entry => [entry.name, entry.nextHopProtocol]))"""
    )
    assert set(used.values()) - {""} == {"h2"}


def test_objects_come_over_http_2_and_stay_in_caches(front: Front) -> None:
    """That they come from nginx alone is shown by tests/serving/test_front_alone.py."""
    chunk = f"{front.url}/data/fib25-ts2@1/em/0/c/0/0/0"
    told = subprocess.run(["curl", "-sk", "-o", "/dev/null", "-D", "-", chunk], capture_output=True, check=True)
    assert told.stdout.startswith(b"HTTP/2 200")
    assert b"cache-control: public, max-age=31536000, immutable" in told.stdout


def test_zarr_reads_every_layer(front: Front, arrays: dict[str, np.ndarray]) -> None:
    context = ssl.create_default_context(cafile=str(front.certificate))

    async def client(**options: object) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context), **options)  # type: ignore[arg-type]

    for layer in LAYERS:
        remote = zarr.open_array(
            f"{front.url}/data/fib25-ts2@1/{layer}/0", mode="r", storage_options={"get_client": client}
        )
        np.testing.assert_array_equal(remote[...], arrays[layer])


READ_BY_TENSORSTORE = """
import sys, numpy, tensorstore
store = {"driver": "http", "base_url": sys.argv[1]}
numpy.save(sys.argv[2], tensorstore.open({"driver": "zarr3", "kvstore": store}, read=True).result().read().result())
"""


def test_tensorstore_reads_every_layer_over_http_2(front: Front, arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    """In a process of its own: whose certificates it trusts, it asks once."""
    environment = os.environ | {"TENSORSTORE_CA_BUNDLE": str(front.certificate)}
    for layer in LAYERS:
        address, file = f"{front.url}/data/fib25-ts2@1/{layer}/0/", tmp_path / "read.npy"
        subprocess.run([sys.executable, "-c", READ_BY_TENSORSTORE, address, file], env=environment, check=True)
        np.testing.assert_array_equal(np.load(file), arrays[layer])
