"""The tools people have read the demo over HTTP, from a folder and from a bucket: every level, byte for byte."""

import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import fsspec
import numpy as np
import pytest
import tensorstore
import zarr

from tests.journeys.conftest import Demo

LAYERS = ("em", "labels/groundtruth", "labels/ffn", "labels/oversegmentation")


def _levels(either_demo: Demo, layer: str) -> list[str]:
    group = json.loads((either_demo.sample / layer / "zarr.json").read_text())
    return [dataset["path"] for dataset in group["attributes"]["ome"]["multiscales"][0]["datasets"]]


@pytest.mark.parametrize("layer", LAYERS)
def test_zarr_reads_every_level(either_demo: Demo, layer: str) -> None:
    for level in _levels(either_demo, layer):
        remote = zarr.open_array(f"{either_demo.url}/data/fib25-ts2@1/{layer}/{level}", mode="r")
        local = zarr.open_array(either_demo.sample / layer / level, mode="r")
        np.testing.assert_array_equal(remote[...], local[...])


def test_zarr_opens_the_whole_as_one_group(either_demo: Demo) -> None:
    group = zarr.open_group(f"{either_demo.url}/data/fib25-ts2", mode="r")
    assert group["em/0"].shape == (250, 250, 250)


@pytest.mark.parametrize("layer", LAYERS)
def test_tensorstore_reads_every_level(either_demo: Demo, layer: str) -> None:
    for level in _levels(either_demo, layer):
        store = {"driver": "http", "base_url": f"{either_demo.url}/data/fib25-ts2@1/{layer}/{level}/"}
        remote = tensorstore.open({"driver": "zarr3", "kvstore": store}, read=True).result()
        local = zarr.open_array(either_demo.sample / layer / level, mode="r")
        np.testing.assert_array_equal(remote.read().result(), local[...])


@pytest.mark.parametrize("layer", LAYERS)
def test_fsspec_reads_every_object_with_the_bytes_on_disk(either_demo: Demo, layer: str) -> None:
    web = fsspec.filesystem("http", asynchronous=False)
    files = [path for path in sorted((either_demo.sample / layer).rglob("*")) if path.is_file()]
    assert len(files) > 4
    for path in files:
        key = path.relative_to(either_demo.sample).as_posix()
        assert web.cat_file(f"{either_demo.url}/data/fib25-ts2@1/{key}") == path.read_bytes(), key


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("0-99", 206, slice(0, 100)),
        ("1000-", 206, slice(1000, None)),
        ("-77", 206, slice(-77, None)),
        ("0-0", 206, slice(0, 1)),
        ("0-9,20-29", 200, slice(None)),
        ("99999999-", 416, None),
    ],
)
def test_curl_gets_ranges(either_demo: Demo, tmp_path: Path, asked: str, status: int, expected: slice | None) -> None:
    chunk = next(path for path in sorted((either_demo.sample / "em" / "0" / "c").rglob("*")) if path.is_file())
    key = chunk.relative_to(either_demo.sample).as_posix()
    body, headers = tmp_path / "body", tmp_path / "headers"
    found = subprocess.run(
        [
            "curl",
            "-s",
            "-r",
            asked,
            "-o",
            body,
            "-D",
            headers,
            "-w",
            "%{http_code}",
            f"{either_demo.url}/data/fib25-ts2@1/{key}",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(found.stdout) == status
    whole = chunk.read_bytes()
    if expected is None:
        assert f"content-range: bytes */{len(whole)}" in headers.read_text().lower()
    else:
        assert body.read_bytes() == whole[expected]


def test_an_absent_chunk_is_404_with_cors(either_demo: Demo) -> None:
    with pytest.raises(urllib.error.HTTPError) as absent:
        urllib.request.urlopen(f"{either_demo.url}/data/fib25-ts2@1/em/0/c/99/99/99")
    assert absent.value.code == 404
    assert absent.value.headers["Access-Control-Allow-Origin"] == "*"
    absent.value.close()
