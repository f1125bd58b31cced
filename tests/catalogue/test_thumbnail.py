"""One address for the picture that stands for a dataset: kept and seen as its other pictures are."""

from pathlib import Path

from django.test import Client

from datasets.catalogue.models import Dataset, DatasetVersion
from datasets.catalogue.pictures import picture_key, read_picture


def test_it_is_the_labels_over_the_image_else_the_image(
    client: Client, admin_client: Client, small_cell: DatasetVersion, data_root: Path
) -> None:
    newest, pinned = "/datasets/small-cell/thumbnail.webp", "/datasets/small-cell@1/thumbnail.webp"
    for name in ("labels", "em"):
        content = read_picture(small_cell, name)
        for path, control in ((newest, "no-cache"), (pinned, "public, max-age=3600")):
            answer = client.get(path)
            assert (answer.status_code, answer.content) == (200, content)
            assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/webp", control)
            assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304
        (data_root.parent / "own" / picture_key(small_cell, name)).unlink()
    assert [client.get(path).status_code for path in (newest, pinned)] == [404, 404]


def test_of_a_private_dataset_nobody_keeps_it(client: Client, admin_client: Client, small_cell: DatasetVersion) -> None:
    Dataset.objects.update(visibility="private")
    assert client.get("/datasets/small-cell@1/thumbnail.webp").status_code == 404
    assert admin_client.get("/datasets/small-cell@1/thumbnail.webp")["Cache-Control"] == "private, no-store"


def test_the_api_names_it(client: Client, small_cell: DatasetVersion) -> None:
    url = client.get("/api/v1/datasets/small-cell/").json()["thumbnail_url"]
    assert url == "http://testserver/datasets/small-cell@1/thumbnail.webp"


def test_storage_that_cannot_be_read_is_not_called_absence(
    client: Client, small_cell: DatasetVersion, data_root: Path
) -> None:
    own = data_root.parent / "own"
    own.rename(own.with_name("elsewhere"))  # as a disk that is not mounted
    answer = client.get("/datasets/small-cell/thumbnail.webp")
    assert (answer.status_code, "Retry-After" in answer) == (503, True)
