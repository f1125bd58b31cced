"""How to open a dataset with tools people have, as commands to copy. Tests run them as they stand."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from datasets.catalogue.models import DatasetVersion, Volume
from datasets.catalogue.neuroglancer_links import source_url


@dataclass(frozen=True)
class OpeningCommand:
    """One way in: the tool, what it needs, and the text to copy."""

    identifier: str
    tool: str
    needs: str
    text: str


def opening_commands(version: DatasetVersion, volume: Volume, *, data_url: str) -> tuple[OpeningCommand, ...]:
    """The ways to open ``volume``; ``data_url`` is the absolute address of the data plane, ending in ``/data/``."""
    image = f"{data_url}{version}/{quote(volume.path)}"
    finest = f"{image}/{quote(volume.levels[0]['path'])}"
    axes = ", ".join(volume.axes)
    shape = tuple(volume.levels[0]["shape"])
    driver = f"zarr{volume.zarr_format}" if volume.zarr_format == 3 else "zarr"
    metadata = "zarr.json" if volume.zarr_format == 3 else ".zattrs"
    return (
        OpeningCommand(
            "open-zarr",
            "Python: zarr",
            "pip install zarr aiohttp requests",
            f'import zarr\n\nimage = zarr.open("{finest}", mode="r")\n'
            f"print(image.shape)  # {shape}, axes {axes}\nmiddle = image[{shape[0] // 2}]\n",
        ),
        OpeningCommand(
            "open-tensorstore",
            "Python: TensorStore",
            "pip install tensorstore",
            "import tensorstore\n\nimage = tensorstore.open(\n"
            f'    {{"driver": "{driver}", "kvstore": "{finest}/"}}, read=True\n).result()\n'
            f"middle = image[{shape[0] // 2}].read().result()\n",
        ),
        OpeningCommand(
            "open-neuroglancer",
            "Neuroglancer",
            "paste it as the source of a new layer",
            source_url(volume, version, data_url),
        ),
        OpeningCommand(
            "open-curl",
            "curl",
            "the description of the image; its chunks lie beside it",
            f'curl --fail --remote-name "{image}/{metadata}"'
            + (
                f'\ncurl --fail --output first-chunk "{finest}/{"/".join(["c"] + ["0"] * len(volume.axes))}"'
                if volume.zarr_format == 3
                else ""
            ),
        ),
    )
