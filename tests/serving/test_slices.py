"""Slices: ``/api/v1/datasets/<ref>/volumes/<path>/slice``, every parameter and every refusal."""

import io
import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.test import Client
from PIL import Image
from scipy.ndimage import map_coordinates

from datasets.catalogue.actions.withdrawal import retire_version
from datasets.catalogue.models import Dataset, DatasetVersion, Visibility
from datasets.publishing.actions import publish
from datasets.publishing.specification import check_specification
from datasets.serving.slices import slices as making
from datasets.storage.block_cache import block_cache, configure_block_cache
from datasets.storage.roots import OWN_ROOT, Root, all_roots, configure_roots
from datasets.volumes.pictures import segment_colours
from tests.published import publish_once
from tests.s3_server import S3Server
from tests.samples import specification, write_image, write_once
from tests.serving.test_cutouts import body_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

EM = np.random.default_rng(4).integers(0, 250, size=(20, 24, 28), dtype=np.uint8)
CELLS = np.zeros((20, 24, 28), np.uint64)
CELLS[:, :, :14] = 2**63 + 5
CELLS[:, 12:, 14:] = 7
VOXEL_NM, FIRST_NM = (20.0, 10.0, 10.0), (100.0, 0.0, -50.0)


def write_cell(folder: Path) -> Path:
    geometry: dict[str, Any] = {"voxel_nm": VOXEL_NM, "translation_nm": FIRST_NM, "chunk": 8}
    write_image(folder / "em", [EM, EM[::2, ::2, ::2]], **geometry)
    write_image(folder / "labels" / "cells", [CELLS, CELLS[::2, ::2, ::2]], **geometry)
    stack = np.stack([np.stack([EM[:4] // (c + 1) + t for c in range(2)]) for t in range(3)])
    channels = {"channels": [{"color": "FF0000"}, {"color": "00FF00", "active": False}]}
    write_image(folder / "film", [stack], axes="tczyx", voxel_nm=(1, 1, *VOXEL_NM), omero=channels, chunk=8)
    return folder


def specification_of(data: str) -> dict[str, Any]:
    spec = specification(data, views=[])
    spec["volumes"][0]["contrast"] = [0, 255]
    spec["volumes"].append({"path": "film", "kind": "light", "title": "Film", "contrast": [0, 100]})
    return spec


def publish_cell(data: str) -> DatasetVersion:
    return publish(specification=check_specification(specification_of(data)), base=Path(), by=None).version


@pytest.fixture
def cell(data_root: Path) -> DatasetVersion:
    write_once(write_cell, data_root / "cell.zarr")
    return publish_once(specification_of("data:cell.zarr"), data_root.parent)


SLICE = "/api/v1/datasets/small-cell@1/volumes/em/slice"


def ask(client: Client, query: str = "", status: int = 200, ref: str = "small-cell@1", path: str = "em") -> Any:
    response = client.get(f"/api/v1/datasets/{ref}/volumes/{path}/slice?{query}")
    assert response.status_code == status, response.content[:500]
    return response


def picture(client: Client, query: str = "", **where: Any) -> np.ndarray:
    response = ask(client, query, **where)
    image = Image.open(io.BytesIO(response.content))
    assert response["Content-Type"] == f"image/{image.format.lower()}"
    return np.asarray(image).astype(int)


def values(client: Client, query: str, **where: Any) -> np.ndarray:
    response = ask(client, f"{query}&format=npy", **where)
    assert response["Content-Type"] == "application/x-npy"
    return np.load(io.BytesIO(response.content))


# The middle of the finest voxel (10, 12, 14), and a picture of all of its plane with a pixel for each voxel.
CENTRE = "center=90,120,300"
WHOLE = "center=85,115,300&width=28&height=24"


def test_a_plane_along_the_axes_is_the_voxels_themselves(client: Client, cell: DatasetVersion) -> None:
    plane = values(client, WHOLE)
    assert plane.dtype == np.uint8
    np.testing.assert_array_equal(plane, EM[10])
    side = values(client, "center=90,115,290&normal=-1,0,0&width=39&height=24")  # z runs to the right, 2 pixels a voxel
    np.testing.assert_array_equal(side[:, ::2], EM[:, :, 14].T)
    top = values(client, "center=85,120,290&normal=0,-1,0&width=28&height=39")
    np.testing.assert_array_equal(top[::2], EM[:, 12])


def test_any_plane_is_scipys(client: Client, cell: DatasetVersion) -> None:
    plane = values(client, "center=92,118,311&normal=1,2,3&up=0.3,-1,0&width=40&height=30&resolution=7")
    towards = np.array([1, 2, 3]) / np.sqrt(14)
    right = np.cross(towards, [0.3, -1, 0])
    right /= np.linalg.norm(right)
    down = np.cross(towards, right)
    rows, columns = np.indices((30, 40))
    nm = np.array([92, 118, 311]) + 7 * ((columns - 19.5)[..., None] * right + (rows - 14.5)[..., None] * down)
    at = [(nm[..., 2 - axis] - FIRST_NM[axis]) / VOXEL_NM[axis] for axis in range(3)]
    expected = map_coordinates(EM.astype(float), at, order=1, mode="nearest")
    outside = np.any([(a < -0.5) | (a >= size - 0.5) for a, size in zip(at, EM.shape, strict=True)], axis=0)
    expected[outside] = 0
    assert plane.dtype == np.float32
    np.testing.assert_allclose(plane, expected, atol=0.03)
    assert outside.any()
    assert not outside.all()


def test_labels_are_exact_at_any_angle(client: Client, cell: DatasetVersion) -> None:
    plane = values(client, f"{CENTRE}&normal=1,1,5&width=64&height=64&resolution=3", path="labels/cells")
    assert plane.dtype == np.uint64
    assert set(np.unique(plane)) == {0, 7, 2**63 + 5}


def test_the_level_is_as_coarse_as_the_pixels(client: Client, cell: DatasetVersion, data_root: Path) -> None:
    where = "center=85,115,310&width=10&height=8"
    coarse = values(client, f"{where}&resolution=20")
    np.testing.assert_array_equal(coarse, EM[::2, ::2, ::2][5, 2:10, 2:12])
    fine = values(client, f"{where}&resolution=19")
    assert np.abs(fine - coarse).max() > 20, "noise that the coarse level does not hold"
    assert values(client, "resolution=1000000000&width=3&height=3").shape == (3, 3)


def test_defaults_are_the_middle_in_the_viewers_look(client: Client, cell: DatasetVersion) -> None:
    shown = picture(client, ref="small-cell")
    assert shown.shape == (512, 512), "grey"
    wanted = values(client, "center=85,115,290&normal=0,0,1&up=0,-1,0&width=512&height=512&resolution=10")
    np.testing.assert_array_equal(shown, np.rint(wanted).astype(int))


def test_the_window_stretches_the_greys(client: Client, cell: DatasetVersion) -> None:
    shown = picture(client, f"{WHOLE}&window=50,150")
    np.testing.assert_allclose(shown, np.clip((EM[10].astype(float) - 50) * 2.55, 0, 255), atol=0.51)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_pictures_come_in_three_formats(client: Client, cell: DatasetVersion, form: str) -> None:
    shown = picture(client, f"{WHOLE}&format={form}&window=0,255")
    shown = shown if shown.ndim == 2 else shown.mean(axis=2)
    assert np.corrcoef(shown.ravel(), EM[10].ravel())[0, 1] > (0.999 if form == "png" else 0.6)
    assert ask(client, f"format={form}&width=9&height=9")["Content-Disposition"].startswith("inline; filename=")
    by_image = client.get(SLICE, {"format": form, "width": 9, "height": 9}, headers={"Accept": f"image/{form}"})
    assert (by_image.status_code, by_image["Content-Type"]) == (200, f"image/{form}")


def test_overlays_have_the_viewers_colours(client: Client, cell: DatasetVersion) -> None:
    opaque = picture(client, f"{WHOLE}&overlay=labels/cells&opacity=1")
    for label, (row, column) in {2**63 + 5: (5, 5), 7: (20, 20)}.items():
        np.testing.assert_array_equal(opaque[row, column], segment_colours(np.array([label], np.uint64))[0])
    np.testing.assert_array_equal(opaque[5, 20], [EM[10, 5, 20]] * 3)
    half = picture(client, f"{WHOLE}&overlay=labels/cells&opacity=0.5")
    mean = (opaque[20, 20] + EM[10, 20, 20]) / 2
    np.testing.assert_allclose(half[20, 20], mean, atol=1)
    np.testing.assert_array_equal(picture(client, f"{WHOLE}&overlay=labels/cells&opacity=0")[..., 0], EM[10])
    alone = picture(client, WHOLE, path="labels/cells")
    np.testing.assert_array_equal(alone[20, 20], opaque[20, 20])
    assert not alone[5, 20].any()


def test_channels_and_times_are_chosen(client: Client, cell: DatasetVersion) -> None:
    where = {"path": "film"}
    plane = "center=135,115,20&width=28&height=24"
    np.testing.assert_array_equal(values(client, f"{plane}&c=1&t=2", **where), EM[1] // 2 + 2)
    np.testing.assert_array_equal(values(client, plane, **where), EM[1])
    red = picture(client, f"{plane}&window=0,255&t=1", **where)
    np.testing.assert_array_equal(red[..., 0], EM[1].astype(int) + 1)
    assert not red[..., 1:].any(), "the second channel is switched off"
    green = picture(client, f"{plane}&window=0,255&c=1", **where)
    np.testing.assert_array_equal(green[..., 1], EM[1] // 2)
    for wrong in ("c=2", "t=3", "t=-1", "t=x"):
        assert ask(client, wrong, 400, **where).json()["where"] == wrong[0]
    ask(client, "c=1", 400)


def test_a_scale_bar_is_as_long_as_it_says(client: Client, cell: DatasetVersion) -> None:
    query = "width=200&height=160&center=85,115,300&normal=-1,0,0&window=0,10000&resolution=10"
    plain, barred = picture(client, query), picture(client, f"{query}&scalebar=1")
    assert (plain != barred).any()
    bar = max(int((row == 255).sum()) for row in barred)
    assert bar == 50, "500 nm of 2 µm"
    assert np.array_equal(plain, picture(client, f"{query}&scalebar=0"))


REFUSALS = [
    ("normal=nan,0,0", 422, "plane-invalid", "normal"),
    ("normal=0,0,0", 422, "plane-invalid", "normal"),
    ("normal=0,0,1&up=0,0,-3", 422, "plane-invalid", "up"),
    ("up=inf,0,0", 422, "plane-invalid", "up"),
    ("center=nan,0,0", 422, "plane-invalid", "center"),
    ("center=1e20,0,0", 400, "query-invalid", "center"),
    ("center=1,2", 400, "query-invalid", "center"),
    ("normal=a,b,c", 400, "query-invalid", "normal"),
    ("width=0", 400, "query-invalid", "width"),
    ("height=1.5", 400, "query-invalid", "height"),
    ("resolution=0", 400, "query-invalid", "resolution"),
    ("resolution=nan", 400, "query-invalid", "resolution"),
    ("width=4096&height=1025", 413, "slice-too-large", "width, height"),
    ("width=20000&height=1", 413, "slice-too-large", "width, height"),
    ("format=tiff", 400, "query-invalid", "format"),
    ("format=npy&overlay=labels/cells", 400, "query-invalid", "format"),
    ("overlay=labels/none", 404, "not-found", "labels/none"),
    ("overlay=labels/cells&overlay=labels/cells", 400, "query-invalid", "overlay"),
    ("&overlay=labels/none" * 33, 400, "query-invalid", "overlay"),
    ("overlay=film", 400, "query-invalid", "overlay"),
    ("opacity=2", 400, "query-invalid", "opacity"),
    ("window=5,5", 400, "query-invalid", "window"),
    ("scalebar=yes", 400, "query-invalid", "scalebar"),
    ("token=abc", 400, "query-invalid", "token"),
    ("access_token=abc", 400, "query-invalid", "access_token"),
]


def test_what_cannot_be_is_refused_by_name(client: Client, cell: DatasetVersion) -> None:
    for query, status, slug, where in REFUSALS:
        problem = ask(client, query, status).json()
        assert problem["type"].endswith(f"/problems/{slug}/"), query
        assert problem["where"] == where, query
    for slug in {slug for _, _, slug, _ in REFUSALS}:
        assert client.get(f"/problems/{slug}/").status_code == 200


def test_what_is_not_there(client: Client, cell: DatasetVersion) -> None:
    ask(client, status=404, path="nothing")
    ask(client, status=404, ref="nothing")
    ask(client, status=404, ref="small-cell@2")


def test_a_public_version_may_be_kept_an_unnumbered_one_asked_again(client: Client, cell: DatasetVersion) -> None:
    first = ask(client, WHOLE)
    assert first["Cache-Control"] == "public, max-age=3600", "its data are in a root that somebody else writes to"
    assert first["Access-Control-Allow-Origin"] == "*"
    assert ask(client, WHOLE, ref="small-cell")["Cache-Control"] == "no-cache"
    url = f"/api/v1/datasets/small-cell@1/volumes/em/slice?{WHOLE}"
    again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(url, headers={"If-None-Match": '"another"'}).status_code == 200
    assert client.head(url)["Content-Length"] == first["Content-Length"]


def test_in_the_portals_own_root_it_never_changes(client: Client, data_root: Path) -> None:
    write_cell(data_root.parent / "own" / "cell.zarr")
    publish_cell("own:cell.zarr")
    assert ask(client, WHOLE)["Cache-Control"] == "public, max-age=31536000, immutable"


def test_what_is_not_public_is_kept_by_nobody(client: Client, cell: DatasetVersion) -> None:
    Dataset.objects.update(visibility=Visibility.PRIVATE)
    ask(client, WHOLE, 404)
    client.force_login(get_user_model().objects.create_superuser("operator", password="x"))
    for ref in ("small-cell", "small-cell@1"):
        response = ask(client, WHOLE, ref=ref)
        assert response["Cache-Control"] == "private, no-store"
        assert "Access-Control-Allow-Origin" not in response


def test_a_retired_version_is_gone(client: Client, cell: DatasetVersion) -> None:
    retire_version(name="small-cell", number=1, reason="Wrong voxel size", successor="", by=None)
    gone = ask(client, WHOLE, 410)
    assert gone.json()["type"].endswith("/problems/version-retired/")
    assert (gone["Cache-Control"], gone["Access-Control-Allow-Origin"]) == ("private, no-store", "*")


def test_an_unreadable_chunk_is_no_black_square(client: Client, cell: DatasetVersion, data_root: Path) -> None:
    configure_block_cache(block_cache().most_bytes)
    damaged = data_root / "cell.zarr" / "em" / "0" / "c" / "1" / "1" / "1"
    damaged.write_bytes(b"not a chunk")
    response = ask(client, WHOLE, 503)
    assert response.json()["type"].endswith("/problems/chunk-undecodable/")
    (data_root / "cell.zarr").rename(data_root / "elsewhere")
    assert ask(client, WHOLE, 503)["Retry-After"]
    write_image(data_root / "cell.zarr" / "em", [EM[::2, ::2, ::2], EM[::2, ::2, ::2]], chunk=8)
    assert ask(client, WHOLE, 503).json()["type"].endswith("/problems/object-changed/")


def test_who_comes_when_all_turns_are_taken_is_told_to_come_again(
    client: Client, cell: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_turns", threading.BoundedSemaphore(1))
    monkeypatch.setattr(making, "PATIENCE_S", 0.01)
    with making._turns:
        response = ask(client, WHOLE, 503)
    assert response["Retry-After"] == "1"
    ask(client, WHOLE)


def test_no_level_coarse_enough(client: Client, cell: DatasetVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.storage.planes.MOST_CHUNKS", 8)
    coarse = values(client, WHOLE)
    assert coarse.shape == (24, 28), "from the coarser level, whose chunks are few"
    monkeypatch.setattr("datasets.storage.planes.MOST_CHUNKS", 1)
    assert ask(client, WHOLE, 413).json()["type"].endswith("/problems/slice-too-large/")


def test_all_layers_of_a_picture_have_one_bound(
    client: Client, cell: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = f"{WHOLE}&overlay=labels/cells&opacity=0"
    monkeypatch.setattr("datasets.storage.planes.MOST_CHUNKS", 12)
    np.testing.assert_array_equal(values(client, WHOLE), EM[10])
    assert (picture(client, both)[..., 0] != EM[10]).any(), "from the coarser level"
    monkeypatch.setattr("datasets.storage.planes.MOST_CHUNKS", 6)
    assert ask(client, both, 413).json()["type"].endswith("/problems/slice-too-large/")
    monkeypatch.undo()
    monkeypatch.setattr("datasets.serving.slices.requests.MOST_LAYERS", 1)
    ask(client, both)
    assert ask(client, "width=2048&height=2048&overlay=labels/cells", 413).json()["where"] == "overlay"


def test_a_moment_is_that_of_the_finest_level_on_every_level(client: Client, data_root: Path) -> None:
    """The coarser levels have one moment for two: the first has all five in three, the second but four of them."""
    folder = write_cell(data_root / "cell.zarr") / "film"
    shutil.rmtree(folder)
    shapes = [(5, 8, 24, 28), (3, 4, 12, 14), (2, 2, 6, 7)]
    films = [np.full(shape, 10 * level, np.uint8) for level, shape in enumerate(shapes, 1)]
    for film in films:
        film += np.arange(len(film), dtype=np.uint8)[:, None, None, None]
    write_image(folder, films, axes="tzyx", voxel_nm=(1, *VOXEL_NM), chunk=8)
    described = json.loads((folder / "zarr.json").read_text())
    for level in described["attributes"]["ome"]["multiscales"][0]["datasets"][1:]:
        scale, shift = level["coordinateTransformations"]
        scale["scale"][0], shift["translation"][0] = 2, 0.5
    (folder / "zarr.json").write_text(json.dumps(described))
    publish_cell("data:cell.zarr")

    def shown(nm_per_pixel: int, moment: int) -> int:
        plane = values(client, f"width=2&height=2&resolution={nm_per_pixel}&t={moment}", path="film")
        assert len(np.unique(plane)) == 1
        return int(plane[0, 0])

    assert [shown(10, moment) for moment in range(5)] == [10, 11, 12, 13, 14]
    assert [shown(20, moment) for moment in range(5)] == [20, 20, 21, 21, 22]
    assert [shown(40, moment) for moment in range(5)] == [30, 30, 31, 31, 22], "the last is not on the coarsest"
    ask(client, "t=5", 400, path="film")

    def cut(level: int, moment: int) -> Any:
        box = {"unit": "voxel", "bbox": "0,0,0,2,2,2", "level": level, "t": moment}
        return client.get("/api/v1/datasets/small-cell@1/volumes/film/cutout", box)

    for level, moment, value in ((0, 3, 13), (1, 3, 21), (1, 4, 22), (2, 3, 31)):
        voxels = np.load(io.BytesIO(body_of(cut(level, moment))))
        assert (voxels == value).all()
    for level, moment in ((2, 4), (1, 5)):
        refused = cut(level, moment)
        assert (refused.status_code, refused.json()["where"]) == (422, "t")


def test_a_bucket_is_cut_like_a_folder(client: Client, s3_server: S3Server, s3: Any, tmp_path: Path) -> None:
    folder = write_cell(tmp_path / "cell.zarr")
    s3.create_bucket(Bucket="slices")
    for path in folder.rglob("*"):
        if path.is_file():
            s3.put_object(Bucket="slices", Key=path.relative_to(tmp_path).as_posix(), Body=path.read_bytes())
    before = all_roots()
    own = Root(name=OWN_ROOT, url=(tmp_path / "own").as_uri())
    configure_roots([s3_server.root("s3://slices", "data"), own])
    try:
        publish_cell("data:cell.zarr")
        np.testing.assert_array_equal(values(client, WHOLE), EM[10])
        for found in s3.list_objects_v2(Bucket="slices")["Contents"]:
            s3.delete_object(Bucket="slices", Key=found["Key"])
    finally:
        configure_roots(before)


def test_the_limit_is_the_operators(client: Client, cell: DatasetVersion, settings: Any) -> None:
    settings.CONFIG = replace(django_settings.CONFIG, slice_pixels=100)
    ask(client, "width=10&height=10")
    ask(client, "width=10&height=11", 413)
