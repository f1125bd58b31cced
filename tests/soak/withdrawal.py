"""Datasets are opened and withdrawn over and over while clients read them, through nginx and directly.

    python -m tests.soak.withdrawal HOME --datasets 25 --turns 40 --readers 16

A portal of its own in HOME, served by two processes with nginx in front. What was read after an action had returned,
and before the next one began, must be what that action says. Ends with 1 and the readings that were not.
"""

import argparse
import random
import sys
import threading
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from tests.nginx import nginx_in_front
from tests.serving.transports import over_socket
from tests.soak.portal import begin, serving

OBJECTS = (
    "/data/{}/em/zarr.json",
    "/data/{}@1/em/zarr.json",
    "/data/{}@1/em/0/c/0/0/0",
    "/data/{}@1/",
    "/s3/{}/em/zarr.json",
)
EM = {"path": "em", "kind": "em", "title": "EM"}


class Reading(NamedTuple):
    """One request: when it began, whether with a share token, and what came."""

    began_s: float
    dataset: str
    shared: bool
    door: str
    path: str
    status: int


@dataclass
class History:
    """What is true of one dataset, from when each action has returned until the next one begins."""

    settled_s: list[float] = field(default_factory=list)
    ended_s: list[float] = field(default_factory=list)
    expected: list[int] = field(default_factory=list)

    def settle(self, expected: int) -> None:
        self.expected.append(expected)
        self.settled_s.append(time.monotonic())

    def end(self) -> None:
        if self.settled_s:
            self.ended_s.append(time.monotonic())

    def at(self, began_s: float, ended_s: float) -> int | None:
        """The status that a request had to have; None while an action was under way."""
        index = bisect_right(self.settled_s, began_s) - 1
        if index < 0 or (index < len(self.ended_s) and ended_s > self.ended_s[index]):
            return None
        return self.expected[index]


@dataclass
class Run:
    """What the threads share."""

    doors: dict[str, int]
    datasets: list[str]
    tokens: dict[str, str] = field(default_factory=dict)
    strangers: dict[str, History] = field(default_factory=dict)
    wrong: list[tuple[Reading, int]] = field(default_factory=list)
    judged: Counter[tuple[str, int]] = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    def judge(self, reading: Reading, expected: int | None) -> None:
        if expected is not None:
            self.judged[reading.door, expected] += 1
            if reading.status != expected:
                self.wrong.append((reading, expected))


def prepare(home: Path, count: int) -> list[str]:
    """A portal in ``home`` with so many datasets, all private."""
    begin(home, CISTERNA_PROCESSES="2")
    from datasets.publishing.actions import publish
    from datasets.publishing.specification import check_specification
    from tests.samples import em_levels, specification, write_image

    write_image(home / "data" / "small.zarr" / "em", em_levels((16, 16, 16), 1))
    names = [f"cell-{number:02}" for number in range(count)]
    for name in names:
        document = specification("data:small.zarr", name=name, visibility="private", volumes=[EM], views=[])
        publish(specification=check_specification(document), base=home, by=None)
    return names


@contextmanager
def open_doors(home: Path) -> Iterator[dict[str, int]]:
    """The ports of both doors."""
    (home / "nginx").mkdir()
    with (
        serving(home) as port,
        nginx_in_front(home / "nginx", home=home, application_port=port, workers=2) as nginx,
    ):
        yield {"direct": port, "nginx": nginx.port}


def read_all_the_time(run: Run, seed: int) -> None:
    """Read this and that, on connections that change, so that every process is asked."""
    chance = random.Random(seed)
    doors = list(run.doors.items())
    while not run.stop.is_set():
        door, port = chance.choice(doors)
        with over_socket(port) as ask:
            for _ in range(20):
                name, path = chance.choice(run.datasets), chance.choice(OBJECTS)
                began_s = time.monotonic()
                status = ask(path.format(name)).status
                expected = run.strangers[name].at(began_s, time.monotonic())
                run.judge(Reading(began_s, name, False, door, path, status), expected)
                time.sleep(0.005)


def check_now(run: Run, name: str, expected: int, *, token: str = "") -> None:
    """Ask through every door at once, on several connections."""
    for door, port in run.doors.items():
        for path in (OBJECTS[1], OBJECTS[2]) * 2:
            with over_socket(port) as ask:
                asked = path.format(name)
                began_s = time.monotonic()
                status = ask(asked.replace("/data/", f"/data/~{token}/") if token else asked).status
            run.judge(Reading(began_s, name, bool(token), door, path, status), expected)


def open_and_withdraw(run: Run, name: str, turns: int) -> None:
    """The actions on one dataset, one after the other."""
    from django.db import connection

    from datasets.catalogue.actions.tokens import create_share_token, revoke_share_token
    from datasets.catalogue.actions.withdrawal import change_visibility, retire_version

    history = run.strangers[name]

    def change(visibility: str, expected: int) -> None:
        history.end()
        change_visibility(name=name, visibility=visibility, by=None)
        history.settle(expected)
        check_now(run, name, expected)

    try:
        share = create_share_token(dataset=name, label="soak", lifetime=timedelta(days=1), by=None)
        for _ in range(turns):
            change("public", 200)
            change("private", 404)
            check_now(run, name, 200, token=share.secret)
        revoke_share_token(share_id=share.token.pk, by=None)
        check_now(run, name, 401, token=share.secret)
        change("public", 200)
        history.end()
        retire_version(name=name, number=1, reason="the end of the test", by=None)
        history.settle(410)
        check_now(run, name, 410)
    finally:
        connection.close()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("home", type=Path)
    options.add_argument("--datasets", type=int, default=25)
    options.add_argument("--turns", type=int, default=40)
    options.add_argument("--readers", type=int, default=16)
    given = options.parse_args()
    names = prepare(given.home.resolve(), given.datasets)
    with open_doors(given.home.resolve()) as doors:
        run = Run(doors, names, strangers={name: History() for name in names})
        readers = [threading.Thread(target=read_all_the_time, args=(run, seed)) for seed in range(given.readers)]
        changers = [threading.Thread(target=open_and_withdraw, args=(run, name, given.turns)) for name in names]
        for thread in (*readers, *changers):
            thread.start()
        for thread in changers:
            thread.join()
        run.stop.set()
        for thread in readers:
            thread.join()
    for (door, expected), count in sorted(run.judged.items()):
        print(f"{count:8} readings through {door:6} that had to be {expected}")
    for reading, expected in run.wrong[:20]:
        print(f"{reading} had to be {expected}")
    finished = all(run.strangers[name].expected[-1:] == [410] for name in names)
    print(f"{len(run.wrong)} wrong; {given.datasets * given.turns} times public and private again")
    return 0 if finished and not run.wrong else 1


if __name__ == "__main__":
    sys.exit(main())
