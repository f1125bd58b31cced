"""How fast the machine is at the moment: the same one may differ by four times within minutes."""

import time

SQUARES = 300_000


def loop_ms() -> float:
    """How long a loop of :data:`SQUARES` takes in Python: the least of five, in ms of a core."""
    return 1000 * min(_once_s() for _ in range(5))


def _once_s() -> float:
    started_s = time.process_time()
    total = 0
    for number in range(SQUARES):
        total += number * number
    return time.process_time() - started_s
