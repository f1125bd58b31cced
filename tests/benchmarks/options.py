"""What is measured and how long, from the command line of ``make bench``; and where the figures go."""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

TARGETED = 16
"""The number of connections for which docs/decisions/0002-data-plane.md names targets."""


@dataclass(frozen=True)
class Options:
    """How it is measured.

    Args:
        seconds: how long one sample takes.
        rounds: samples of each figure, of which the median counts.
        other_rounds: the same at other numbers of connections than ``TARGETED``.
        connections: how many clients ask at once, one table for each number.
        lines: parts of names, one of which a line's must have; none means all.
    """

    seconds: float = 0.5
    rounds: int = 3
    other_rounds: int = 1
    connections: tuple[int, ...] = (1, 16, 64)
    lines: tuple[str, ...] = ()

    def rounds_at(self, connections: int) -> int:
        return self.rounds if connections == TARGETED else self.other_rounds

    def wants(self, line: str) -> bool:
        return not self.lines or any(part in line for part in self.lines)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, help="how long one sample takes (0.5)")
    parser.add_argument(
        "--rounds", type=int, help="samples of each figure, of which the median counts (3; 1 if not 16 connections)"
    )
    parser.add_argument("--connections", help="numbers of connections, with commas (1,16,64)")
    parser.add_argument("--lines", default="", help="only lines that have one of these in their name: caddy,nginx")
    parser.add_argument("--full", action="store_true", help="5 rounds of 2 s: three quarters of an hour")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there as well")


def chosen(arguments: argparse.Namespace) -> Options:
    usual = Options(seconds=2, rounds=5, other_rounds=5) if arguments.full else Options()
    numbers = arguments.connections.split(",") if arguments.connections else usual.connections
    return Options(
        seconds=arguments.seconds or usual.seconds,
        rounds=arguments.rounds or usual.rounds,
        other_rounds=arguments.rounds or usual.other_rounds,
        connections=tuple(int(number) for number in numbers),
        lines=tuple(part.strip().lower() for part in arguments.lines.split(",") if part.strip()),
    )


@dataclass
class Report:
    """Tables printed as they come, and kept as Markdown."""

    markdown: list[str] = field(default_factory=list)
    _widths: list[int] = field(default_factory=list)

    def heading(self, text: str) -> None:
        print(f"\n{text}", flush=True)
        self.markdown += ["", f"### {text}", ""]

    def note(self, text: str) -> None:
        print(text, flush=True)
        self.markdown += ["", text, ""]

    def columns(self, *names: str) -> None:
        """Begin a table. A name may be followed by spaces: they make its column as wide."""
        self._widths = [len(name) for name in names]
        print(
            "  ".join(
                [names[0], *(name.rjust(width) for name, width in list(zip(names, self._widths, strict=True))[1:])]
            )
        )
        self.markdown += [
            f"| {' | '.join(name.strip() for name in names)} |",
            f"|---|{'---:|' * (len(names) - 1)}",
        ]

    def row(self, *cells: str) -> None:
        first, *others = zip(cells, self._widths, strict=True)
        print("  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]), flush=True)
        self.markdown.append(f"| {' | '.join(cells)} |")
