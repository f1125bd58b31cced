"""What nginx serves by itself is counted: each line once, by whichever process, also when the log is moved away."""

import datetime as dt
import time
from pathlib import Path

import pytest

from datasets.serving.front_log import FrontLog
from datasets.serving.traffic import Batch
from datasets.storage.published_tree import PublishedTree
from tests.nginx import nginx_in_front
from tests.serving.conftest import place_published
from tests.serving.plane import TOKEN, snapshot_of
from tests.serving.transports import Server, over_socket

NOON_S = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC).timestamp()


def line(
    at_s: float = NOON_S,
    address: str = "192.0.2.7",
    path: str = "/data/cells@1/em/c/0",
    status: int = 200,
    portal: str = "-",
) -> str:
    at = dt.datetime.fromtimestamp(at_s, dt.timezone(dt.timedelta(hours=2))).isoformat(timespec="seconds")
    return f'{address} [{at}] "GET {path}" {status} 4096 0.002 1f2e {portal}\n'


class Counted:
    """A sink that adds up."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def __call__(self, batch: Batch) -> None:
        self.batches.append(batch)

    @property
    def answers(self) -> int:
        return sum(tally.answers for batch in self.batches for tally in batch.tallies.values())


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "usage.log"


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def front(log: Path, tmp_path: Path, counted: Counted) -> FrontLog:
    return FrontLog(log, tmp_path / "position", counted)


def test_a_line_is_an_answer_of_a_dataset(log: Path, front: FrontLog, counted: Counted) -> None:
    log.write_text(line() + line(status=206) + line(address="2001:db8::1") + line(path="/data/~***/worms/em/c/0"))
    front(Batch(gauges={"open_streams": 3.0}))
    (batch,) = counted.batches
    assert {key: (tally.answers, tally.sent_bytes) for key, tally in batch.tallies.items()} == {
        ("front", "cells", 200): (2, 8192),
        ("front", "cells", 206): (1, 4096),
        ("front", "worms", 200): (1, 4096),
    }
    assert {caller.peer for caller in batch.callers["cells"]} == {"192.0.2.7", "2001:db8::1"}
    assert (batch.ended_s, batch.gauges) == (NOON_S, {"open_streams": 3.0})


def test_each_line_counts_once_and_only_when_it_is_whole(log: Path, tmp_path: Path, front: FrontLog) -> None:
    counted = Counted()
    processes = [FrontLog(log, tmp_path / "position", counted) for _ in range(3)]
    written = 0
    for number in range(30):
        with log.open("a") as file:
            file.write(line() + line()[:17])
            file.flush()
            processes[number % 3](Batch())
            file.write(line()[17:])
        written += 2
        processes[(number + 1) % 3](Batch())
        assert counted.answers == written


def test_a_log_that_is_moved_away_is_read_to_its_end(log: Path, front: FrontLog, counted: Counted) -> None:
    log.write_text(line())
    front(Batch())
    with log.open("a") as file:  # nginx writes on until it is told
        log.rename(log.with_name("usage.log.1"))
        file.write(line() + line())
    log.write_text(line())
    front(Batch())
    front(Batch())
    assert counted.answers == 4


def test_a_log_that_is_emptied_is_read_from_its_beginning(log: Path, front: FrontLog, counted: Counted) -> None:
    log.write_text(line() * 3)
    front(Batch())
    log.write_text(line())
    front(Batch())
    assert counted.answers == 4


def test_midnight_parts_the_days(log: Path, front: FrontLog, counted: Counted) -> None:
    log.write_text(line(NOON_S + 12 * 3600 - 1) + line(NOON_S + 12 * 3600 + 1))
    front(Batch())
    days = [dt.datetime.fromtimestamp(batch.ended_s, dt.UTC).date() for batch in counted.batches]
    assert days == [dt.date(2026, 3, 1), dt.date(2026, 3, 2)]


@pytest.mark.parametrize(
    "other",
    [
        line(portal="200"),  # the portal has counted it
        line(portal="502, 200"),
        line(path="/datasets/cells@1/"),
        line(path="/data/"),
        line(status=404),
        line(status=500),
        line().replace("2026-", "yesterday "),
        line().replace("4096", "many"),
        *("\n", "no line\n", "\xff\n", '192.0.2.7 [] "GET /data/cells@1/x" 200 1 0.1 a - 200 1 0.1 b -\n'),
    ],
)
def test_other_lines_are_not_counted(log: Path, front: FrontLog, counted: Counted, other: str) -> None:
    log.write_bytes((line() + other + line()).encode("latin-1"))
    front(Batch())
    assert counted.answers == 2


def test_without_a_log_nothing_is_counted(front: FrontLog, counted: Counted) -> None:
    front(Batch(ended_s=time.time()))
    assert counted.batches == []


@pytest.mark.parametrize(
    ("path", "headers", "served", "dataset"),
    [
        ("/data/frozen%401/small", {}, 200, "frozen"),
        ("/data/frozen@1/large", {"range": "bytes=0-9"}, 206, "frozen"),
        ("/data/secret@1/small", {"authorization": f"Bearer {TOKEN.decode()}"}, 200, "secret"),
        (f"/data/~{TOKEN.decode()}/secret@1/small", {}, 200, "secret"),
    ],
)
def test_nginx_writes_what_is_counted(
    folder: Path,
    servers: dict[str, Server],
    tmp_path: Path,
    path: str,
    headers: dict[str, str],
    served: int,
    dataset: str,
) -> None:
    counted = Counted()
    place_published(snapshot_of(str(folder)), PublishedTree(tmp_path / "published"))
    (tmp_path / "nginx").mkdir()
    front = nginx_in_front(tmp_path / "nginx", home=tmp_path, application_port=servers[str(folder)].port)
    with front as nginx, over_socket(nginx.port) as ask:
        assert ask(path, **headers).status == served
        assert ask("/data/frozen@1/many/").status == 200  # a listing, by the portal
    FrontLog(nginx.folder / "access.log", tmp_path / "position", counted)(Batch())
    (batch,) = counted.batches
    assert {key: tally.answers for key, tally in batch.tallies.items()} == {("front", dataset, served): 1}
    assert abs(batch.ended_s - time.time()) < 60
