"""The one removal there is: outputs of jobs, in the portal's own root."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from datasets.storage import objects
from datasets.storage.removal import list_revisions, remove_drafts, remove_revision
from datasets.storage.roots import OWN_ROOT, Root
from tests.s3_server import S3Server


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.s3_server)])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Root:
    if request.param == "folder":
        return Root(name=OWN_ROOT, url=tmp_path.as_uri())
    server: S3Server = request.getfixturevalue("s3_server")
    client: Any = request.getfixturevalue("s3")
    client.create_bucket(Bucket="removal")
    return server.root("s3://removal/own", OWN_ROOT)


def test_one_output_is_removed_and_its_neighbours_stay(own: Root) -> None:
    objects.check(own)
    assert list_revisions(own) == []
    for number in range(3):
        objects.write(own, f"derived/pyramid/a-1/em/c/{number}", b"x")
    for key in ("derived/pyramid/a-10/em", "derived/copy/b-1/em", "inventories/a/1"):
        objects.write(own, key, b"x")
    assert list_revisions(own) == ["derived/copy/b-1", "derived/pyramid/a-1", "derived/pyramid/a-10"]
    for _ in range(2):  # again does no harm
        remove_revision(own, "derived/pyramid/a-1")
    assert list_revisions(own) == ["derived/copy/b-1", "derived/pyramid/a-10"]
    assert objects.read(own, "inventories/a/1") == b"x"


@pytest.mark.parametrize(
    "prefix", ["derived", "derived/pyramid", "inventories/a/b", "derived/../own", "derived/a/b/c", "derived//a/b"]
)
def test_nothing_else_can_be_removed(tmp_path: Path, prefix: str) -> None:
    own, given = (Root(name=name, url=tmp_path.as_uri()) for name in (OWN_ROOT, "data"))
    objects.write(own, "derived/pyramid/a-1/em", b"x")
    with pytest.raises(ValueError, match="is no output"):
        remove_revision(own, prefix)
    with pytest.raises(ValueError, match="is no output"):
        remove_revision(given, "derived/pyramid/a-1")


def test_what_a_killed_process_left_in_the_making_is_removed_when_it_is_old(tmp_path: Path) -> None:
    own = Root(name=OWN_ROOT, url=tmp_path.as_uri())
    objects.write(own, "derived/pyramid/a-1/em", b"x")
    folder = tmp_path / objects.DRAFTS
    assert list(folder.iterdir()) == [], "what was finished is in its place"
    for name, age_s in (("old", 90_000), ("new", 10)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age_s,) * 2)
    assert remove_drafts(own, older_than_s=86_400) == 1
    assert [draft.name for draft in folder.iterdir()] == ["new"]
    assert objects.read(own, "derived/pyramid/a-1/em") == b"x"
