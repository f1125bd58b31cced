"""``manage.py thumbnails``: what is missing is made, what cannot be read is named, the others go on."""

import io
import os
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.pictures import picture_names
from tests.published import publish_once
from tests.samples import specification, write_container

pytestmark = pytest.mark.django_db


def thumbnails(*arguments: str) -> tuple[list[str], str]:
    """What it says, and what it complains of."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("thumbnails", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        err.write(str(error))
    return out.getvalue().splitlines(), err.getvalue()


def files_of(version: DatasetVersion, data_root: Path) -> list[Path]:
    return sorted((data_root.parent / "own" / "pictures" / version.record_digest).iterdir())


def test_what_is_missing_is_made_and_the_rest_left_as_it_is(small_cell: DatasetVersion, data_root: Path) -> None:
    names = picture_names(small_cell)
    files = files_of(small_cell, data_root)
    for file in files:
        os.utime(file, (1, 1))
    contents = {file: file.read_bytes() for file in files}
    for file in files[:2]:
        file.unlink()
    assert thumbnails() == (["1/1 small-cell@1: 2 rendered"], "")
    assert picture_names(small_cell) == names
    assert {file: file.read_bytes() for file in files} == contents, "the same data, the same pictures"
    assert [file for file in files if file.stat().st_mtime != 1] == files[:2]
    assert thumbnails("small-cell", "small-cell@1") == (["1/1 small-cell@1: 0 rendered"], "")
    files[0].write_bytes(b"an older one")
    assert thumbnails("small-cell@1", "--again") == ([f"1/1 small-cell@1: {len(files)} rendered"], "")
    assert {file: file.read_bytes() for file in files} == contents


def test_what_cannot_be_read_is_named_and_the_others_go_on(small_cell: DatasetVersion, data_root: Path) -> None:
    write_container(data_root / "other.zarr")
    other = publish_once(specification("data:other.zarr", name="another-cell"), data_root.parent)
    shutil.rmtree(data_root / "other.zarr")
    for version in (small_cell, other):
        next(file for file in files_of(version, data_root) if file.name == "em.webp").unlink()
    said, complaint = thumbnails()
    assert said == ["2/2 small-cell@1: 4 rendered"]
    assert complaint.startswith("1/2 another-cell@1: ")
    assert complaint.endswith("could not all be rendered: 1")


def test_a_name_that_is_none_is_refused_before_anything_is_made(small_cell: DatasetVersion) -> None:
    for reference in ("nowhere", "small-cell@2", "small-cell@", "small-cell@draft"):
        assert thumbnails("small-cell", reference)[0] == []
        assert "name-unknown" in thumbnails(reference)[1]
