"""Levels that are missing: the values of the NumPy functions, at their place, beside data that stay as they were."""

import hashlib
import os
import shutil
import warnings
from collections.abc import Iterator
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
from tests.processing.running import run_job
from tests.published import publish_once
from tests.samples import specification, write_image

SHAPE = (70, 140, 135)
VOXEL_NM = (8.0, 4.0, 4.0)
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def given_voxels() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(7)
    em = chance.integers(0, 255, SHAPE, dtype=np.uint8)
    return em, chance.integers(2**60, 2**60 + 4, SHAPE, dtype=np.uint64)


@pytest.fixture(params=["0.5", "0.4", "sharded"])
def flat_draft(request: pytest.FixtureRequest, data_root: Path, db: None) -> DatasetVersion:
    """A draft whose volumes have one level each."""
    name = f"flat-{request.param}.zarr"
    version = "0.4" if request.param == "0.4" else "0.5"
    shard = 32 if request.param == "sharded" else None
    for path, voxels in zip(("em", "labels/cells"), given_voxels(), strict=True):
        write_image(data_root / name / path, [voxels], voxel_nm=VOXEL_NM, version=version, shard=shard)
    zarr.create_group(data_root / name, zarr_format=2 if version == "0.4" else 3, overwrite=False)
    zarr.create_group(data_root / name / "labels", zarr_format=2 if version == "0.4" else 3, overwrite=False)
    if request.param != "sharded":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # v3 has them by custom alone
            zarr.consolidate_metadata(data_root / name)
            zarr.consolidate_metadata(data_root / name / "em")
    published = publish_once(specification(f"data:{name}"), data_root.parent)
    return revise(dataset=published.dataset, by=None)


def digests_below(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


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
    for key, content in _objects_of(flat_draft, data_root.parent):
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


def _objects_of(version: DatasetVersion, folder: Path) -> Iterator[tuple[str, bytes]]:
    """All objects of a version, by its mounts."""
    from datasets.catalogue.queries.mounts import mounts_of
    from datasets.storage.inventory import list_objects

    version = DatasetVersion.objects.get(pk=version.pk)
    roots = {"data": folder / "data", "own": folder / "own"}
    mounts = mounts_of(version)
    rows = {row.path: row.root for row in version.mounts.all()}
    for entry in list_objects(mounts):
        mount = mounts.find_mount(entry.key)
        assert mount is not None
        yield entry.key, (roots[rows[mount.path]] / mount.storage_key(entry.key)).read_bytes()


@pytest.mark.parametrize("flat_draft", ["0.5"], indirect=True)
def test_nothing_is_left_to_make(flat_draft: DatasetVersion, tmp_path: Path) -> None:
    run_job(enqueue(recipe="pyramid", reference="small-cell", by=None)[0], tmp_path / "scratch")
    with pytest.raises(NotForThis, match="No level is missing"):
        enqueue(recipe="pyramid", reference="small-cell", by=None)


@pytest.mark.parametrize("flat_draft", ["0.5"], indirect=True)
def test_what_changes_meanwhile_is_not_overwritten(
    flat_draft: DatasetVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datasets.processing.actions.overlays import DraftMoved
    from datasets.processing.recipes import pyramid

    def changed(*arguments: Any) -> Any:
        flat_draft.volumes.filter(path="em").update(metadata_digest="f" * 64)
        return written(*arguments)

    written = pyramid.write_overlay
    monkeypatch.setattr(pyramid, "write_overlay", changed)
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
    flat_draft.delete()
    draft = revise(dataset=flat_draft.dataset, by=None)
    in_threads = run_job(enqueue(recipe="pyramid", reference=str(draft), by=None)[0], tmp_path / "scratch").outcome
    assert on_cluster["prefix"] != in_threads["prefix"]
    assert on_cluster["digest"] == in_threads["digest"]
