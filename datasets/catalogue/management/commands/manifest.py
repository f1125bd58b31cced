"""``manage.py manifest NAME[@VERSION] [--check]``: the SHA-256 of all objects of a version."""

import sys
import time
from argparse import ArgumentParser
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import CommandError

from datasets.catalogue.actions.manifests import check_manifest, make_manifest
from datasets.catalogue.management.operator_command import OperatorCommand
from datasets.catalogue.presentation import format_bytes, format_duration
from datasets.storage.inventory_drafts import Progress


class Command(OperatorCommand):
    help = (
        "Read all objects of a published version once and write down their SHA-256, from which its manifests are sent. "
        "Interrupted, it goes on where it was; a second time it changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", help="such as hela-2 (its newest version) or hela-2@1")
        parser.add_argument("--check", action="store_true", help="read them again and say what differs; 1 if anything")

    def handle(self, *args: Any, version: str, check: bool, **options: Any) -> None:
        line = ProgressLine(sys.stderr)
        try:
            if check:
                self._check(version, line)
            else:
                self._make(version, line)
        except KeyboardInterrupt:
            raise CommandError("Interrupted; the next run goes on where this one was", returncode=130) from None
        finally:
            line.end()

    def _make(self, version: str, line: "ProgressLine") -> None:
        made = make_manifest(reference=version, scratch=settings.CONFIG.home / "inventories", show=line.show, by=None)
        line.end()
        what = f"{made.extent.objects} objects, {format_bytes(made.extent.size_bytes)}"
        unchanged = "" if made.created else "unchanged, "
        self.stdout.write(f"{made.version}: {unchanged}{what}, root digest {made.version.manifest_digest}")

    def _check(self, version: str, line: "ProgressLine") -> None:
        count = 0
        for difference in check_manifest(reference=version, show=line.show, by=None):
            line.end()
            self.stdout.write(f"{difference.kind}: {difference.key}")
            count += 1
        line.end()
        if count:
            raise CommandError(f"{version}: objects that differ from the manifest: {count}")
        self.stdout.write(f"{version}: every object is as the manifest says")


class ProgressLine:
    """How far it is, how fast, and how long it will take: one line on a terminal, else a line now and then."""

    def __init__(self, out: TextIO, each_s: float | None = None) -> None:
        self._out = out
        self._is_terminal = out.isatty()
        self._each_s = each_s if each_s is not None else 0.5 if self._is_terminal else 10
        self._began_s = self._shown_s = time.monotonic()
        self._width = 0

    def show(self, progress: Progress) -> None:
        now_s = time.monotonic()
        if progress.total is None or progress.done == progress.before:
            self._began_s = now_s  # reading has not begun
        if now_s - self._shown_s < self._each_s:
            return
        self._shown_s = now_s
        text = describe(progress, now_s - self._began_s)
        if self._is_terminal:
            self._out.write(f"\r{text.ljust(self._width)}")
            self._width = len(text)
        else:
            self._out.write(f"{text}\n")
        self._out.flush()

    def end(self) -> None:
        """Leave the line, if there is one."""
        if self._width:
            self._out.write("\n")
            self._width = 0


def describe(progress: Progress, seconds: float) -> str:
    """How far it is, after so many seconds of reading."""
    done, total = progress.done, progress.total
    if total is None:
        return f"Listing: {done.objects} objects, {format_bytes(done.size_bytes)}"
    rate = (done.size_bytes - progress.before.size_bytes) / seconds if seconds else 0
    sizes = f"{format_bytes(done.size_bytes)} of {format_bytes(total.size_bytes)}"
    text = f"{done.objects} of {total.objects} objects, {sizes}"
    if not rate:
        return text
    return f"{text}, {format_bytes(round(rate))}/s, {format_duration((total.size_bytes - done.size_bytes) / rate)} left"
