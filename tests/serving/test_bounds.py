"""What waits is bounded: whoever comes when all places are taken is told to come again, and nobody else is delayed."""

import asyncio
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from datasets.serving.asgi import DataPlane
from datasets.serving.bounds import BoundedThreads, Overloaded
from datasets.serving.core import Credentials
from datasets.serving.identity import Identify, Opened
from datasets.serving.snapshot import Dataset, Snapshot, Snapshots, Version, Visibility
from datasets.storage.buckets import bucket_of
from datasets.storage.files import local_folder
from datasets.storage.mounts import Mount
from tests.s3_proxy import silent_endpoint
from tests.s3_server import S3Server
from tests.serving.plane import behind
from tests.serving.transports import Reply, exchange, problem

MOST = 3


@pytest.mark.parametrize("path", ["/data/remote@1/object", "/data/remote@1/folder/"])
def test_a_bucket_that_never_answers_holds_so_many_and_no_more(tmp_path: Path, path: str) -> None:
    (tmp_path / "object").write_bytes(b"near")

    async def crowd() -> tuple[Reply, Reply]:
        waiting = [asyncio.create_task(exchange(plane, path)) for _ in range(MOST)]
        await asyncio.sleep(0.1)
        refused, near = await exchange(plane, path), await exchange(plane, "/data/near@1/object")
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        return refused, near

    with silent_endpoint() as endpoint:
        bucket = bucket_of(S3Server(Path(), 0).root("s3://plane", endpoint=endpoint))
        versions = {"remote": Mount("", bucket, "prefix"), "near": Mount("", local_folder(tmp_path), "")}
        snapshot = Snapshot.of(
            Dataset(name, Visibility.PUBLIC, (Version(1, (mount,)),)) for name, mount in versions.items()
        )
        plane = DataPlane(behind, Snapshots(lambda: snapshot, lambda: 1), most_waiting=MOST)
        refused, near = asyncio.run(crowd())
    problem(refused, "overloaded")
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert (near.status, near.body) == (200, b"near")


def test_so_many_callers_are_asked_about_and_all_who_show_the_same_count_once() -> None:
    go_on = threading.Event()

    def ask(credentials: Credentials) -> Opened:
        go_on.wait(20)
        return Opened(frozenset({credentials.cookie.decode()}))

    async def crowd() -> list[frozenset[str]]:
        identify = Identify(ask, most_waiting=MOST)
        waiting = [asyncio.create_task(identify(Credentials(cookie=b"%d" % (n % MOST)))) for n in range(100)]
        await asyncio.sleep(0.1)
        with pytest.raises(Overloaded):
            await identify(Credentials(cookie=b"another"))
        go_on.set()
        answers = await asyncio.gather(*waiting)
        assert await identify(Credentials(cookie=b"another")) == {"another"}
        return answers

    assert set(asyncio.run(crowd())) == {frozenset({str(number)}) for number in range(MOST)}


def test_a_place_is_free_again_however_the_work_ends() -> None:
    threads = BoundedThreads(1, MOST, name="test")
    go_on = threading.Event()

    def fail() -> None:
        raise ValueError

    work: list[Future[object]] = [threads.submit(lambda: go_on.wait(20)), threads.submit(fail), threads.submit(bool)]
    assert threads.taken == MOST
    with pytest.raises(Overloaded):
        threads.submit(bool)
    rest = threads.submit_anyway(lambda: "the rest of what was begun")
    assert work[2].cancel()
    assert threads.taken == MOST - 1
    go_on.set()
    assert isinstance(work[1].exception(20), ValueError)
    assert rest.result(20)
    assert threads.taken == 0
