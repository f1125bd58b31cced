"""Arrays in other chunks: the same voxels, in place of the given ones, which stay as they are."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import zarr

from datasets.catalogue.actions.versions import revise
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.places import open_level
from datasets.processing import rechunk_plans
from datasets.processing.actions.jobs import enqueue, estimate
from datasets.processing.recipe import NotForThis
from datasets.publishing.actions.derived import freeze_and_derive
from datasets.publishing.inspection import inspect
from tests.processing.dask_cluster import cluster_in
from tests.processing.flat_cells import digests_below, given_voxels
from tests.processing.running import run_job
from tests.processing.shown import shown_by

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The given chunks, of 32 voxels a side or so, are too large now."""
    monkeypatch.setattr(rechunk_plans, "LEAST_SIDE", 4)
    monkeypatch.setattr(rechunk_plans, "MOST_SIDE", 15)
    monkeypatch.setattr(rechunk_plans, "CHUNK_SIDE", 12)
    monkeypatch.setattr(rechunk_plans, "SHARD_CHUNKS", 2)


def test_the_voxels_stay_and_the_chunks_change(flat_draft: DatasetVersion, data_root: Path, tmp_path: Path) -> None:
    before = digests_below(data_root)
    _, expected = estimate(recipe="rechunk", reference="small-cell", by=None)
    done = run_job(enqueue(recipe="rechunk", reference="small-cell", by=None)[0], tmp_path / "scratch")
    assert digests_below(data_root) == before, "given data are never modified"
    assert expected.reads_bytes == sum(it.nbytes for it in given_voxels())
    own = data_root.parent / "own" / done.outcome["prefix"]
    assert len(digests_below(own)) == done.outcome["objects"]

    draft = DatasetVersion.objects.get(pk=flat_draft.pk)
    for path, voxels in zip(("em", "labels/cells"), given_voxels(), strict=True):
        volume = draft.volumes.get(path=path)
        (level,) = volume.levels
        assert level["chunk_shape"] == [12, 12, 12]
        assert level["shard_shape"] == ([24, 24, 24] if volume.zarr_format == 3 else None)
        np.testing.assert_array_equal(open_level(draft, volume, level)[...], voxels)
    with pytest.raises(NotForThis, match="already"):
        enqueue(recipe="rechunk", reference="small-cell", by=None)
    freeze_and_derive(name="small-cell", by=None)


def test_readers_see_one_consistent_zarr(flat_draft: DatasetVersion, data_root: Path, tmp_path: Path) -> None:
    """By consolidated metadata, where there are some, and without; after more levels were made of what was written."""
    run_job(enqueue(recipe="rechunk", reference="small-cell", by=None)[0], tmp_path / "scratch")
    run_job(enqueue(recipe="pyramid", reference="small-cell", by=None)[0], tmp_path / "scratch")
    copied = data_root / "copied.zarr"
    for key, content in shown_by(flat_draft).items():
        (copied / key).parent.mkdir(parents=True, exist_ok=True)
        (copied / key).write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        group = zarr.open_group(copied, mode="r")
    for path, voxels in zip(("em", "labels/cells"), given_voxels(), strict=True):
        plain = zarr.open_group(copied / path, mode="r", use_consolidated=False)
        assert sorted(plain.array_keys()) == ["0", "1", "2"]
        for name in ("0", "1", "2"):
            assert group[f"{path}/{name}"].chunks == plain[name].chunks == (12, 12, 12)
        np.testing.assert_array_equal(group[f"{path}/0"][...], voxels)
        found, said = inspect(f"data:copied.zarr/{path}"), flat_draft.volumes.get(path=path)
        assert not [it for it in found.problems if it.severity == "error"]
        assert said.metadata_digest == found.metadata_digest, "the catalogue says what an inspection would find"
        assert said.levels == [level.to_json() for level in found.levels]


@pytest.mark.parametrize("flat_draft", ["0.5"], indirect=True)
def test_an_image_that_repeats_the_metadata_of_its_labels_says_what_they_are(
    flat_draft: DatasetVersion, data_root: Path, tmp_path: Path
) -> None:
    """The root repeats both, and is an image of the draft here, of which nothing is written anew itself."""
    given = json.loads((data_root / "flat-0.5.zarr" / "em" / "zarr.json").read_text())
    root = data_root / "flat-0.5.zarr" / "zarr.json"
    document = json.loads(root.read_text())
    image = given["attributes"]["ome"]["multiscales"][0]
    image["datasets"] = [{**it, "path": f"em/{it['path']}"} for it in image["datasets"]]
    root.write_text(json.dumps({**document, "attributes": given["attributes"]}))
    whole = flat_draft.volumes.get(path="em")
    whole.pk, whole.path = None, ""
    whole.levels = [{**level, "path": f"em/{level['path']}"} for level in whole.levels]
    whole.save()
    parameters = {"path": "labels/cells"}
    run_job(enqueue(recipe="rechunk", reference="small-cell", parameters=parameters, by=None)[0], tmp_path / "scratch")
    copied = data_root / "copied.zarr"
    for key, content in shown_by(flat_draft).items():
        (copied / key).parent.mkdir(parents=True, exist_ok=True)
        (copied / key).write_bytes(content)
    for path in ("", "labels/cells"):
        found = inspect(f"data:copied.zarr/{path}".rstrip("/"))
        assert flat_draft.volumes.get(path=path).metadata_digest == found.metadata_digest


@pytest.mark.parametrize("flat_draft", ["sharded"], indirect=True)
def test_a_cluster_writes_the_same_to_the_bit(flat_draft: DatasetVersion, data_root: Path, tmp_path: Path) -> None:
    roots = {"data": data_root.as_uri(), "own": (data_root.parent / "own").as_uri()}
    job, _ = enqueue(recipe="rechunk", reference="small-cell", by=None)
    with cluster_in(tmp_path, roots) as cluster:
        on_cluster = run_job(job, tmp_path / "scratch", dask=cluster.address).outcome
    flat_draft.delete()
    draft = revise(dataset=flat_draft.dataset, by=None)
    in_threads = run_job(enqueue(recipe="rechunk", reference=str(draft), by=None)[0], tmp_path / "scratch").outcome
    assert on_cluster["prefix"] != in_threads["prefix"]
    assert on_cluster["digest"] == in_threads["digest"]


def test_a_block_holds_each_given_object_once_as_far_as_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = rechunk_plans._block_shape
    assert shape((1000, 4096, 4096), (64, 64, 64), (1, 2048, 2048), 1) == (64, 2048, 2048)
    assert shape((100, 100, 100), (64, 64, 64), (256, 256, 256), 1) == (128, 128, 128)
    monkeypatch.setattr(rechunk_plans, "MOST_BLOCK_BYTES", 64**3 * 4)
    small = shape((1000, 4096, 4096), (64, 64, 64), (1, 2048, 2048), 1)
    assert small[0] == 64
    assert all(side % 64 == 0 for side in small)
    assert small[0] * small[1] * small[2] <= 64**3 * 4
