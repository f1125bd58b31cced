"""The recipe of a version's pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasets.catalogue.models import DatasetVersion
from datasets.processing.recipe import Estimate
from datasets.processing.runs import Run
from datasets.publishing.named_thumbnails import keep_named
from datasets.publishing.pictures import render_pictures


def estimate(version: DatasetVersion, parameters: Mapping[str, Any]) -> Estimate:
    return Estimate(
        memory_bytes=512 * 1024**2,
        said=(f"Draws the whole, its slices, {version.views.count()} views and {version.volumes.count()} layers",),
    )


def run(run: Run) -> None:
    """Each picture is seen when it is drawn: they are made from what is published, and nothing is made from them."""
    version, again = run.version(), bool(run.parameters.get("again"))

    def show(done: int, total: int) -> None:
        run.show("Drawing", done=done, total=total, unit="pictures")

    drawn = render_pictures(version, again=again, show=show)
    named = keep_named(version, again=again)
    if named.trouble:
        run.say(named.trouble)
    with run.commit({"pictures": drawn + named.pictures}):
        pass
