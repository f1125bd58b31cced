"""A hundred thousand random requests, valid and malformed, to the server itself and through nginx.

    python -m tests.soak.fuzz --requests 100000 --seconds 1800 --seed SEED

What comes back is judged by tests/serving/fuzzing.py. Prints how many answers had which status; ends with 1 and the
first wrong answer, with the bytes that were sent. ``--first NUMBER`` of the same seed comes back to it at once.
"""

import argparse
import sys
import time

from tests.serving.fuzzing import Fuzzer, Wrong, arranged


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--requests", type=int, default=100_000, help="how many for each arrangement (100000)")
    options.add_argument("--seconds", type=float, default=1800, help="no longer than this for each (1800)")
    options.add_argument("--seed", default=time.strftime("%Y-%m-%d %H:%M:%S"))
    options.add_argument("--first", type=int, default=0, help="the number of the first burst (0)")
    options.add_argument("--arrangement", choices=["server", "nginx"], action="append")
    given = options.parse_args()
    failed = 0
    for arrangement in given.arrangement or ["server", "nginx"]:
        began_s = time.monotonic()
        with arranged(arrangement) as port:
            fuzzer = Fuzzer(port, given.seed)
            try:
                sent = fuzzer.run(given.requests, given.seconds, given.first)
                print(f"{arrangement}: {sent} requests in {time.monotonic() - began_s:.0f} s, seed {given.seed!r}")
            except Wrong as wrong:
                failed = 1
                print(f"{arrangement}: seed {given.seed!r}: {wrong}")
        for status, count in sorted(fuzzer.statuses.items()):
            print(f"{count:8} {status}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
