"""Windows of grey values, found in all of a level, by blocks."""

from pathlib import Path

import numpy as np
import pytest

from datasets.catalogue.models import AuditEvent, DatasetVersion
from datasets.processing.actions.jobs import enqueue, estimate
from datasets.processing.actions.overlays import DraftMoved
from datasets.processing.recipes import contrast
from tests.processing.dask_cluster import cluster_in
from tests.processing.flat_cells import digests_below, given_voxels
from tests.processing.running import run_job

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contrast, "BLOCK_SIDE", 40)


def test_it_is_that_of_all_voxels(flat_draft: DatasetVersion, data_root: Path, tmp_path: Path) -> None:
    before, given = digests_below(data_root), given_voxels()[0]
    flat_draft.volumes.filter(path="em").update(contrast_low=None, contrast_high=None)
    _, expected = estimate(recipe="contrast", reference="small-cell", by=None)
    done = run_job(enqueue(recipe="contrast", reference="small-cell", by=None)[0], tmp_path / "scratch")
    window = [float(it) for it in np.percentile(given, (0.5, 99.5), method="nearest")]
    assert done.outcome == {"windows": {"em": window}}, "labels have no grey values"
    em = flat_draft.volumes.get(path="em")
    assert [em.contrast_low, em.contrast_high] == window
    assert digests_below(data_root) == before, "given data are never modified"
    assert expected.reads_bytes == given.nbytes
    assert AuditEvent.objects.get(action="draft.contrast").before == {"em": [None, None]}


@pytest.mark.parametrize("flat_draft", ["0.5"], indirect=True)
def test_of_a_level_that_is_too_large_blocks_all_over_it_are_looked_at(
    flat_draft: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, whole = estimate(recipe="contrast", reference="small-cell", by=None)
    monkeypatch.setattr(contrast, "MOST_VOXELS", 5 * 32**3)
    _, part = estimate(recipe="contrast", reference="small-cell", by=None)
    assert whole.blocks > part.blocks == 5


@pytest.mark.parametrize("flat_draft", ["0.5"], indirect=True)
def test_what_changes_meanwhile_is_not_overwritten(
    flat_draft: DatasetVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = contrast.window_between

    def changed(*arguments: object) -> object:
        flat_draft.volumes.filter(path="em").update(metadata_digest="f" * 64)
        return found(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(contrast, "window_between", changed)
    before = flat_draft.volumes.get(path="em").contrast_low
    with pytest.raises(DraftMoved):
        run_job(enqueue(recipe="contrast", reference="small-cell", by=None)[0], tmp_path / "scratch")
    assert flat_draft.volumes.get(path="em").contrast_low == before


@pytest.mark.parametrize("flat_draft", ["sharded"], indirect=True)
def test_a_cluster_finds_the_same(flat_draft: DatasetVersion, data_root: Path, tmp_path: Path) -> None:
    roots = {"data": data_root.as_uri(), "own": (data_root.parent / "own").as_uri()}
    here = run_job(enqueue(recipe="contrast", reference="small-cell", by=None)[0], tmp_path / "scratch").outcome
    with cluster_in(tmp_path, roots) as cluster:
        job, _ = enqueue(recipe="contrast", reference="small-cell", by=None)
        assert run_job(job, tmp_path / "scratch", dask=cluster.address).outcome == here
