"""Levels that are missing: the values of the NumPy functions, at their place, beside data that stay as they were."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from django.conf import settings

from datasets.catalogue.actions.versions import revise
from datasets.catalogue.models import DatasetVersion, Mount
from datasets.catalogue.queries.places import open_level
from datasets.processing.actions.jobs import enqueue, estimate
from datasets.processing.models import Job
from datasets.processing.recipe import NotForThis
from datasets.publishing.actions.derived import freeze_and_derive
from datasets.volumes.downsampling import mean_2x, mode_2x
from tests.processing.dask_cluster import cluster_in
from tests.processing.flat_cells import digests_below, given_voxels
from tests.processing.running import run_job
from tests.processing.shown import shown_by

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def followed(tree: Path) -> dict[str, str]:
    """The same of a tree of links."""
    files = (Path(folder, name) for folder, _, names in os.walk(tree, followlinks=True) for name in names)
    return {str(file.relative_to(tree)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_missing_levels_are_made_and_mounted(flat_draft: DatasetVersion, data_root: Path, tmp_path: Path) -> None:
    before = digests_below(data_root)
    job, _ = enqueue(recipe="pyramid", reference="small-cell", by=None)
    _, expected = estimate(recipe="pyramid", reference="small-cell", by=None)
    done = run_job(job, tmp_path / "scratch")
    assert done.state == "done"
    assert digests_below(data_root) == before, "given data are never modified"
    assert len(digests_below(data_root.parent / "own" / done.outcome["prefix"])) == done.outcome["objects"]

    draft = DatasetVersion.objects.get(pk=flat_draft.pk)
    for path, voxels, halve in zip(("em", "labels/cells"), given_voxels(), (mean_2x, mode_2x), strict=True):
        volume = draft.volumes.get(path=path)
        # The voxels are half as long along y and x: these are halved alone at first, so that they become cubes.
        coarse = halve(voxels, (1, 2))
        expected_nm = [((70, 70, 68), (8, 8, 8), (0, 2, 2)), ((35, 35, 34), (16, 16, 16), (4, 6, 6))]
        assert len(volume.levels) == 3
        for level, (shape, scale, translation) in zip(volume.levels[1:], expected_nm, strict=True):
            assert tuple(level["shape"]) == shape
            assert tuple(level["scale_nm"][axis] for axis in "zyx") == scale
            assert tuple(level["translation_nm"][axis] for axis in "zyx") == translation
            np.testing.assert_array_equal(open_level(draft, volume, level)[...], coarse)
            coarse = halve(coarse)
    assert [f"{level.rpartition(': ')[0]}" for level in expected.said] == [
        "em/1", "em/2", "labels/cells/1", "labels/cells/2",
    ]  # fmt: skip


def test_readers_see_one_consistent_zarr(flat_draft: DatasetVersion, data_root: Path, tmp_path: Path) -> None:
    """Read with zarr-python, from the union of the mounts as a client copies it."""
    run_job(enqueue(recipe="pyramid", reference="small-cell", by=None)[0], tmp_path / "scratch")
    copied = tmp_path / "copied"
    for key, content in shown_by(flat_draft).items():
        (copied / key).parent.mkdir(parents=True, exist_ok=True)
        (copied / key).write_bytes(content)
    tree = settings.CONFIG.home / "published" / "open" / "small-cell@2"
    shutil.rmtree(tree, ignore_errors=True)  # another test's
    freeze_and_derive(name="small-cell", by=None)
    assert followed(tree) == digests_below(copied), "a front server sends the same"
    group = zarr.open_group(copied, mode="r")  # by consolidated metadata, where there are some
    for path in ("em", "labels/cells"):
        image = group[path]
        body = image.attrs.get("ome", image.attrs)
        datasets = body["multiscales"][0]["datasets"]
        assert [it["path"] for it in datasets] == ["0", "1", "2"]
        plain = zarr.open_group(copied / path, mode="r", use_consolidated=False)
        for dataset in datasets:
            array = group[f"{path}/{dataset['path']}"]
            assert array.shape == plain[dataset["path"]].shape
            assert np.asarray(array[...]).any()


@pytest.mark.parametrize("flat_draft", ["0.5"], indirect=True)
def test_nothing_is_left_to_make(flat_draft: DatasetVersion, tmp_path: Path) -> None:
    run_job(enqueue(recipe="pyramid", reference="small-cell", by=None)[0], tmp_path / "scratch")
    with pytest.raises(NotForThis, match="No level is missing"):
        enqueue(recipe="pyramid", reference="small-cell", by=None)


@pytest.mark.parametrize("flat_draft", ["0.5"], indirect=True)
def test_what_changes_meanwhile_is_not_overwritten(
    flat_draft: DatasetVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datasets.processing import making
    from datasets.processing.actions.overlays import DraftMoved

    def changed(*arguments: Any) -> Any:
        flat_draft.volumes.filter(path="em").update(metadata_digest="f" * 64)
        return written(*arguments)

    written = making.write_overlay
    monkeypatch.setattr(making, "write_overlay", changed)
    job = enqueue(recipe="pyramid", reference="small-cell", by=None)[0]
    with pytest.raises(DraftMoved):
        run_job(job, tmp_path / "scratch")
    assert not Mount.objects.filter(version=flat_draft, root="own").exists()
    assert Job.objects.get().state == "running"  # the worker writes how it ended


@pytest.mark.parametrize("flat_draft", ["sharded"], indirect=True)
def test_a_cluster_makes_the_same_to_the_bit(flat_draft: DatasetVersion, data_root: Path, tmp_path: Path) -> None:
    job, _ = enqueue(recipe="pyramid", reference="small-cell", by=None)
    roots = {"data": data_root.as_uri(), "own": (data_root.parent / "own").as_uri()}
    with cluster_in(tmp_path, roots) as cluster:
        on_cluster = run_job(job, tmp_path / "scratch", dask=cluster.address).outcome
        copying, _ = enqueue(recipe="copy", reference="small-cell", by=None)
        copied = run_job(copying, tmp_path / "scratch", dask=cluster.address).outcome
    flat_draft.delete()
    draft = revise(dataset=flat_draft.dataset, by=None)
    in_threads = run_job(enqueue(recipe="pyramid", reference=str(draft), by=None)[0], tmp_path / "scratch").outcome
    assert on_cluster["prefix"] != in_threads["prefix"]
    assert on_cluster["digest"] == in_threads["digest"]
    assert (
        copied["digest"]
        == run_job(enqueue(recipe="copy", reference=str(draft), by=None)[0], tmp_path).outcome["digest"]
    )
