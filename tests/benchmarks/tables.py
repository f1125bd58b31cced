"""A table of servers: each sampled next to its reference, in the same second, so that a noisy machine harms both."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmarks.load import Sample, Target, Workload, find_fault, measure, median, workloads
from tests.benchmarks.options import Options, Report
from tests.benchmarks.processes import DidNotStart, forget_peak, peak_mb
from tests.benchmarks.servers import Line

_COLUMNS = (
    "server                            ",
    "   req/s", "   MB/s", " p50 ms", " p99 ms", "CPU µs", "peak MB", "ratio", "p99 ratio",
)  # fmt: skip


@contextmanager
def started(lines: Sequence[Line], places: Mapping[str, str], top: Path, report: Report) -> Iterator[dict[str, Target]]:
    """The lines that can be had, running, by name. One that cannot is named in the report.

    Args:
        places: what each line serves, by its name; "" is for the others.
    """
    with ExitStack() as stack:
        targets: dict[str, Target] = {}
        for number, line in enumerate(lines):
            folder = top / f"{number}"
            folder.mkdir(parents=True)
            try:
                targets[line.name] = stack.enter_context(line.start(folder, places.get(line.name, places[""])))
            except DidNotStart as reason:
                report.note(f"Left out: {line.name}. {reason}")
        yield targets


def compare(
    title: str, reference: str, targets: Mapping[str, Target], files: Path, options: Options, report: Report
) -> None:
    """Print every target beside ``reference``, by workload and number of connections."""
    others = [name for name in targets if name != reference]
    for workload in workloads():
        sound = []
        for name in (reference, *others):
            if fault := find_fault(targets[name], workload, files):
                report.note(f"Left out of {workload.name}: {name} {fault}")
            else:
                sound.append(name)
        if reference not in sound:
            continue
        for connections in options.connections:
            rounds = options.rounds_at(connections)
            report.heading(f"{title}: {workload.name}; connections: {connections}, samples: {rounds}")
            _compare_once(workload, connections, reference, sound[1:], targets, options, report)


def _compare_once(
    workload: Workload,
    connections: int,
    reference: str,
    others: Sequence[str],
    targets: Mapping[str, Target],
    options: Options,
    report: Report,
) -> None:
    samples: dict[str, list[Sample]] = {name: [] for name in (reference, *others)}
    ratios: dict[str, list[tuple[float, float]]] = {name: [] for name in others}
    for target in targets.values():
        forget_peak(target.pids)

    def sample(name: str) -> Sample:
        samples[name].append(measure(targets[name], workload, connections, options.seconds))
        return samples[name][-1]

    for _ in range(options.rounds_at(connections)):
        # One before and one behind each sample of the reference: both have it as their neighbour.
        for before, behind in zip(others[::2], [*others[1::2], ""], strict=False):
            pair = {before: sample(before)}
            limit = sample(reference)
            if behind:
                pair[behind] = sample(behind)
            for name, own in pair.items():
                ratios[name].append((own.per_second / limit.per_second, own.p99_ms / limit.p99_ms))
    report.columns(*_COLUMNS)
    for name in (reference, *others):
        own = median(samples[name])
        rate, p99 = (statistics.median(column) for column in zip(*(ratios.get(name) or [(1, 1)]), strict=True))
        report.row(
            name + (f" ({own.failed} FAILED)" if own.failed else ""),
            f"{own.per_second:.0f}", f"{own.mb_per_second:.0f}", f"{own.p50_ms:.2f}", f"{own.p99_ms:.2f}",
            f"{own.cpu_us:.0f}", f"{peak_mb(targets[name].pids):.0f}", f"{rate:.2f}", f"{p99:.1f}",
        )  # fmt: skip
