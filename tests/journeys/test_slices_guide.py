"""The guide to slices, run as it stands over the demo."""

import re
import subprocess
from pathlib import Path

import numpy as np
import zarr
from PIL import Image

from datasets.serving.slices.requests import PARAMETERS
from tests.journeys.conftest import CHECKOUT, Demo

GUIDE = (CHECKOUT / "docs" / "guides" / "slices.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)


def test_its_commands_make_what_it_says(either_demo: Demo, tmp_path: Path) -> None:
    script = "".join(COMMANDS).replace("https://cells.example.org", either_demo.url)
    subprocess.run(["sh", "-ec", script], cwd=tmp_path, check=True, capture_output=True)
    em = np.asarray(zarr.open_array(either_demo.sample / "em" / "0", mode="r")[...]).astype(float)
    pictures = {path.stem: np.asarray(Image.open(path)).astype(float) for path in tmp_path.glob("*.png")}
    assert {name: picture.shape for name, picture in pictures.items()} == {
        "middle": (512, 512),
        "tilted": (600, 800, 3),
        **dict.fromkeys(("xy", "xz", "yz"), (512, 512)),
    }
    # Around voxel 125, 2 µm wide: 4 nm a pixel of voxels of 10 nm, which lie at 0, 10, 20 … nm.
    steps = np.rint(125 + (np.arange(512) - 255.5) * 0.4).astype(int)
    planes = {"xy": em[125], "xz": em[:, 125], "yz": em[:, :, 125].T}
    for name, plane in planes.items():
        assert np.corrcoef(plane[np.ix_(steps, steps)].ravel(), pictures[name].ravel())[0, 1] > 0.9, name
    assert np.ptp(pictures["tilted"], axis=2).max() > 100, "the labels are in colour"
    objects = np.load(tmp_path / "objects.npy")
    assert (objects.shape, objects.dtype) == ((200, 200), np.uint16)
    labels = np.asarray(zarr.open_array(either_demo.sample / "labels" / "ffn" / "0", mode="r")[...])
    assert set(np.unique(objects)) <= {0, *np.unique(labels)}
    assert len(np.unique(objects)) > 5


def test_it_names_every_parameter() -> None:
    named = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", GUIDE, re.MULTILINE))))
    assert named == set(PARAMETERS)
