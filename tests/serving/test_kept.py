"""Objects kept at hand are answered as if each had been looked up anew, and are let go in time."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.serving import core, kept
from datasets.serving.answers import Answer
from datasets.serving.asgi import DataPlane
from datasets.serving.kept import KeptObjects
from datasets.serving.requests import Request
from datasets.serving.snapshot import Dataset, Snapshot, Snapshots, Version, Visibility
from datasets.storage.files import LocalFolder
from datasets.storage.mounts import Mount

NOW_S = 1_700_000_000.0
SMALL, SHARD = b"small object", bytes(range(256)) * (6 << 10)
OBJECTS = {"small": SMALL, "empty": b"", "shard": SHARD, "chunk": b"c" * 100_000}


async def nothing(*_: object) -> None:
    raise AssertionError("everything is answered at once")


def snapshot_of(folder: Path, *, visibility: Visibility = Visibility.PUBLIC, immutable: bool = True) -> Snapshot:
    mount = Mount("", LocalFolder(folder), "v1", immutable=immutable)
    return Snapshot.of([Dataset("cells", visibility, (Version(1, (mount,)),))])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    (folder / "v1").mkdir()
    for name, content in OBJECTS.items():
        (folder / "v1" / name).write_bytes(content)
    return folder


class Plane:
    """A data plane whose snapshot may be exchanged."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.stamp = 0
        self.snapshots = Snapshots(lambda: self.snapshot, lambda: self.stamp, interval_s=0)
        self.plane = DataPlane(nothing, self.snapshots)
        self.snapshots._look()

    def change_to(self, snapshot: Snapshot) -> None:
        self.snapshot, self.stamp = snapshot, self.stamp + 1
        self.snapshots._look()

    def ask(self, name: str, method: str = "GET", **headers: bytes) -> Answer:
        sent = {key.replace("_", "-").encode(): value for key, value in headers.items()}
        answered = self.plane.answer_at_once(Request(method, f"/data/cells@1/{name}".encode(), b"", sent))
        assert answered is not None, "not to be answered at once"
        return answered[0]


@pytest.fixture
def plane(folder: Path) -> Plane:
    return Plane(snapshot_of(folder))


def looked_up(snapshot: Snapshot, name: str, headers: dict[bytes, bytes]) -> Answer:
    answer = core.answer(Request("GET", f"/data/cells@1/{name}".encode(), b"", headers), snapshot, NOW_S)
    assert isinstance(answer, Answer)
    return answer


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


TAG = st.sampled_from([b'"x"', b"*", b'W/"x"', b"the tag"])
DATE = st.sampled_from([b"Thu, 01 Jan 1970 00:00:00 GMT", b"Fri, 01 Jan 2100 00:00:00 GMT", b"no date", b"the date"])
NUMBER = st.one_of(st.just(""), st.integers(0, 2 * len(SHARD)).map(str))
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        b"range": st.tuples(NUMBER, NUMBER).map(lambda pair: f"bytes={pair[0]}-{pair[1]}".encode()),
        b"if-match": TAG,
        b"if-none-match": TAG,
        b"if-range": st.one_of(TAG, DATE),
        b"if-modified-since": DATE,
        b"if-unmodified-since": DATE,
    },
)


@given(name=st.sampled_from(["small", "empty", "shard"]), headers=HEADERS)
def test_the_answer_is_the_one_that_looking_up_gives(folder: Path, name: str, headers: dict[bytes, bytes]) -> None:
    snapshot = snapshot_of(folder)
    facts = dict(looked_up(snapshot, name, {b"range": b"bytes=0-0"}).headers)
    known = {b"the tag": facts[b"etag"], b"the date": facts[b"last-modified"]}
    headers = {header: known.get(value, value) for header, value in headers.items()}
    objects = KeptObjects()
    path = f"/data/cells@1/{name}".encode()
    first = looked_up(snapshot, name, {b"range": b"bytes=0-0"})
    assert objects.find(path, snapshot) is None
    assert first.keepable is not None
    objects.keep(path, first.keepable)
    found = objects.find(path, snapshot)
    assert found is not None
    answer, expected = found.answer(headers), looked_up(snapshot, name, headers)
    if answer is None:
        assert not isinstance(expected.body, bytes), "only what is read while it is sent is left to others"
        return
    assert (answer.status, answer.headers, answer.body) == (expected.status, expected.headers, expected.body)
    if answer.lines:
        assert answer.lines == b"".join(b"%b: %b\r\n" % pair for pair in answer.headers)


def test_a_withdrawal_lets_go_at_once(plane: Plane, folder: Path) -> None:
    for name in ("small", "shard"):
        assert plane.ask(name, range=b"bytes=0-3").status == 206
        assert plane.ask(name, range=b"bytes=0-3").status == 206
    plane.change_to(snapshot_of(folder, visibility=Visibility.PRIVATE))
    for name in ("small", "shard"):
        assert plane.ask(name, range=b"bytes=0-3").status == 404


@pytest.mark.parametrize(
    ("name", "visibility", "immutable"),
    [
        ("small", Visibility.PRIVATE, True),
        ("small", Visibility.PUBLIC, False),
        ("chunk", Visibility.PUBLIC, True),
    ],
)
def test_what_is_not_public_or_may_change_or_is_read_once_is_not_kept(
    folder: Path, name: str, visibility: Visibility, immutable: bool
) -> None:
    snapshot = snapshot_of(folder, visibility=visibility, immutable=immutable)
    request = Request("GET", f"/data/cells@1/{name}".encode())
    answer = core.answer(request, snapshot, NOW_S, grants=frozenset({"cells"}))
    assert isinstance(answer, Answer)
    assert answer.status == 200
    assert answer.keepable is None


def test_what_may_be_written_again_is_read_again(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    file = tmp_path / "v1/notes"
    file.write_bytes(b"before")
    plane = Plane(snapshot_of(tmp_path, immutable=False))
    assert plane.ask("notes").body == b"before"
    file.write_bytes(b"after that")
    assert plane.ask("notes").body == b"after that"


def test_an_object_that_went_is_missed_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "TRUSTED_S", 0.0)
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1/object").write_bytes(SMALL)
    plane = Plane(snapshot_of(tmp_path))
    assert plane.ask("object").body == SMALL
    assert plane.ask("object").body == SMALL
    (tmp_path / "v1/object").unlink()
    assert plane.ask("object").status == 404


def test_only_so_many_are_kept_and_the_others_files_are_closed(folder: Path) -> None:
    snapshot = snapshot_of(folder)
    keepable = looked_up(snapshot, "shard", {b"range": b"bytes=0-0"}).keepable
    assert keepable is not None
    objects = KeptObjects(most=3)
    objects.find(b"", snapshot)
    before = open_files()
    for number in range(10):
        objects.keep(b"%d" % number, keepable)
    assert open_files() == before + 3
    assert [objects.find(b"%d" % number, snapshot) is not None for number in (6, 7, 8, 9)] == [False, True, True, True]
    objects.clear()
    assert open_files() == before
