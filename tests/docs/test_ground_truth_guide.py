"""The guide to ground truth, run as it stands over a portal with real ground truth: one dataset whose data are here,
and the crops of the CellMap challenge, whose data are not."""

import contextlib
import csv
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import zarr
from PIL import Image

from tests.journeys.conftest import CHECKOUT, Portal, begin_home, manage, started
from tests.samples import write_image

GUIDE = (CHECKOUT / "docs" / "guides" / "ground-truth.md").read_text(encoding="utf-8")
(INSTALL,) = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
PROGRAM = "".join(re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL))
MITOCHONDRIA = {"mito", "mito_mem", "mito_lum", "mito_ribo"}
LABEL = 191
VOXEL_NM = (Decimal("50"), Decimal("4.6"), Decimal("4.6"))  # z, y, x

# The first is CROP of the image; the voxels of the second are twice as wide, and none lies on one of the image.
CROPS = """crop_name,dataset,class_label,voxel_size,translation,shape
1,vnc-stack1,mito,[50.0;4.6;4.6],[200.0;460.0;276.0],[12;320;320]
2,vnc-stack1,pm,[50.0;9.2;9.2],[0.0;2.3;2.3],[20;256;256]
"""
CROP = np.s_[4:16, 100:420, 60:380]
PART = np.s_[:, 256:768, 256:768]
SPECIFICATION = f"""
name = "vnc-stack1"
title = "Ventral nerve cord of a larva"
licence = "CC-BY-NC-SA-3.0"
credit = "groundtruth-drosophila-vnc"
visibility = "public"
data = "data:vnc.zarr"
specimen = {{organism = "Drosophila melanogaster", ncbi_taxon = 7227, tissue = "Ventral nerve cord"}}
acquisition = {{method = "ssTEM"}}

[[volumes]]
path = "em"
kind = "em"
title = "ssTEM"

[[volumes]]
path = "labels/truth"
kind = "segmentation"
title = "Ground truth"
segmentation = {{type = "semantic", method = "manual", organelles = [{{organelle = "mito", label_value = {LABEL}}}]}}
"""


@pytest.fixture(scope="module")
def raw(shared_data: Path) -> np.ndarray:
    """A part of the stack, (z, y, x)."""
    return np.asarray(np.load(shared_data / "em" / "vnc-stack1" / "raw.npz")["raw"][PART])


@pytest.fixture(scope="module")
def classes(shared_data: Path) -> np.ndarray:
    return np.asarray(np.load(shared_data / "em" / "vnc-stack1" / "labels.npz")["labels"][PART])


@pytest.fixture(scope="module")
def table(shared_data: Path) -> str:
    """What the challenge says of mitochondria and the ER, and our crops."""
    path = shared_data / "catalogue" / "cellmap-challenge" / "train_crop_manifest.csv"
    heading, *rows = path.read_text().splitlines()
    assert CROPS.startswith(heading)
    return CROPS + "\n".join(row for row in rows if row.split(",")[2] in {*MITOCHONDRIA, "er"})


@pytest.fixture(scope="module")
def portal(
    tmp_path_factory: pytest.TempPathFactory, raw: np.ndarray, classes: np.ndarray, table: str
) -> Iterator[Portal]:
    """Published, and its crops imported, by the commands that curators use."""
    home, data = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("data")
    voxel_nm = [float(side) for side in VOXEL_NM]
    zarr.create_group(data / "vnc.zarr", zarr_format=3)
    coarse = raw.reshape(10, 2, 256, 2, 256, 2).mean((1, 3, 5)).astype("u1")
    write_image(data / "vnc.zarr" / "em", [raw, coarse], voxel_nm=voxel_nm, chunk=128)
    listed = {"ome": {"version": "0.5", "labels": ["truth"]}}
    zarr.create_group(data / "vnc.zarr" / "labels", zarr_format=3, attributes=listed)
    write_image(data / "vnc.zarr" / "labels" / "truth", [classes], voxel_nm=voxel_nm, chunk=128)
    (data / "vnc.toml").write_text(SPECIFICATION)
    (data / "train_crop_manifest.csv").write_text(table)
    settings = {"CISTERNA_ROOT_DATA": data.as_uri()}
    begin_home(home, tmp_path_factory)
    manage(
        home,
        ["publish", str(data / "vnc.toml")],
        ["import_crops", str(data / "train_crop_manifest.csv")],
        **settings,
    )
    with started(home, [str(CHECKOUT / "manage.py"), "serve"], **settings) as running:
        yield running


@pytest.fixture(scope="module")
def done(portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the guide's program has made: its variables and functions, and the folder with its picture."""
    folder = tmp_path_factory.mktemp("analyst")
    made: dict[str, Any] = {"__name__": "guide", "folder": folder}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MPLBACKEND", "agg")
        exec(compile(PROGRAM.replace("https://cells.example.org", portal.url), "ground-truth.md", "exec"), made)
    with contextlib.closing(made["portal"]):
        yield made


@pytest.fixture(scope="module")
def annotated(table: str) -> dict[tuple[str, str], set[str]]:
    """The classes of each crop, read from the table alone."""
    classes = defaultdict(set)
    for row in csv.DictReader(table.splitlines()):
        classes[row["dataset"], row["crop_name"]].add(row["class_label"])
    return classes


def test_its_first_line_installs_what_it_needs() -> None:
    """All of it is here: pip has nothing to look for."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PIP_NO_INDEX": "1"}
    subprocess.run(["sh", "-ec", INSTALL], env=environment, check=True, capture_output=True)


def test_it_finds_every_crop_with_mitochondria_or_a_part_of_them(
    done: dict[str, Any], annotated: dict[tuple[str, str], set[str]]
) -> None:
    found = {(crop["dataset"].split("@")[0], crop["name"]) for crop in done["crops"]}
    assert len(found) == len(done["crops"]) > 100
    assert found == {crop for crop, classes in annotated.items() if classes & MITOCHONDRIA}
    assert done["ask"]("/api/v1/crops/", organelle="mito")["next"], "there is more than one page"
    whole = {(crop["dataset"].split("@")[0], crop["name"]) for crop in done["whole"]}
    assert whole == {crop for crop, classes in annotated.items() if "mito" in classes} < found


def test_what_nobody_looked_for_is_not_told_absent(done: dict[str, Any]) -> None:
    (crop,) = (crop for crop in done["crops"] if crop["dataset"].startswith("vnc-stack1@"))
    assert done["crop"] == crop
    assert (done["found"](crop, "mito"), done["found"](crop, "er")) == ("present", None)
    said = {"organelles": [{"name": "er", "found": "absent"}, {"name": "nuc", "found": "not_annotated"}]}
    assert (done["found"](said, "er"), done["found"](said, "nuc")) == ("absent", None)
    assert done["ask"]("/api/v1/crops/", absent="mito")["results"] == []


def test_it_reads_the_voxels_of_the_crop(
    done: dict[str, Any], portal: Portal, raw: np.ndarray, classes: np.ndarray
) -> None:
    assert (done["em"].voxels == raw[CROP]).all()
    assert (done["mito"] == (classes[CROP] == LABEL)).all()
    assert 0.01 < done["mito"].mean() < 0.5
    box = ",".join(str(number) for corner in done["crop"]["box_nm"] for number in corner)
    address = f"{portal.url}/api/v1/datasets/vnc-stack1/volumes/em/cutout?bbox={box}&unit=nm&level=0&format=npy"
    answer = httpx.get(address).raise_for_status()
    assert (np.load(BytesIO(answer.content)) == done["em"].voxels).all(), "as the portal itself cuts it out"
    assert done["em"].edges_nm() == pytest.approx((273.7, 1745.7, 1929.7, 457.7))


def test_voxels_that_are_not_the_crops_own_are_those_with_their_centres_in_the_box(
    done: dict[str, Any], raw: np.ndarray
) -> None:
    ask = done["ask"]
    (crop,) = (each for each in ask("/api/v1/datasets/vnc-stack1/crops/", name="2", expand="volumes")["results"])
    first, side, count = (Decimal(0), *[Decimal("2.3")] * 2), (Decimal(50), *[Decimal("9.2")] * 2), (20, 256, 256)
    low = [middle - width / 2 for middle, width in zip(first, side, strict=True)]
    inside = [
        [i for i in range(size) if low[k] <= i * VOXEL_NM[k] < low[k] + count[k] * side[k]]
        for k, size in enumerate(raw.shape)
    ]
    piece = done["read"](ask(done["image_of"](crop)["url"]), crop["box_nm"])
    assert (piece.voxels == raw[np.ix_(*inside)]).all()
    coarse = done["read"](ask(done["image_of"](crop)["url"]), done["crop"]["box_nm"], level=1)
    assert coarse.voxels.shape == (6, 160, 160)
    assert coarse.edges_nm() == pytest.approx(done["em"].edges_nm()), "at any level"
    assert done["labels_of"](crop, "mito"), "there are such labels in the box"
    assert done["found"](crop, "mito") is None, "but the crop does not vouch for them"


def test_it_plots_both(done: dict[str, Any]) -> None:
    picture = np.asarray(Image.open(done["folder"] / "mitochondria.png").convert("RGB")).astype(int)
    coloured = (picture[..., 0] - picture[..., 2] > 60).mean()
    grey = (np.ptp(picture, axis=2) == 0) & (picture[..., 0] < 250)
    share = done["section"].mean()
    assert 0.3 * share < coloured < 1.2 * share
    assert grey.mean() > 0.4
    assert done["dataset"]["licence"] == "CC-BY-NC-SA-3.0"


def test_the_version_with_the_crops_is_shown_like_the_first(portal: Portal, done: dict[str, Any]) -> None:
    assert done["crop"]["dataset"] == "vnc-stack1@2"
    assert httpx.get(f"{portal.url}/datasets/vnc-stack1@2/pictures/em.webp").status_code == 200
    assert (portal.home / "published" / "open" / "vnc-stack1@2" / "em" / "zarr.json").is_file(), (
        "for front servers, too"
    )
