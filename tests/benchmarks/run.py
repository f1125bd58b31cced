"""``make bench``: every benchmark, one after the other, each beside its reference in the same run.

``make bench ARGS=data_plane`` runs one of them.
"""

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    sys.path.insert(0, str(HERE.parents[1]))
    wanted = sys.argv[1:]
    names = {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}
    unknown = [name for name in wanted if name not in names]
    if unknown:
        sys.exit(f"No benchmark is called {', '.join(unknown)}. There are: {', '.join(names)}")
    for name in wanted or names:
        print(f"\n== {name}", flush=True)
        sys.argv = [str(names[name])]
        runpy.run_path(str(names[name]), run_name="__main__")


if __name__ == "__main__":
    main()
