"""The sample that ships: what it unpacks to, what the demo writes of it, and that both are what the sources hold."""

import lzma
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest
import tensorstore
import zarr
from ome_zarr_models.v05.image import Image
from ome_zarr_models.v05.labels import Labels

from datasets.publishing.specification import read_specification
from datasets.volumes.downsampling import mean_2x, mode_2x
from deploy.demo.sample import LABELS, PACKED, SampleDamaged, unpack_array, write_sample
from tests.journeys.conftest import begin_demo, begin_home, manage

CHECKOUT = Path(__file__).parents[2]
DEMO = CHECKOUT / "deploy" / "demo"
PATHS = {"em": "em"} | {name: f"labels/{name}" for name in LABELS}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "fib25-ts2.zarr"
    write_sample(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "dtype", "values", "zeros"),
    [
        ("em", "uint8", 187, 0),
        ("groundtruth", "uint32", 526, 250),
        ("ffn", "uint16", 255, 1757877),
        ("oversegmentation", "uint16", 3051, 0),
    ],
)
def test_an_array_unpacks_to_what_was_recorded(name: str, dtype: str, values: int, zeros: int) -> None:
    array = unpack_array(name)
    assert (array.shape, array.dtype.name) == ((250, 250, 250), dtype)
    assert len(np.unique(array)) == values
    assert np.count_nonzero(array == 0) == zeros


def test_a_damaged_file_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(PACKED, tmp_path, dirs_exist_ok=True)
    voxels = lzma.decompress((PACKED / "ffn.npy.xz").read_bytes())
    (tmp_path / "ffn.npy.xz").write_bytes(lzma.compress(voxels[:-1] + bytes([voxels[-1] ^ 1]), preset=0))
    with pytest.raises(SampleDamaged, match=r"ffn\.npy\.xz"):
        unpack_array("ffn", tmp_path)


def test_what_ships_is_small_and_comes_with_its_licence() -> None:
    sizes = [path.stat().st_size for path in (DEMO / "data").iterdir()]
    assert sum(sizes) <= 12_000_000
    assert "CREATIVE COMMONS PUBLIC LICENSE" in (DEMO / "LICENSE.txt").read_text()
    assert "Apache License" in (DEMO / "LICENSE-ffn.txt").read_text()


def test_the_written_hierarchy_is_valid_ngff(written: Path) -> None:
    em = Image.from_zarr(zarr.open_group(written / "em", mode="r", zarr_format=3))
    assert [dataset.path for dataset in em.attributes.ome.multiscales[0].datasets] == ["0", "1", "2"]
    labels = Labels.from_zarr(zarr.open_group(written / "labels", mode="r", zarr_format=3))
    assert labels.label_paths == list(LABELS)
    for name in LABELS:
        image_label = labels.get_image_labels_group(name).attributes.ome.image_label
        assert image_label is not None
        assert image_label.source is not None
        place = written / "labels" / name / image_label.source.image
        assert place.resolve() == (written / "em").resolve()


@pytest.mark.parametrize("name", PATHS)
def test_every_level_holds_its_voxels_at_their_places(written: Path, name: str) -> None:
    image = Image.from_zarr(zarr.open_group(written / PATHS[name], mode="r", zarr_format=3))
    expected = unpack_array(name)
    for k, dataset in enumerate(image.attributes.ome.multiscales[0].datasets):
        path = written / PATHS[name] / dataset.path
        np.testing.assert_array_equal(zarr.open_array(path, mode="r", zarr_format=3)[...], expected)
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/"}}
        np.testing.assert_array_equal(tensorstore.open(spec, read=True).result().read().result(), expected)
        scale, translation = dataset.coordinateTransformations
        assert dict(scale)["scale"] == [10 * 2**k] * 3
        assert dict(translation)["translation"] == [[0, 5, 15][k]] * 3
        expected = mean_2x(expected) if name == "em" else mode_2x(expected)


def test_writing_again_changes_nothing(written: Path) -> None:
    def state() -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in written.parent.rglob("*")}

    before = state()
    write_sample(written)
    assert state() == before


def test_the_specification_says_what_is_there() -> None:
    specification = read_specification(DEMO / "fib25-ts2.toml")
    assert [volume["path"] for volume in specification["volumes"]] == list(PATHS.values())
    assert all(not (v["segmentation"] or {}).get("organelles") for v in specification["volumes"])
    counts = {
        "labels/groundtruth": "526 bodies",
        "labels/ffn": "254 segments",
        "labels/oversegmentation": "3051 pieces",
    }
    for volume in specification["volumes"][1:]:
        assert counts[volume["path"]] in volume["description"]
    assert len(specification["views"]) == 4


def test_the_views_show_what_they_say() -> None:
    raw = tomllib.loads((DEMO / "fib25-ts2.toml").read_text())
    truth, ffn = unpack_array("groundtruth"), unpack_array("ffn")
    views = {view["name"]: view for view in raw["views"]}
    for view in views.values():
        assert all(300 <= at <= 2200 or view["name"] == "split-body" for at in view["position_nm"])
    x, y, z = (round(at / 10) for at in views["split-body"]["position_nm"])
    near = (slice(z - 2, z + 3), slice(y - 25, y + 26), slice(x - 25, x + 26))
    segments = ffn[near][truth[near] == 2150]
    assert {1, 9} <= set(np.unique(segments)), "two segments of the network in one body of the ground truth"
    assert np.linalg.norm(views["oblique"]["orientation"]) == pytest.approx(1, abs=1e-3)


def _wait_for(port: int) -> None:
    """Until the server accepts connections: it tells its address a moment before."""
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return


def start_and_end_demo(home: Path, expected: str) -> None:
    """Run the demo until it answers, and stop it; ``expected`` is printed before."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    environment = os.environ | {"CISTERNA_HOME": str(home), "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, str(DEMO / "run.py")], cwd=home, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as demo:  # fmt: skip
        try:
            assert demo.stdout is not None
            lines = iter(demo.stdout.readline, "")
            assert expected in "".join(takewhile(lambda line: f"{base}/" not in line, lines))
            _wait_for(port)
            with urllib.request.urlopen(f"{base}/api/v1/datasets/fib25-ts2/") as answer:
                assert answer.status == 200
            chunk = "em/0/c/1/2/3"
            with urllib.request.urlopen(f"{base}/data/fib25-ts2@1/{chunk}") as answer:
                assert answer.read() == (home / "own" / "demo" / "fib25-ts2.zarr" / chunk).read_bytes()
        finally:
            demo.send_signal(signal.SIGINT)
            rest = demo.stdout.read() if demo.stdout else ""
    assert demo.returncode == 0
    assert "Traceback" not in rest


def test_the_demo_starts_publishes_once_and_ends_cleanly(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    begin_demo(tmp_path, tmp_path_factory)
    assert "fib25-ts2@1: published" in (tmp_path / "server.log").read_text()
    start_and_end_demo(tmp_path, "fib25-ts2@1: already published, nothing changed")


def test_what_an_earlier_version_published_stays(
    tmp_path: Path, written: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A record has what its time knew: with another, the demo still starts."""
    shutil.copytree(written, tmp_path / "own/demo/fib25-ts2.zarr")
    before = tmp_path / "before.toml"
    before.write_text((DEMO / "fib25-ts2.toml").read_text().replace('title = "', 'title = "An earlier ', 1))
    begin_home(tmp_path, tmp_path_factory)
    manage(tmp_path, ["publish", str(before)])
    start_and_end_demo(tmp_path, "published by an earlier version of the portal, and stays")


@pytest.mark.shared_data
def test_the_packed_arrays_are_those_of_the_sources(shared_data: Path) -> None:
    from deploy.demo.pack_sample import read_source

    source = read_source(shared_data / "em" / "fib25-training_sample2")
    assert source.keys() == PATHS.keys()
    for name, array in source.items():
        np.testing.assert_array_equal(unpack_array(name), array)


@pytest.mark.shared_data
def test_bodies_come_from_the_sources_own_table(shared_data: Path) -> None:
    """By another way than the packing: voxel by voxel through a dictionary, at random places."""
    import gzip
    import io

    import h5py

    rng = np.random.default_rng(7)
    for file, name in (("groundtruth", "groundtruth"), ("oversegmented_stack_labels", "oversegmentation")):
        with gzip.open(shared_data / "em" / "fib25-training_sample2" / f"{file}.h5.gz") as packed:
            h5 = h5py.File(io.BytesIO(packed.read()), "r")
        supervoxels, body_of = h5["stack"][()], {int(s): int(b) for s, b in h5["transforms"][()]}
        bodies = unpack_array(name)
        changed = 0
        for z, y, x in rng.integers(0, 250, (2000, 3)):
            supervoxel = int(supervoxels[z, y, x])
            assert bodies[z, y, x] == body_of[supervoxel]
            changed += body_of[supervoxel] != supervoxel
        assert changed, "the table is not the identity"
        assert len(np.unique(bodies)) == {"groundtruth": 526, "oversegmentation": 3051}[name]
