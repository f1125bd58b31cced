"""A draft's data are copied into the portal's own root: the same bytes, shown from there."""

from pathlib import Path

import pytest

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.mounts import mounts_of
from datasets.processing.actions.jobs import enqueue
from datasets.processing.actions.overlays import DraftMoved
from datasets.processing.recipe import NotForThis
from datasets.processing.recipes import copy
from datasets.storage import copies
from datasets.storage.copies import ObjectCopy, copy_object
from datasets.storage.errors import ObjectChanged
from datasets.storage.inventory import list_objects
from datasets.storage.uploads import UploadDiffers
from tests.processing.running import run_job
from tests.processing.test_pyramid import digests_below

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def shown_by(version: DatasetVersion) -> dict[str, bytes]:
    """All that a version shows, by key."""
    mounts = mounts_of(DatasetVersion.objects.get(pk=version.pk))
    found = {}
    for entry in list_objects(mounts):
        mount = mounts.find_mount(entry.key)
        assert mount is not None
        file = mount.reach().open_file(mount.storage_key(entry.key))  # type: ignore[union-attr]
        found[entry.key] = file.read(0, file.size_bytes)
        file.close()
    return found


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
