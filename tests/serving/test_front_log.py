"""What nginx serves by itself is counted: each line once, by whichever process, also when the log is moved away."""

import datetime as dt
import time
from pathlib import Path

import pytest

from datasets.serving.front_log import FrontLog
from datasets.serving.traffic import Batch

NOON_S = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC).timestamp()


def line(at_s: float = NOON_S, address: str = "192.0.2.7", version: str = "cells@1", status: int = 200) -> str:
    return f"{at_s:.3f}\t{address}\t{version}\t{status}\t4096\t0.002\n"


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
    log.write_text(line() + line(status=206) + line(address="2001:db8::1") + line(version="worms"))
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


@pytest.mark.parametrize("torn", ["", "\n", "no line\n", line().replace("4096", "x"), "\xff\t\t\t\t\t\n"])
def test_what_is_no_line_stops_nothing(log: Path, front: FrontLog, counted: Counted, torn: str) -> None:
    log.write_bytes((line() + torn + line()).encode("latin-1"))
    front(Batch())
    assert counted.answers == 2


def test_without_a_log_nothing_is_counted(front: FrontLog, counted: Counted) -> None:
    front(Batch(ended_s=time.time()))
    assert counted.batches == []
