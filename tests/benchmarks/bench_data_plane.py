"""The data plane over local files, beside nginx serving the same files, and beside other servers of such data.

The reference is nginx with one process. Peak memory is the sum of a server's processes. The targets are in
docs/decisions/0002-data-plane.md.
"""

import tempfile
from pathlib import Path

from tests.benchmarks import slow_clients
from tests.benchmarks.load import write_objects
from tests.benchmarks.options import Options, Report
from tests.benchmarks.servers import LINES, OBJECTS_BELOW, REFERENCE
from tests.benchmarks.tables import compare, started


def run(options: Options, report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-data-plane-") as name:
        top = Path(name)
        top.chmod(0o755)
        write_objects(top / OBJECTS_BELOW)
        (top / "foreign").mkdir()
        wanted = [REFERENCE, *(line for line in LINES if options.wants(line.name))]
        with started(wanted, {"": str(top)}, top / "servers", report) as targets:
            compare("Local files", REFERENCE.name, targets, top / OBJECTS_BELOW, options, report)
            # The peers that keep a slow reader waiting in a thread of its own are no news.
            endurance = [name for name in targets if name in ("nginx static", "embedded, 1 process", "Caddy")]
            endurance += [name for name in targets if name.startswith("nginx arrangement")]
            slow_clients.compare({name: targets[name] for name in endurance}, report)
