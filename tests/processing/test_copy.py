"""A draft's data are copied into the portal's own root: the same bytes, shown from there."""

from pathlib import Path

import pytest

from datasets.catalogue.models import DatasetVersion
from datasets.processing.actions.jobs import enqueue
from datasets.processing.actions.overlays import DraftMoved
from datasets.processing.recipe import NotForThis
from datasets.processing.recipes import copy
from datasets.storage import copies
from datasets.storage.copies import ObjectCopy, copy_object
from datasets.storage.errors import ObjectChanged
from datasets.storage.uploads import UploadDiffers
from tests.processing.flat_cells import digests_below
from tests.processing.running import run_job
from tests.processing.shown import shown_by

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def test_all_of_it_is_shown_from_the_own_root(draft: DatasetVersion, data_root: Path, tmp_path: Path) -> None:
    before, given = shown_by(draft), digests_below(data_root)
    done = run_job(enqueue(recipe="copy", reference="small-cell", by=None)[0], tmp_path / "scratch")
    assert done.state == "done"
    assert done.outcome["objects"] == len(before)
    assert digests_below(data_root) == given, "given data are never modified"
    assert {mount.root for mount in draft.mounts.all()} == {"own"}
    data_root.rename(tmp_path / "gone")
    assert shown_by(draft) == before
    with pytest.raises(NotForThis, match="own root"):
        enqueue(recipe="copy", reference="small-cell", by=None)


def test_a_draft_that_mounts_something_else_by_now_stays_as_it_is(
    draft: DatasetVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = copy.read_outputs

    def meanwhile(*arguments: object) -> object:
        draft.mounts.filter(path="em").update(key="elsewhere")
        return read(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(copy, "read_outputs", meanwhile)
    job = enqueue(recipe="copy", reference="small-cell", by=None)[0]
    with pytest.raises(DraftMoved):
        run_job(job, tmp_path / "scratch")
    assert {mount.root for mount in draft.mounts.all()} == {"data"}


@pytest.mark.parametrize("small_bytes", [1000, 10], ids=["in memory", "through a file"])
def test_an_object_is_copied_once_and_whole(data_root: Path, small_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "SMALL_BYTES", small_bytes)
    monkeypatch.setattr(copies, "PART_BYTES", 7)
    own = data_root.parent / "own"
    (data_root / "a").write_bytes(content := bytes(range(100)))
    for _ in range(2):
        copy_object(ObjectCopy("data", "a", "derived/copy/x/a", 100))
    assert (own / "derived/copy/x/a").read_bytes() == content
    for said in (99, 101):
        with pytest.raises(ObjectChanged):
            copy_object(ObjectCopy("data", "a", "derived/copy/x/b", said))
    assert not (own / "derived/copy/x/b").exists()
    (own / "derived/copy/x/a").write_bytes(content[::-1])
    with pytest.raises(UploadDiffers):
        copy_object(ObjectCopy("data", "a", "derived/copy/x/a", 100))
