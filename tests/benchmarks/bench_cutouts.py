"""Cutouts of 256³ voxels of EM, over HTTP into a file; beside each, zarr reading the same box in this process and the
format's own library writing the file; zarr as it is when nothing is configured.

The image is the demo's, mirrored at its edges up to 320³, in chunks of 64³ packed with Zstandard.
"""

import http.client
import shutil
import statistics
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import nibabel
import numpy as np
import tifffile
import zarr

from deploy.demo.sample import unpack_array
from tests.benchmarks.options import Options, Report
from tests.benchmarks.portals import publish, served, settings_of, timed
from tests.benchmarks.processes import forget_peak, peak_mb
from tests.ports import free_port
from tests.samples import write_image

SIDE, CHUNK = 256, 64
LARGE_SIDE = 320
SAMPLES = 5
USUAL_PIPELINE = {"codec_pipeline.path": "zarr.core.codec_pipeline.BatchedCodecPipeline"}
"""zarr's default; the portal's storage, which this process knows through its sample, chooses another."""

BOX = ",".join(map(str, (0, 0, 0, SIDE, SIDE, SIDE)))


def run(options: Options, report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-cutouts-") as name, zarr.config.set(USUAL_PIPELINE):
        home = Path(name)
        port = free_port()
        settings = settings_of(home, port, CISTERNA_ROOT_DATA=home.as_uri())
        image = _published(home, settings)
        with served(settings, home / "server.log") as pid:
            report.heading(f"Cutouts of {SIDE}³ uint8 from chunks of {CHUNK}³; samples: {SAMPLES * options.rounds}")
            report.columns("format ", "cutout ms", "in process ms", "ratio", "MB", "peak MB more")
            for format_name, write in WRITERS.items():
                _fetch(port, format_name, home / "cutout")
                write(image, home / "written")
                forget_peak([pid])
                before_mb = peak_mb([pid])
                ours, theirs = [], []
                for _ in range(SAMPLES * options.rounds):
                    with timed(theirs):
                        write(image, home / "written")
                    with timed(ours):
                        _fetch(port, format_name, home / "cutout")
                ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
                report.row(
                    format_name,
                    f"{statistics.median(ours) * 1e3:.0f}",
                    f"{statistics.median(theirs) * 1e3:.0f}",
                    f"{ratio:.2f}",
                    f"{(home / 'cutout').stat().st_size / 1e6:.1f}",
                    f"{peak_mb([pid]) - before_mb:.0f}",
                )


def _published(home: Path, settings: Mapping[str, str]) -> Path:
    """Publish the image in a portal of its own, and return where its finest level is."""
    em = unpack_array("em")
    em = np.pad(em, [(0, LARGE_SIDE - size) for size in em.shape], mode="symmetric")
    folder = write_image(home / "cell.zarr" / "em", [em], chunk=CHUNK)
    publish(home, settings)
    return folder / "0"


def _npy(image: Path, file: Path) -> None:
    np.save(file.with_suffix(".npy"), _read(image))


def _tiff(image: Path, file: Path) -> None:
    tifffile.imwrite(
        file.with_suffix(".tif"),
        _read(image),
        imagej=True,
        resolution=(0.1, 0.1),
        metadata={"spacing": 10, "unit": "nm"},
    )


def _nifti(image: Path, file: Path) -> None:
    affine = np.diag([0.01, 0.01, 0.01, 1])
    nibabel.save(nibabel.Nifti1Image(_read(image).transpose(), affine), file.with_suffix(".nii"))


def _zarr(image: Path, file: Path) -> None:
    path = file.with_suffix(".zip")
    path.unlink(missing_ok=True)
    with zarr.storage.ZipStore(path, mode="w") as store:
        zarr.create_group(store)
        zarr.create_array(store, name="0", data=_read(image), chunks=(CHUNK,) * 3)


WRITERS: dict[str, Callable[[Path, Path], None]] = {"npy": _npy, "tiff": _tiff, "nifti": _nifti, "zarr": _zarr}


def _read(image: Path) -> np.ndarray:
    return np.asarray(zarr.open_array(image, mode="r")[:SIDE, :SIDE, :SIDE])


def _fetch(port: int, format_name: str, file: Path) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    target = f"/api/v1/datasets/cell@1/volumes/em/cutout?unit=voxel&bbox={BOX}&format={format_name}"
    connection.request("GET", target)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    with file.open("wb") as written:
        shutil.copyfileobj(answer, written, 1 << 20)
    connection.close()
