"""Listings of S3 at their limits: as another S3 server gives them, with few requests, of very many keys."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.serving.asgi import DataPlane
from datasets.serving.snapshot import Dataset, Snapshot, Snapshots, Version, Visibility
from datasets.storage.buckets import bucket_of
from datasets.storage.files import LocalFolder
from datasets.storage.mounts import Mount
from tests.s3_proxy import proxy_before
from tests.s3_server import S3Server
from tests.serving.plane import behind
from tests.serving.test_s3 import keys, listing, texts
from tests.serving.transports import in_process

KEYS = [
    "a", "a-b", "a.b", "a.b/c", "a/x", "a/x.y", "a/x/1", "a/x/2", "a/y", "a0", "b c/d", "b+c", "é/1", "é/2", "~", "𐀀/z",
]  # fmt: skip
PARTS = st.sampled_from(["", "a", "a/", "a/x", "a/x/", "a.", "b", "é", "é/", "z", "𐀀", "a/x/2", "a0/", "~"])


def plane_over(*mounts: Mount) -> DataPlane:
    snapshot = Snapshot.of([Dataset("listed", Visibility.PUBLIC, (Version(1, mounts),))])
    return DataPlane(behind, Snapshots(lambda: snapshot, lambda: 1))


@pytest.fixture(scope="module")
def listed_bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="listed")
    for key in KEYS:
        s3.put_object(Bucket="listed", Key=key, Body=key.encode())
    return "listed"


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "Prefix": PARTS,
            "Delimiter": st.sampled_from(["/", ".", "x", "a", "é"]),
            "StartAfter": PARTS,
            "MaxKeys": st.integers(0, 20),
        },
    )
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_are_those_of_another_s3_server(
    s3: Any, s3_server: S3Server, listed_bucket: str, asked: dict[str, Any]
) -> None:
    ours = in_process(plane_over(Mount("", bucket_of(s3_server.root(f"s3://{listed_bucket}")), "")))
    names = {"Prefix": "prefix", "Delimiter": "delimiter", "StartAfter": "start-after", "MaxKeys": "max-keys"}
    query = "".join(f"&{names[name]}={quote(str(value), safe='')}" for name, value in asked.items())
    document = listing(ours, "listed", query)
    theirs = s3.list_objects_v2(Bucket=listed_bucket, **asked)
    assert keys(document) == [item["Key"] for item in theirs.get("Contents", [])]
    assert texts(document, "Contents/ETag") == [item["ETag"] for item in theirs.get("Contents", [])]
    assert texts(document, "CommonPrefixes/Prefix") == [item["Prefix"] for item in theirs.get("CommonPrefixes", [])]
    assert texts(document, "KeyCount") == [str(theirs["KeyCount"])]
    if theirs["IsTruncated"]:
        assert texts(document, "IsTruncated") == ["true"]


def test_a_page_is_one_request_to_the_bucket(s3_server: S3Server, filled_bucket: str) -> None:
    with proxy_before(s3_server.port) as proxy:
        root = s3_server.root("s3://plane", endpoint=proxy.endpoint)
        ask = in_process(plane_over(Mount("", bucket_of(root), "own/cells/1")))
        pages = 0
        token = ""
        while pages == 0 or token:
            document = listing(ask, "listed", f"&prefix=many/&max-keys=2000&continuation-token={token}")
            pages += 1
            (token,) = texts(document, "NextContinuationToken") or [""]
        assert pages == 6
        assert len(proxy.requests) == pages
        proxy.requests.clear()
        assert len(texts(listing(ask, "listed", "&delimiter=/"), "CommonPrefixes/Prefix")) == 4
        assert len(proxy.requests) == 1, "what lies in the folders is not listed"


def test_mounts_that_a_prefix_or_a_page_does_not_meet_are_not_asked(s3_server: S3Server, filled_bucket: str) -> None:
    with proxy_before(s3_server.port) as proxy:
        bucket = bucket_of(s3_server.root("s3://plane", endpoint=proxy.endpoint))
        mounts = [Mount(f"layer{number:03}", bucket, "own/cells/1/odd") for number in range(200)]
        ask = in_process(plane_over(Mount("", bucket, "own/derived/s1"), *mounts))
        assert keys(listing(ask, "listed", "&prefix=layer007/x")) == ["layer007/x:y/z"]
        assert len(proxy.requests) == 1
        proxy.requests.clear()
        assert len(keys(listing(ask, "listed", "&max-keys=8"))) == 8
        assert len(proxy.requests) <= 6


def test_a_hundred_thousand_keys_of_a_folder(tmp_path: Path) -> None:
    """Many by links: a hundred names of one folder that holds a thousand objects."""
    (tmp_path / "stored").mkdir()
    for number in range(1000):
        (tmp_path / "stored" / f"{number:03}").touch()
    (tmp_path / "shown").mkdir()
    for number in range(100):
        (tmp_path / "shown" / f"{number:02}").symlink_to("../stored")
    ask = in_process(plane_over(Mount("", LocalFolder(tmp_path), "shown")))
    found: list[str] = []
    token = ""
    while not found or token:
        document = listing(ask, "listed", f"&continuation-token={token}")
        found += keys(document)
        (token,) = texts(document, "NextContinuationToken") or [""]
    assert found == [f"{folder:02}/{name:03}" for folder in range(100) for name in range(1000)]
