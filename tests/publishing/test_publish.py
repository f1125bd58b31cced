"""Publishing: all or nothing, once, and frozen afterwards."""

from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from datasets.catalogue.models import Dataset, DatasetVersion, Mount, RevisionStamp, Volume
from datasets.catalogue.pictures import layer_picture, picture_names, read_picture
from datasets.catalogue.queries.datasets import find_version
from datasets.publishing.actions import DataNotPublishable, DatasetExists, publish
from datasets.publishing.actions.registration import OrganelleUnknown
from datasets.publishing.specification import check_specification
from datasets.storage.roots import OutsideRoots
from tests.samples import em_levels, specification, write_container, write_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def container(data_root: Path) -> Path:
    return write_container(data_root / "small.zarr")


def _publish(data: str = "data:small.zarr", **changes):
    return publish(specification=check_specification(specification(data, **changes)), base=Path(), by=None)


def test_a_published_dataset_is_frozen_as_version_1_with_everything_that_was_said(container: Path) -> None:
    published = _publish()

    version = find_version("small-cell", None, user=None)
    assert published.created
    assert (version.number, version.state, version.title) == (1, "published", "A small cell")
    em, cells = version.volumes.all()
    assert em.axes == ["z", "y", "x"]
    assert em.levels[1]["shape"] == [20, 24, 28]
    assert em.levels[1]["scale_nm"] == {"z": 20.0, "y": 20.0, "x": 20.0}
    assert em.levels[1]["translation_nm"] == {"z": 5.0, "y": 5.0, "x": 5.0}
    assert em.contrast_low < em.contrast_high
    assert cells.segmentation.method == "manual"
    assert version.contributions.get().person.orcid == "0000-0002-1825-0097"


def test_mounts_cover_the_volumes_and_the_groups_above_them_and_nothing_else(container: Path) -> None:
    (container / "secret.txt").write_text("not part of it")
    version = _publish().version

    assert {(m.path, m.single, m.root, m.key) for m in version.mounts.all()} == {
        ("zarr.json", True, "data", "small.zarr/zarr.json"),
        ("labels/zarr.json", True, "data", "small.zarr/labels/zarr.json"),
        ("em", False, "data", "small.zarr/em"),
        ("labels/cells", False, "data", "small.zarr/labels/cells"),
    }


def test_the_same_again_changes_nothing(container: Path) -> None:
    first = _publish()
    stamp = RevisionStamp.objects.get().value

    again = _publish()

    assert not again.created
    assert again.version.pk == first.version.pk
    assert DatasetVersion.objects.count() == 1
    assert RevisionStamp.objects.get().value == stamp


def test_other_content_under_the_same_name_is_refused_and_points_to_revision(container: Path) -> None:
    _publish()
    with pytest.raises(DatasetExists, match="revise the dataset"):
        _publish(title="Another title")
    assert DatasetVersion.objects.get().title == "A small cell"


def test_changed_data_under_the_same_name_are_refused(container: Path) -> None:
    _publish()
    write_image(container / "em2", em_levels((48, 48, 56)))
    (container / "em").rename(container / "em-before")
    (container / "em2").rename(container / "em")
    with pytest.raises(DatasetExists):
        _publish()


def test_publishing_makes_the_pictures(container: Path) -> None:
    version = _publish().version
    slices = {f"slice-{plane}{labels}" for plane in ("xy", "xz", "yz") for labels in ("", "-labels")}
    assert picture_names(version) == {"em", "labels", "view-corner", layer_picture("labels/cells"), *slices}
    assert read_picture(version, "em")[8:12] == b"WEBP"


def test_data_with_errors_leave_nothing_behind(container: Path) -> None:
    (container / "em" / "1" / "zarr.json").unlink()
    with pytest.raises(DataNotPublishable) as refused:
        _publish()
    assert [(path, problem.id) for path, problem in refused.value.problems] == [("em", "level-missing")]
    assert not Dataset.objects.exists()


def test_an_unknown_organelle_leaves_nothing_behind(container: Path) -> None:
    data = specification("data:small.zarr")
    data["volumes"][1]["segmentation"]["organelles"] = [{"organelle": "mitochondrium"}]
    with pytest.raises(OrganelleUnknown, match="mitochondrium"):
        publish(specification=check_specification(data), base=Path(), by=None)
    assert not Dataset.objects.exists()


def test_data_outside_the_roots_are_refused_by_name(tmp_path: Path) -> None:
    write_container(tmp_path / "elsewhere.zarr")
    with pytest.raises(OutsideRoots, match="CISTERNA_ROOT_"):
        _publish(str(tmp_path / "elsewhere.zarr"))


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (DatasetVersion, {"title": "Other"}),
        (DatasetVersion, {"number": None, "state": "draft", "frozen_at": None, "record": "", "record_digest": ""}),
        (Volume, {"title": "Other"}),
        (Mount, {"key": "elsewhere"}),
    ],
)
def test_rows_of_a_frozen_version_refuse_change_in_the_database(small_cell: DatasetVersion, model, change) -> None:
    with pytest.raises(IntegrityError, match="a frozen version does not change"), transaction.atomic():
        model.objects.update(**change)


@pytest.mark.parametrize("model", [Volume, Mount])
def test_rows_of_a_frozen_version_refuse_to_go(small_cell: DatasetVersion, model) -> None:
    with pytest.raises(IntegrityError, match="a frozen version does not change"), transaction.atomic():
        model.objects.all()._raw_delete("default")


def test_a_frozen_version_can_be_retired_with_a_reason_and_its_manifest_digest_set_once(
    small_cell: DatasetVersion,
) -> None:
    version = small_cell
    DatasetVersion.objects.filter(pk=version.pk).update(manifest_digest="a" * 64)
    with pytest.raises(IntegrityError), transaction.atomic():
        DatasetVersion.objects.filter(pk=version.pk).update(manifest_digest="b" * 64)
    DatasetVersion.objects.filter(pk=version.pk).update(state="retired", retired_reason="A mistake")
    with pytest.raises(IntegrityError), transaction.atomic():
        DatasetVersion.objects.filter(pk=version.pk).update(state="published", retired_reason="")
