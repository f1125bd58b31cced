"""Inspection of somebody's bucket: few requests whatever its size, and what is wrong with it by name."""

import json
from typing import Any

import pytest

from datasets.publishing.inspection import Inspection, inspect_key
from tests.s3_proxy import proxy_before, silent_endpoint
from tests.s3_server import S3Server

SIDE, CHUNK = 6400, 64  # 100³ chunks


def documents(zarr_format: int) -> dict[str, dict[str, Any]]:
    """The metadata of an image of three levels, the finest of a million chunks."""
    datasets = [
        {"path": str(k), "coordinateTransformations": [{"type": "scale", "scale": [8.0 * 2**k] * 3}]} for k in range(3)
    ]
    axes = [{"name": axis, "type": "space", "unit": "nanometer"} for axis in "zyx"]
    multiscale = {"axes": axes, "datasets": datasets, "name": "em"}
    if zarr_format == 2:
        found: dict[str, dict[str, Any]] = {
            ".zgroup": {"zarr_format": 2},
            ".zattrs": {"multiscales": [multiscale | {"version": "0.4"}]},
        }
        for k in range(3):
            found[f"{k}/.zarray"] = {
                "zarr_format": 2,
                "shape": [SIDE // 2**k] * 3,
                "chunks": [CHUNK] * 3,
                "dtype": "|u1",
                "compressor": None,
                "fill_value": 0,
                "order": "C",
                "filters": None,
                "dimension_separator": "/",
            }
        return found
    found = {
        "zarr.json": {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": {"ome": {"version": "0.5", "multiscales": [multiscale]}},
        }
    }
    for k in range(3):
        found[f"{k}/zarr.json"] = {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [SIDE // 2**k] * 3,
            "data_type": "uint8",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [CHUNK] * 3}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0,
            "codecs": [{"name": "bytes"}],
            "dimension_names": ["z", "y", "x"],
        }
    return found


def put_image(server: S3Server, s3: Any, bucket: str, zarr_format: int, chunks: int) -> None:
    s3.create_bucket(Bucket=bucket)
    objects = {key: json.dumps(document).encode() for key, document in documents(zarr_format).items()}
    separator = "0/c" if zarr_format == 3 else "0"
    objects |= {f"{separator}/0/{number // 100}/{number % 100}": b"x" for number in range(chunks)}
    server.put_many(bucket, {f"cell.zarr/{key}": content for key, content in objects.items()})


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_requests_do_not_grow_with_the_bucket(s3_server: S3Server, s3: Any, zarr_format: int) -> None:
    counts = []
    for chunks in (3, 1100):
        bucket = f"inspected-{zarr_format}-{chunks}"
        put_image(s3_server, s3, bucket, zarr_format, chunks)
        with proxy_before(s3_server.port) as proxy:
            inspection = inspect_key(s3_server.root(f"s3://{bucket}", endpoint=proxy.endpoint), "cell.zarr")
        assert inspection.publishable, inspection.problems
        assert inspection.to_json()["chunks"] > 1_000_000
        assert not [request for request in proxy.requests if "/0/0/" in request], "no chunk is asked for"
        counts.append(len(proxy.requests))
    assert counts[0] == counts[1]
    assert counts[0] <= 24


def errors_of(inspection: Inspection) -> list[str]:
    return [problem.id for problem in inspection.problems if problem.severity == "error"]


def test_an_unreachable_bucket_and_a_wrong_key_are_named(s3_server: S3Server, s3: Any) -> None:
    put_image(s3_server, s3, "inspected", 3, 0)
    for changes, name in (
        ({"endpoint": "http://127.0.0.1:1"}, "storage-unreachable"),
        ({"secret": "wrong"}, "storage-credentials-refused"),
        ({"url": "s3://nowhere"}, "bucket-missing"),
    ):
        root = s3_server.root(**{"url": "s3://inspected", **changes})
        inspection = inspect_key(root, "cell.zarr")
        assert errors_of(inspection) == [name]
        assert inspection.problems[0].fix
    with silent_endpoint() as endpoint:
        inspection = inspect_key(s3_server.root("s3://inspected", endpoint=endpoint), "cell.zarr")
    assert errors_of(inspection) == ["storage-timeout"]


def test_a_bucket_that_answers_403_for_absent_keys_is_found(s3_server: S3Server, s3: Any) -> None:
    put_image(s3_server, s3, "inspected-hiding", 3, 0)
    allow = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::inspected-hiding/*",
    }
    s3.put_bucket_policy(Bucket="inspected-hiding", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    anonymous = {"url": "s3://inspected-hiding", "anonymous": True, "key": "", "secret": ""}
    inspection = inspect_key(s3_server.root(**anonymous), "cell.zarr")
    assert errors_of(inspection) == ["storage-hides-absence"]
    assert "FORBIDDEN_MEANS_ABSENT" in inspection.problems[0].fix
    assert inspect_key(s3_server.root(**anonymous, forbidden_means_absent=True), "cell.zarr").publishable
