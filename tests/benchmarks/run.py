"""``make bench``: every benchmark, one after the other, each beside its reference in the same run.

``make bench ARGS='data_plane --seconds 2'`` runs one of them. They report, they do not judge, and are no tests; the
figures of two servers compare only within one run. ``--help`` says what can be chosen.
"""

import argparse
import importlib
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.benchmarks.machine import SQUARES, loop_ms  # noqa: E402  (the path comes first)
from tests.benchmarks.options import Report, add_options, chosen  # noqa: E402


def main() -> None:
    names = [path.stem.removeprefix("bench_") for path in sorted(HERE.glob("bench_*.py"))]
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or some of: {', '.join(names)}")
    add_options(parser)
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in names]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}. There are: {', '.join(names)}")
    missing = [name for name in ("nginx", "wrk") if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")]
    if missing:
        sys.exit(f"The reference is missing. Install it: apt-get install {' '.join(missing)}")
    options, report = chosen(arguments), Report()
    report.note(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the beginning; "
        f"a loop of {SQUARES:,} squares in Python takes {loop_ms():.0f} ms; "
        f"each figure is the median of its samples, each of {options.seconds:g} s"
    )
    for name in arguments.names or names:
        importlib.import_module(f"tests.benchmarks.bench_{name}").run(options, report)
    report.note(
        "ratio: requests/s over those of the table's first line, measured within a second of it; CPU: of all of a "
        "server's processes, for each request; peak: the sum of their peaks"
    )
    report.note(f"Load at the end: {os.getloadavg()[0]:.1f}")
    if arguments.markdown:
        arguments.markdown.write_text("\n".join(report.markdown).strip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
