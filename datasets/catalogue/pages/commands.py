"""Opening a volume with tools people have, as text to copy. Tests run what is said to be tested, as it stands."""

from __future__ import annotations

from urllib.parse import quote

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.models.volume import LABEL_KINDS
from datasets.catalogue.neuroglancer_links import source_url

FIJI_DTYPES = {"uint8", "uint16", "float32"}
"""What ImageJ can show, and its importer opens (the README of github.com/saalfeldlab/n5-ij)."""


def zarr_text(version: DatasetVersion, volume: Volume, data_url: str) -> str:
    """Python that opens the finest level with zarr-python and reads one slice."""
    shape = tuple(volume.levels[0]["shape"])
    return (
        f'import zarr\n\nimage = zarr.open("{_level_url(version, volume, data_url)}", mode="r")\n'
        f"print(image.shape)  # {shape}, axes {', '.join(volume.axes)}\nmiddle = image[{_middle_index(volume)}]\n"
    )


def tensorstore_text(version: DatasetVersion, volume: Volume, data_url: str) -> str:
    """The same with TensorStore."""
    driver = "zarr3" if volume.zarr_format == 3 else "zarr"
    return (
        "import tensorstore\n\nimage = tensorstore.open(\n"
        f'    {{"driver": "{driver}", "kvstore": "{_level_url(version, volume, data_url)}/"}}, read=True\n).result()\n'
        f"middle = image[{_middle_index(volume)}].read().result()\n"
    )


def neuroglancer_text(version: DatasetVersion, volume: Volume, data_url: str) -> str:
    """The source of a Neuroglancer layer."""
    return source_url(volume, version, data_url)


def curl_text(version: DatasetVersion, volume: Volume, data_url: str) -> str:
    """The metadata of the image and, where one is sure to be there and small, its first chunk."""
    image = f"{data_url}{version}/{quote(volume.path)}"
    text = f'curl --fail --remote-name "{image}/{"zarr.json" if volume.zarr_format == 3 else ".zattrs"}"'
    # Zarr v2 keys depend on a separator that is not in the record; empty chunks of labels are often not stored.
    if volume.zarr_format == 3 and volume.kind not in LABEL_KINDS and not volume.levels[0]["shard_shape"]:
        chunk = "/".join(["c"] + ["0"] * len(volume.axes))
        text += f'\ncurl --fail --output first-chunk "{_level_url(version, volume, data_url)}/{chunk}"'
    return text


def napari_text(version: DatasetVersion, volume: Volume, data_url: str) -> str:
    """Python that shows all levels in napari, in nanometres, with the stored contrast."""
    image = f"{data_url}{version}/{quote(volume.path)}"
    paths = ", ".join(f'"{quote(level["path"])}"' for level in volume.levels)
    scale_nm = volume.levels[0]["scale_nm"]
    scale = ", ".join(f"{scale_nm.get(axis, 1):.10g}" for axis in volume.axes)
    add = "add_labels" if volume.kind in LABEL_KINDS else "add_image"
    contrast = ""
    if volume.kind not in LABEL_KINDS and volume.contrast_low is not None and volume.contrast_high is not None:
        contrast = f", contrast_limits=({volume.contrast_low:.10g}, {volume.contrast_high:.10g})"
    return (
        f'import dask.array\nimport napari\n\nimage = "{image}"\n'
        f'levels = [dask.array.from_zarr(f"{{image}}/{{level}}") for level in ({paths},)]\nviewer = napari.Viewer()\n'
        f"viewer.{add}(levels, multiscale=True, scale=({scale}){contrast})\nnapari.run()\n"
    )


def fiji_text(version: DatasetVersion, volume: Volume, data_url: str) -> str:
    """The address to paste into Fiji's importer."""
    return f"{data_url}{version}/{quote(volume.path)}"


def _level_url(version: DatasetVersion, volume: Volume, data_url: str) -> str:
    return f"{data_url}{version}/{quote(volume.path)}/{quote(volume.levels[0]['path'])}"


def _middle_index(volume: Volume) -> str:
    """The index of one slice: the middle of z, the first of time and channel."""
    shape = dict(zip(volume.axes, volume.levels[0]["shape"], strict=True))
    index = [":" if axis in "xy" else str(shape[axis] // 2) if axis == "z" else "0" for axis in volume.axes]
    while index and index[-1] == ":":
        index.pop()
    return ", ".join(index) or "..."
