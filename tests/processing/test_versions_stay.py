"""What is published stays what it was, whatever is done beside it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.core.management import call_command

from datasets.catalogue.models import DatasetVersion
from datasets.processing.actions.jobs import enqueue
from datasets.publishing.actions.derived import freeze_and_derive
from tests.processing.flat_cells import digests_below
from tests.processing.running import run_job
from tests.processing.shown import shown_by


def told(version: DatasetVersion) -> Mapping[str, str]:
    """The SHA-256 of every object, of the record, and of the manifest."""
    row = DatasetVersion.objects.get(pk=version.pk)
    objects = {key: hashlib.sha256(content).hexdigest() for key, content in shown_by(row).items()}
    return objects | {"record": row.record_digest, "manifest": row.manifest_digest}


@pytest.mark.django_db
@pytest.mark.any_database
@pytest.mark.parametrize("flat_draft", ["0.5"], indirect=True)
def test_through_revising_deriving_copying_collecting_and_auditing(
    flat_draft: DatasetVersion, data_root: Path, tmp_path: Path
) -> None:
    def run(recipe: str, reference: str) -> None:
        assert run_job(enqueue(recipe=recipe, reference=reference, by=None)[0], tmp_path / "scratch").state == "done"

    first = DatasetVersion.objects.get(number=1)
    run("manifest", "small-cell@1")
    before, given = told(first), digests_below(data_root)
    for recipe in ("pyramid", "copy"):
        run(recipe, "small-cell@draft")
        assert told(first) == before
    second = freeze_and_derive(name="small-cell", by=None)
    for recipe in ("thumbnails", "manifest"):
        run(recipe, "small-cell@2")
    again = told(second)
    call_command("revise", "small-cell")
    call_command("gc", "--remove")
    for reference in ("small-cell@1", "small-cell@2"):
        run("audit", reference)
    assert told(first) == before
    assert told(second) == again
    assert digests_below(data_root) == given
    assert len(again) > len(before), "it has more levels"
