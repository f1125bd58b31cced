"""Objects of a root: one suite for a local folder and for a bucket on a real S3 server.

What is there was put behind the code's back: with plain files, with botocore.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.storage import objects
from datasets.storage.errors import ObjectAbsent
from datasets.storage.keys import MAX_KEY_BYTES
from datasets.storage.roots import OWN_ROOT, Root

type Put = Callable[[str, bytes], None]
CONTENT = b"0123456789"


@pytest.fixture(scope="module", params=["folder", pytest.param("bucket", marks=pytest.mark.s3_server)])
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Root:
    """An own root; a bucket's lies below a prefix."""
    if request.param == "folder":
        return Root(name=OWN_ROOT, url=tmp_path_factory.mktemp("own").as_uri())
    request.getfixturevalue("s3").create_bucket(Bucket="objects")
    server = request.getfixturevalue("s3_server")
    return server.root("s3://objects/lab/own", OWN_ROOT)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def put(root: Root, request: pytest.FixtureRequest) -> Put:
    if root.path is None:
        s3: Any = request.getfixturevalue("s3")
        return lambda key, content: s3.put_object(Bucket="objects", Key=f"lab/own/{key}", Body=content)
    folder: Path = root.path

    def write(key: str, content: bytes) -> None:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return write


class TestReading:
    def test_gives_the_bytes(self, root: Root, put: Put) -> None:
        put("cells/object", CONTENT)
        put("cells/empty", b"")
        assert objects.read(root, "cells/object") == CONTENT
        assert objects.read(root, "cells/empty") == b""

    @pytest.mark.parametrize(
        ("start", "end", "part"),
        [
            (0, 3, CONTENT[:3]),
            (3, 10, CONTENT[3:]),
            (3, None, CONTENT[3:]),
            (3, 99, CONTENT[3:]),
            (9, 10, b"9"),
            (10, 12, b""),
            (10, None, b""),
            (5, 5, b""),
        ],
    )
    def test_of_a_range_gives_what_there_is_of_it(
        self, root: Root, put: Put, start: int, end: int | None, part: bytes
    ) -> None:
        put("cells/object", CONTENT)
        assert objects.read_range(root, "cells/object", start, end) == part

    @pytest.mark.parametrize(("size_bytes", "part"), [(3, b"789"), (10, CONTENT), (99, CONTENT), (0, b"")])
    def test_of_the_end_gives_what_there_is_of_it(self, root: Root, put: Put, size_bytes: int, part: bytes) -> None:
        put("cells/object", CONTENT)
        assert objects.read_suffix(root, "cells/object", size_bytes) == part

    def test_of_parts_of_nothing_gives_nothing(self, root: Root, put: Put) -> None:
        put("cells/empty", b"")
        assert objects.read_range(root, "cells/empty", 0, 5) == b""
        assert objects.read_suffix(root, "cells/empty", 5) == b""

    def test_the_size_is_known_without_reading(self, root: Root, put: Put) -> None:
        put("cells/object", CONTENT)
        put("cells/empty", b"")
        assert objects.stat(root, "cells/object").size_bytes == 10
        assert objects.stat(root, "cells/empty").size_bytes == 0

    @pytest.mark.parametrize("key", ["cells/absent", "cells", "no/folder", "x" * 300, "y/" * 511 + "z"])
    def test_what_is_absent_is_said_to_be(self, root: Root, put: Put, key: str) -> None:
        put("cells/object", CONTENT)
        for call in (
            lambda: objects.read(root, key),
            lambda: objects.read_range(root, key, 2, 4),
            lambda: objects.read_range(root, key, 2, 2),
            lambda: objects.read_suffix(root, key, 2),
            lambda: objects.stat(root, key),
        ):
            with pytest.raises(ObjectAbsent):
                call()

    def test_an_object_is_given_as_it_is_stored(self, root: Root, put: Put, request: pytest.FixtureRequest) -> None:
        """Not unpacked on the way, whatever its metadata say."""
        import gzip

        packed = gzip.compress(CONTENT)
        put("packed", packed)
        if root.path is None:
            s3 = request.getfixturevalue("s3")
            s3.put_object(Bucket="objects", Key="lab/own/packed", Body=packed, ContentEncoding="gzip")
        assert objects.read(root, "packed") == packed


SEGMENTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="/\\"), min_size=1)


@given(st.lists(SEGMENTS.filter(lambda name: name not in (".", "..")), min_size=1, max_size=3).map("/".join))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_key_names_its_object(root: Root, put: Put, key: str) -> None:
    if len(key.encode()) > 240:
        key = "long"
    put(f"any/{key}~", key.encode())
    assert objects.read(root, f"any/{key}~") == key.encode()
    folder, _, name = f"any/{key}~".rpartition("/")
    assert name in objects.list_folder(root, folder, limit=10_000)


class TestListing:
    def test_names_objects_and_folders_right_below(self, root: Root, put: Put) -> None:
        for key in ("a.b", "a/deep/x", "a/y", "a0", "b", "ab/x", "é"):
            put(f"list/{key}", b"")
        assert objects.list_folder(root, "list") == ["a.b", "a/", "a0", "ab/", "b", "é"]
        assert objects.list_folder(root, "list/a") == ["deep/", "y"]
        assert "list/" in objects.list_folder(root, "")

    def test_comes_in_pages_that_start_behind_any_name(self, root: Root, put: Put) -> None:
        names = ["a.b", "a/", "a0", "ab/", "b", "é"]
        for name in names:
            put(f"pages/{name}x" if name.endswith("/") else f"pages/{name}", b"")
        put("pages/a/y", b"")
        for after in ["", *names, "a", "aa", "zz"]:
            behind = [name for name in names if name > after]
            for limit in (1, 2, 10):
                assert objects.list_folder(root, "pages", after=after, limit=limit) == behind[:limit], (after, limit)

    def test_of_more_names_than_one_answer_holds(self, root: Root, put: Put) -> None:
        for number in range(1203):
            put(f"many/{number:04}/x" if number % 2 else f"many/{number:04}", b"")
        expected = [f"{number:04}/" if number % 2 else f"{number:04}" for number in range(1203)]
        assert objects.list_folder(root, "many", limit=5000) == expected
        assert objects.list_folder(root, "many", after="0001/", limit=1100) == expected[2:1102]

    @pytest.mark.parametrize("key", ["absent", "list/b", "lis"])
    def test_of_no_folder_says_so(self, root: Root, put: Put, key: str) -> None:
        put("list/b", b"")
        with pytest.raises(ObjectAbsent):
            objects.list_folder(root, key)


class TestWriting:
    def test_puts_the_whole_in_place(self, root: Root) -> None:
        objects.write(root, "new/folder/object", b"first")
        assert objects.read(root, "new/folder/object") == b"first"
        objects.write(root, "new/folder/object", b"second, longer")
        assert objects.read(root, "new/folder/object") == b"second, longer"
        assert objects.list_folder(root, "new/folder") == ["object"]

    def test_is_refused_outside_the_portals_own_root(self, root: Root) -> None:
        given_root = Root(name="given", url=root.url, endpoint=root.endpoint, key=root.key, secret=root.secret)
        with pytest.raises(ValueError, match="never modified"):
            objects.write(given_root, "object", b"")


def test_a_root_that_answers_passes_the_check(root: Root) -> None:
    objects.check(root)


def test_keys_stay_below_the_prefix(root: Root, put: Put, request: pytest.FixtureRequest) -> None:
    """A neighbour's objects, which share the prefix's first letters, are not reached."""
    put("inside", CONTENT)
    if root.path is None:
        s3 = request.getfixturevalue("s3")
        s3.put_object(Bucket="objects", Key="lab/ownother", Body=b"neighbour")
        s3.put_object(Bucket="objects", Key="secret", Body=b"neighbour")
    else:
        (root.path.parent / f"{root.path.name}other").write_bytes(b"neighbour")
    assert "other" not in objects.list_folder(root, "", limit=10_000)
    for key in ("../secret", "other", "/../secret"):
        with pytest.raises(Exception, match=r"key|link") as caught:
            objects.read(root, key)
        assert caught.value.status in (400, 404)


def test_the_longest_key(root: Root, put: Put) -> None:
    prefix_bytes = len(root.prefix) + 1 if root.prefix else 0
    key = ("k" * 200 + "/") * 5
    key += "k" * (MAX_KEY_BYTES - prefix_bytes - len(key))
    put(key, CONTENT)
    assert objects.read(root, key) == CONTENT
    if root.path is None:
        with pytest.raises(ObjectAbsent):
            objects.read(root, key + "k")
